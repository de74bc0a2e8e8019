import type { AttemptDescription, TaskAddress, TaskEvent, TaskReport } from '../../../core/internal.js';
import { dataKeyOrigin } from '../../../storage/checkpoint/checkpoint-paths.js';
import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';
import type { JobLog } from './job-log.js';

/** What a leader copies before its first attempt, to begin from that. */
const BEFORE_ALL: ReadonlySet<number> = new Set([0]);

/** A task as it is known from outside. */
interface SeenTask {
  readonly process: string;
  readonly address: TaskAddress;
  /** Of which it has told that its part is stored. */
  readonly acknowledged: Set<number>;
  /** Nothing of it runs any more. */
  hasLeft: boolean;
  /** It has told that it has nothing more to do. */
  finished: boolean;
}

/**
 * At most one attempt at each task lives in a process, and no message of an old one has effect: who has exited says
 * nothing any more; a checkpoint is stored when each task that lives has acknowledged it; of the files that were
 * written for it, it names those of attempts that lived when they told of them, and of others only what completed
 * checkpoints have named.
 */
export class AttemptChecker implements WorldListener {
  readonly #log: JobLog;
  readonly #verdict: WorldVerdict;
  /** Those of whose exit nothing has been heard, and that no other has replaced. */
  readonly #living = new Map<number, SeenTask>();
  /** Those that others have replaced before that. */
  readonly #late = new Set<number>();
  /** By process: the graph that it runs. */
  readonly #graphs = new Map<string, string>();
  /** By process: its epoch. */
  readonly #epochs = new Map<string, number>();
  /** By process and checkpoint: the attempts whose tasks have acknowledged it while they lived. */
  readonly #acknowledged = new Map<string, Set<number>>();
  /** The same by epoch and checkpoint, where it was stored. */
  readonly #attempts = new Map<string, ReadonlySet<number>>();
  /** Data files that completed checkpoints have named. */
  readonly #named = new Set<string>();

  constructor(log: JobLog, verdict: WorldVerdict) {
    this.#log = log;
    this.#verdict = verdict;
  }

  onRegionLaunched(process: string, { graph, region }: AttemptDescription): void {
    const isAlike = this.#graphs.get(process) === graph.fingerprint;
    this.#graphs.set(process, graph.fingerprint);
    for (const [task, seen] of this.#living) {
      const { vertexId, subtask } = seen.address;
      const isReplaced = !isAlike || region.subtasks[vertexId]?.[subtask] === true;
      if (seen.process !== process || !seen.hasLeft || !isReplaced) continue;
      this.#living.delete(task);
      this.#late.add(task);
    }
  }

  onTaskPlaced(task: number, process: string, address: TaskAddress): void {
    for (const other of this.#living.values())
      if (other.process === process && isSameSubtask(other.address, address))
        this.#verdict.fail(
          'wrong',
          `A task of attempt ${address.attempt} begins beside that of ${other.address.attempt}.`,
        );
    this.#living.set(task, { process, address, acknowledged: new Set(), hasLeft: false, finished: false });
  }

  onTaskTold(task: number, event: TaskEvent): void {
    const seen = this.#living.get(task);
    if (seen === undefined && !this.#late.has(task))
      this.#verdict.fail('wrong', `A task says '${event.type}' after its exit.`);
    if (event.type === 'exited') {
      this.#living.delete(task);
      this.#late.delete(task);
    } else if (seen !== undefined) this.#onReport(seen, event.report);
  }

  onTaskLeft(task: number): void {
    const seen = this.#living.get(task);
    if (seen !== undefined) seen.hasLeft = true;
  }

  onTaskVanished(task: number): void {
    this.#living.delete(task);
    this.#late.delete(task);
  }

  onEvent({ name, values }: TraceEvent): void {
    if (name === 'process.leads') this.#epochs.set(`p${values.process}`, Number(values.epoch));
    if (name === 'checkpoint.storing') this.#onStoring(`p${values.process}`, Number(values.checkpointId));
  }

  onFileNamed(path: string, file: FileView): void {
    const slot = this.#log.slotAt(path, file);
    if (slot === undefined || slot.head.kind !== 'checkpoint') return;
    const { epoch, newestCheckpointId } = slot.head;
    const attempts = this.#attempts.get(`${epoch} ${newestCheckpointId}`) ?? BEFORE_ALL;
    for (const key of slot.keys) {
      const origin = dataKeyOrigin(key);
      const isOwn =
        origin?.checkpointId === newestCheckpointId && origin.epoch === epoch && attempts.has(attemptOf(key));
      this.#verdict.check(
        isOwn || this.#named.has(key) || key.startsWith('claimed/'),
        () => `Checkpoint ${newestCheckpointId} of epoch ${epoch} names ${key}, which is of another attempt.`,
      );
      this.#named.add(key);
    }
  }

  #onReport(seen: SeenTask, report: TaskReport): void {
    if (report.type === 'finished') seen.finished = true;
    if (report.type !== 'checkpoint-acknowledged') return;
    seen.acknowledged.add(report.checkpointId);
    const name = `${seen.process} ${report.checkpointId}`;
    const attempts = this.#acknowledged.get(name) ?? new Set();
    this.#acknowledged.set(name, attempts.add(seen.address.attempt));
  }

  /** Who had acknowledged it may be gone by now. */
  #onStoring(process: string, checkpointId: number): void {
    for (const task of this.#living.values()) {
      if (task.process !== process) continue;
      this.#verdict.check(
        task.finished || task.acknowledged.has(checkpointId),
        () =>
          `Checkpoint ${checkpointId} is stored, and a task of attempt ${task.address.attempt} has not acknowledged it.`,
      );
    }
    const attempts = this.#acknowledged.get(`${process} ${checkpointId}`) ?? new Set();
    this.#attempts.set(`${this.#epochs.get(process)} ${checkpointId}`, attempts);
  }
}

function isSameSubtask(one: TaskAddress, other: TaskAddress): boolean {
  return one.vertexId === other.vertexId && one.subtask === other.subtask;
}

function attemptOf(key: string): number {
  return Number(/^data\/\d+-\d+-(\d+)-/.exec(key)?.[1]);
}
