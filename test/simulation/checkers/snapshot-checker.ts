import { ElementKind } from '../../../core/internal.js';
import type { Flow } from '../observed-channels.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';

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
    const mayBeMissing = !isWriter && (dataEnded || this.#mayOvertake);
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
