import type { PlannedFault } from './planned-fault.js';
import type { ResultMoment } from './result-journal.js';

/** Where an attempt of the job began. */
export interface Recovery {
  readonly turn: number;
  /** It went on from this one; undefined: from the beginning. */
  readonly checkpoint: string | undefined;
}

interface HistoryLine {
  readonly turn: number;
  readonly name: string;
  readonly text: string;
}

/** The job went on at another parallelism. */
export interface Rescaling {
  readonly turn: number;
  /** Of each vertex. */
  readonly parallelisms: readonly number[];
}

interface TaskCheckpoint {
  readonly turn: number;
  /** Of a snapshot `2/1`, the vertex and the subtask; of a commit with the attempt: `p1.0 2/1`. */
  readonly task: string;
  readonly checkpoint: number;
}

type Done = Pick<PlannedFault, 'turn'> & { readonly kind: string };

/** What matters of a run to who wants to know why its results are wrong. In the order in which it happened. */
export class RunHistory {
  readonly faults: Done[] = [];
  /** Without the first attempt of all. */
  readonly recoveries: Recovery[] = [];
  /** What attempts failed of, without what faults have done to them. */
  readonly errors: string[] = [];
  readonly rescalings: Rescaling[] = [];
  checkpoints = 0;
  readonly #snapshots: TaskCheckpoint[] = [];
  readonly #commits: TaskCheckpoint[] = [];
  readonly #leaders: { readonly turn: number; readonly process: number }[] = [];
  #rescaling: Rescaling | undefined;
  /** The task that did something last, and when. */
  #task: { readonly turn: number; readonly name: string } | undefined;
  #attempts = 0;

  onLine({ turn, name, text }: HistoryLine): void {
    if (name === 'task.snapshot-taken') this.#onSnapshotTaken(turn, text);
    else if (name.startsWith('task.')) this.#onTask(turn, text);
    else if (name === 'process.leads') this.#leaders.push({ turn, process: processOf(text) });
    else if (name === 'job.rescale') this.#onRescale(turn, text);
    else if (name === 'rescale.granted') this.#onRescaleGranted();
    else if (name.startsWith('fault.')) this.faults.push({ turn, kind: name.slice('fault.'.length) });
    else if (name === 'checkpoint.completed') this.checkpoints++;
    else if (name === 'job.attempt-deployed') this.#onDeployed(turn, text);
    else if (name === 'job.attempt-failed') this.#onFailed(text);
  }

  /** The task that ran in this turn. */
  taskAt(turn: number): string | undefined {
    return this.#task?.turn === turn ? this.#task.name : undefined;
  }

  /** Another process had taken over by then from the one whose task this is. */
  isOvertaken({ turn, task }: ResultMoment): boolean {
    if (task === undefined) return false;
    const process = processOf(task);
    return this.#leaders.some((leader) => leader.turn <= turn && leader.process > process);
  }

  /**
   * Whether the checkpoint that a recovery went on from holds what was shown then; undefined: nobody can tell.
   *
   * @param commits whether what shows it has a committer
   */
  isHeld(moment: ResultMoment, recovery: Recovery, commits: boolean): boolean | undefined {
    const { turn: until, checkpoint } = recovery;
    const { turn, task } = moment;
    if (task === undefined || checkpoint === undefined || this.isOvertaken(moment)) return undefined;
    const subtask = task.slice(task.indexOf(' ') + 1);
    const taken = this.#snapshots.findLast(
      (each) => each.turn <= until && each.task === subtask && each.checkpoint === Number(checkpoint),
    );
    if (taken === undefined) return undefined;
    if (turn > taken.turn) {
      const commit = this.#commits.find((each) => each.turn === turn && each.task === task);
      if (!commits || commit === undefined) return false;
      const hasSnapshot = this.#snapshots.some((each) => each.turn === turn && each.task === subtask);
      return commit.checkpoint <= taken.checkpoint && !hasSnapshot ? true : undefined;
    }
    // What began again before the snapshot may not have come so far.
    const before = this.recoveries.find((each) => each.turn > turn && each.turn <= taken.turn);
    return before === undefined || this.isHeld(moment, before, commits) === true ? true : undefined;
  }

  #onTask(turn: number, text: string): void {
    const [process = '', subtask = '', what, checkpoint] = text.split(' ', 4);
    const task = `${process} ${subtask}`;
    this.#task = { turn, name: task };
    if (what === 'checkpoint-completed') this.#commits.push({ turn, task, checkpoint: Number(checkpoint) });
  }

  #onSnapshotTaken(turn: number, text: string): void {
    const [, vertex, subtask, checkpoint] =
      /\bvertexId=(\d+) subtask=(\d+) checkpointId=(\d+)/.exec(text) ?? [];
    this.#snapshots.push({ turn, task: `${vertex}/${subtask}`, checkpoint: Number(checkpoint) });
  }

  #onRescale(turn: number, text: string): void {
    this.#rescaling = { turn, parallelisms: text.split(' ').slice(1).map(Number) };
  }

  #onRescaleGranted(): void {
    if (this.#rescaling !== undefined) this.rescalings.push(this.#rescaling);
    this.#rescaling = undefined;
  }

  #onDeployed(turn: number, text: string): void {
    if (this.#attempts++ === 0) return;
    this.recoveries.push({ turn, checkpoint: /\brestored=(\S+)/.exec(text)?.[1] });
  }

  #onFailed(text: string): void {
    const [, code, what, operator] = /\bcode=(\S+) what=(.*?)(?: operator=(.*))?$/s.exec(text) ?? [];
    if (code === undefined || code === 'MR5003' || code === 'MR5015') return;
    this.errors.push(`${code}${operator === undefined ? '' : ` in ${operator}`}: ${what}`);
  }
}

/** `p2 epoch=5`, `p2.0 1/1`: 2. */
function processOf(text: string): number {
  return Number.parseInt(text.slice(1), 10);
}
