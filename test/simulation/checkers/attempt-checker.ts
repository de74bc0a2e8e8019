import type { TaskAddress, TaskEvent, TaskReport } from '../../../core/internal.js';
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
  /** Of its subtask. */
  readonly place: string;
  readonly attempt: number;
  /** Of which it has told that its part is stored. */
  readonly acknowledged: Set<number>;
  /** It has told that it has nothing more to do. */
  finished: boolean;
}

/**
 * No message of an old attempt has effect. A checkpoint is stored when each task that lives has acknowledged it; of the
 * files that were written for it, it names those of attempts that live or have ended well, and of others only what
 * completed checkpoints have named. Who has exited says nothing any more.
 */
export class AttemptChecker implements WorldListener {
  readonly #log: JobLog;
  readonly #verdict: WorldVerdict;
  /** Those that have not exited. */
  readonly #living = new Map<number, SeenTask>();
  /** The last one in each place that has exited with nothing more to do. */
  readonly #finished = new Map<string, SeenTask>();
  /** By process: its epoch. */
  readonly #epochs = new Map<string, number>();
  /** By epoch and checkpoint: the attempts that lived when it was stored. */
  readonly #attempts = new Map<string, ReadonlySet<number>>();
  /** Data files that completed checkpoints have named. */
  readonly #named = new Set<string>();

  constructor(log: JobLog, verdict: WorldVerdict) {
    this.#log = log;
    this.#verdict = verdict;
  }

  onTaskPlaced(task: number, process: string, { attempt, vertexId, subtask }: TaskAddress): void {
    const place = `${process} ${vertexId}/${subtask}`;
    this.#finished.delete(place);
    this.#living.set(task, { process, place, attempt, acknowledged: new Set(), finished: false });
  }

  onTaskTold(task: number, event: TaskEvent): void {
    const seen = this.#living.get(task);
    if (seen === undefined) this.#verdict.fail('wrong', `A task says '${event.type}' after its exit.`);
    if (event.type === 'report' && seen !== undefined) onReport(seen, event.report);
    if (event.type !== 'exited') return;
    this.#living.delete(task);
    if (seen?.finished === true) this.#finished.set(seen.place, seen);
  }

  onTaskVanished(task: number): void {
    this.#living.delete(task);
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

  #onStoring(process: string, checkpointId: number): void {
    const attempts = new Set<number>();
    for (const task of this.#finished.values()) if (task.process === process) attempts.add(task.attempt);
    for (const task of this.#living.values()) {
      if (task.process !== process) continue;
      attempts.add(task.attempt);
      this.#verdict.check(
        task.finished || task.acknowledged.has(checkpointId),
        () =>
          `Checkpoint ${checkpointId} is stored, and a task of attempt ${task.attempt} has not acknowledged it.`,
      );
    }
    this.#attempts.set(`${this.#epochs.get(process)} ${checkpointId}`, attempts);
  }
}

function onReport(seen: SeenTask, report: TaskReport): void {
  if (report.type === 'checkpoint-acknowledged') seen.acknowledged.add(report.checkpointId);
  if (report.type === 'finished') seen.finished = true;
}

function attemptOf(key: string): number {
  return Number(/^data\/\d+-\d+-(\d+)-/.exec(key)?.[1]);
}
