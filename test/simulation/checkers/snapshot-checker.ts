import { ElementKind } from '../../../core/internal.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';

/** One end of a channel. */
interface End {
  readonly channel: number;
  readonly isWriter: boolean;
  /** The last barrier, and records after it. */
  barrier: number;
  since: number;
  /** No record follows. */
  dataEnded: boolean;
}

/**
 * A snapshot is a cut through the channels of its task: when it is taken, nothing that came after its barrier has been
 * read, and nothing that was written for such a thing stands behind the barrier that the task hands on.
 *
 * Fair: a snapshot ahead of barriers that are missing, where tasks may overtake; all that comes until then is recorded.
 */
export class SnapshotChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #mayOvertake: boolean;
  readonly #readers: End[] = [];
  readonly #writers: End[] = [];
  readonly #ofTasks: End[][] = [];

  /** `mayOvertake`: tasks do not wait for all barriers of a checkpoint. */
  constructor(verdict: WorldVerdict, mayOvertake: boolean) {
    this.#verdict = verdict;
    this.#mayOvertake = mayOvertake;
  }

  onChannelOpened(channel: number, task: number, isWriter: boolean): void {
    const end = { channel, isWriter, barrier: 0, since: 0, dataEnded: false };
    (isWriter ? this.#writers : this.#readers)[channel] = end;
    const ends = this.#ofTasks[task];
    if (ends === undefined) this.#ofTasks[task] = [end];
    else ends.push(end);
  }

  onRecordWritten(channel: number): void {
    const end = this.#writers[channel];
    if (end !== undefined) end.since++;
  }

  onRecordRead(channel: number): void {
    const end = this.#readers[channel];
    if (end !== undefined) end.since++;
  }

  onElementWritten(channel: number, kind: ElementKind, value: number): void {
    onElement(this.#writers[channel], kind, value);
  }

  onElementRead(channel: number, kind: ElementKind, value: number): void {
    onElement(this.#readers[channel], kind, value);
  }

  onEvent({ name, values }: TraceEvent): void {
    if (name !== 'task.snapshot-taken') return;
    const id = Number(values.checkpointId);
    for (const end of this.#ofTasks[Number(values.task)] ?? []) this.#check(end, id);
  }

  #check({ barrier, since, dataEnded, isWriter }: End, id: number): void {
    if (barrier === id) {
      this.#verdict.check(
        since === 0,
        () => `The snapshot of checkpoint ${id} holds ${since} records from after its barrier.`,
      );
      return;
    }
    const mayBeMissing = !isWriter && (dataEnded || this.#mayOvertake);
    this.#verdict.check(
      mayBeMissing && barrier < id,
      () => `The snapshot of checkpoint ${id} is taken at barrier ${barrier} of a channel.`,
    );
  }
}

function onElement(end: End | undefined, kind: ElementKind, value: number): void {
  if (end === undefined) return;
  if (kind === ElementKind.END_OF_DATA) end.dataEnded = true;
  if (kind !== ElementKind.BARRIER) return;
  end.barrier = value;
  end.since = 0;
}
