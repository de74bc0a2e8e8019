import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';

/**
 * Follows the checkpoints of a job over all its processes.
 *
 * What must hold: ids of completed checkpoints strictly grow; none completes after it was aborted; an
 * attempt of the leader begins from the newest completed one; what an older leader says to be complete after
 * it was replaced is no newer than what its successor began from.
 */
export class CheckpointChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #mayDecline: boolean;
  readonly #aborted = new Set<string>();
  #newest = 0;
  /** The process of the greatest epoch; one that was paused while it took the lead may say so late. */
  #leader = 0;
  #epoch = 0;
  /** What the leader began from. */
  #inherited = 0;
  completed = 0;
  /** Attempts that began from a checkpoint. */
  restores = 0;

  /** `mayDecline`: the job has state that is lost with a part of its subtasks. */
  constructor(verdict: WorldVerdict, mayDecline: boolean) {
    this.#verdict = verdict;
    this.#mayDecline = mayDecline;
  }

  isLeader(process: number): boolean {
    return process === this.#leader;
  }

  onEvent({ name, values }: TraceEvent): void {
    const process = Number(values.process);
    const id = Number(values.checkpointId);
    switch (name) {
      case 'process.leads':
        if (Number(values.epoch) > this.#epoch) this.#onLeader(process, Number(values.restored));
        this.#epoch = Math.max(this.#epoch, Number(values.epoch));
        break;
      case 'checkpoint.completed':
        this.#onCompleted(process, id);
        break;
      case 'checkpoint.aborted':
        this.#aborted.add(`${process} ${id}`);
        this.#verdict.check(
          this.#mayDecline || values.reason !== 'CHECKPOINT_DECLINED_TASK_CLOSING',
          () => `Checkpoint ${id} is given up because a task has finished, though no state is lost by that.`,
        );
        break;
      case 'job.attempt-deployed':
        if (values.restored !== undefined) this.restores++;
        if (process === this.#leader) this.#checkNewest(Number(values.restored ?? 0));
        break;
      default:
    }
  }

  #onLeader(process: number, restored: number): void {
    this.#leader = process;
    this.#inherited = restored;
    this.#checkNewest(restored);
    this.#newest = restored;
  }

  #checkNewest(restored: number): void {
    this.#verdict.check(
      restored >= this.#newest,
      () => `The job goes on from checkpoint ${restored}, and ${this.#newest} is complete.`,
    );
  }

  #onCompleted(process: number, id: number): void {
    this.completed++;
    this.#verdict.check(
      !this.#aborted.has(`${process} ${id}`),
      () => `Checkpoint ${id} completes after its abort.`,
    );
    if (process === this.#leader) {
      this.#verdict.check(id > this.#newest, () => `Checkpoint ${id} completes after ${this.#newest}.`);
      this.#newest = id;
    } else {
      this.#verdict.check(
        id <= this.#inherited,
        () =>
          `Process ${process} completes checkpoint ${id}, though ${this.#leader} leads from ${this.#inherited}.`,
      );
    }
  }
}
