import { ElementKind, type TaskReport } from '../../../core/internal.js';
import type { Flow } from '../observed-channels.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';

/** Of sums of times, ms. */
const ROUNDING_MS = 1e-6;

/** One end of a channel. */
interface End {
  readonly flow: Flow;
  readonly isWriter: boolean;
  /** The last barrier, and records before it. */
  barrier: number;
  before: number;
  /** No record follows. */
  dataEnded: boolean;
}

/**
 * A snapshot is a cut through the channels of its task: when it is taken, nothing that came after its barrier has been
 * read, and nothing that was written for such a thing stands behind the barrier that the task hands on.
 *
 * Fair: a snapshot ahead of barriers that are missing, where tasks may overtake, once the checkpoint is as old as it
 * shall be for that; all that comes until then is recorded.
 */
export class SnapshotChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #alignedTimeoutMs: number;
  readonly #readers: End[] = [];
  readonly #writers: End[] = [];
  readonly #ofTasks: End[][] = [];

  /** `alignedTimeoutMs`: so long tasks wait for all barriers of a checkpoint; Infinity: for ever. */
  constructor(verdict: WorldVerdict, alignedTimeoutMs: number) {
    this.#verdict = verdict;
    this.#alignedTimeoutMs = alignedTimeoutMs;
  }

  onChannelOpened(flow: Flow, task: number, isWriter: boolean): void {
    const end = { flow, isWriter, barrier: 0, before: 0, dataEnded: false };
    (isWriter ? this.#writers : this.#readers)[flow.channel] = end;
    const ends = this.#ofTasks[task];
    if (ends === undefined) this.#ofTasks[task] = [end];
    else ends.push(end);
  }

  onElementWritten({ channel, written }: Flow, kind: ElementKind, value: number): void {
    onElement(this.#writers[channel], kind, value, written);
  }

  onElementRead({ channel, read }: Flow, kind: ElementKind, value: number): void {
    onElement(this.#readers[channel], kind, value, read);
  }

  onTaskReported(_task: number, report: TaskReport): void {
    if (report.type !== 'checkpoint-acknowledged' || !report.metrics.unaligned) return;
    const { startDelayMs, alignmentMs } = report.metrics;
    const ageMs = startDelayMs + alignmentMs;
    this.#verdict.check(
      ageMs >= this.#alignedTimeoutMs - ROUNDING_MS,
      () =>
        `Checkpoint ${report.checkpointId} overtakes after ${ageMs} ms, and may after ${this.#alignedTimeoutMs}.`,
    );
  }

  onEvent({ name, values }: TraceEvent): void {
    if (name !== 'task.snapshot-taken') return;
    const id = Number(values.checkpointId);
    for (const end of this.#ofTasks[Number(values.task)] ?? []) this.#check(end, id);
  }

  #check({ flow, barrier, before, dataEnded, isWriter }: End, id: number): void {
    if (barrier === id) {
      const since = (isWriter ? flow.written : flow.read) - before;
      this.#verdict.check(
        since === 0,
        () => `The snapshot of checkpoint ${id} holds ${since} records from after its barrier.`,
      );
      return;
    }
    const mayOvertake = this.#alignedTimeoutMs !== Number.POSITIVE_INFINITY;
    const mayBeMissing = !isWriter && (dataEnded || mayOvertake);
    this.#verdict.check(
      mayBeMissing && barrier < id,
      () => `The snapshot of checkpoint ${id} is taken at barrier ${barrier} of a channel.`,
    );
  }
}

function onElement(end: End | undefined, kind: ElementKind, value: number, before: number): void {
  if (end === undefined) return;
  if (kind === ElementKind.END_OF_DATA) end.dataEnded = true;
  if (kind !== ElementKind.BARRIER) return;
  end.barrier = value;
  end.before = before;
}
