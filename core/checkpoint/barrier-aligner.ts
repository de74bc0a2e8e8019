import { invariant } from '../base/invariant.js';

/** What an event of a channel means for the checkpoint in alignment. */
export const Alignment = {
  /** Nothing to do: an old barrier, or more barriers are awaited. */
  NONE: 0,
  /**
   * Every open channel has delivered: take the snapshot now. Channels stay blocked until
   * {@link BarrierAligner.release}.
   */
  ALIGNED: 1,
} as const;

export type Alignment = (typeof Alignment)[keyof typeof Alignment];

/**
 * Aligns the barriers of one checkpoint over the channels of a task (exactly once), or only counts them
 * (at least once: no channel is ever blocked).
 *
 * Invariants:
 * - checkpoint ids that begin an alignment strictly grow; barriers of older or ended ones change nothing;
 * - a channel is blocked only while its barrier of the current checkpoint has arrived and the alignment
 *   has not been released;
 * - a checkpoint is aligned when every channel has delivered its barrier or has closed;
 * - a newer barrier ends an older alignment: all its channels are unblocked, and `subsumed` tells its id.
 */
export class BarrierAligner {
  readonly #blocks: boolean;
  readonly #delivered: boolean[];
  readonly #closed: boolean[];
  #awaited = 0;
  #currentId = -1;
  #pending = false;
  #released = true;
  #closedCount = 0;
  /** Id of the checkpoint that the last barrier ended before it was aligned, or -1. Read and reset by the task. */
  subsumed = -1;

  constructor(channels: number, exactlyOnce: boolean) {
    this.#blocks = exactlyOnce;
    this.#delivered = new Array<boolean>(channels).fill(false);
    this.#closed = new Array<boolean>(channels).fill(false);
  }

  /** Id of the checkpoint begun last; -1 before the first. */
  get currentCheckpointId(): number {
    return this.#currentId;
  }

  /** True from the first barrier until the last, for the alignment time. */
  get isPending(): boolean {
    return this.#pending;
  }

  get allClosed(): boolean {
    return this.#closedCount === this.#closed.length;
  }

  isBlocked(channel: number): boolean {
    return this.#blocks && !this.#released && this.#delivered[channel] === true;
  }

  onBarrier(channel: number, checkpointId: number): Alignment {
    invariant(this.#closed[channel] === false, 'a closed channel delivers no barrier', {
      channel,
      checkpointId,
    });
    if (checkpointId < this.#currentId || (checkpointId === this.#currentId && !this.#pending)) {
      return Alignment.NONE;
    }
    if (checkpointId > this.#currentId) this.#begin(checkpointId);
    invariant(this.#delivered[channel] === false, 'a channel delivers a barrier once', {
      channel,
      checkpointId,
    });
    this.#delivered[channel] = true;
    this.#awaited--;
    return this.#alignedIfComplete();
  }

  /** The channel has ended; nothing follows on it. It counts as aligned from now on. */
  onClosed(channel: number): Alignment {
    if (this.#closed[channel] === true) return Alignment.NONE;
    this.#closed[channel] = true;
    this.#closedCount++;
    if (!this.#pending || this.#delivered[channel] === true) return Alignment.NONE;
    this.#awaited--;
    return this.#alignedIfComplete();
  }

  /** Without channels (a source, or all closed): the checkpoint begins and is aligned at once. False if it is old. */
  onTrigger(checkpointId: number): boolean {
    invariant(this.allClosed, 'only a task without open inputs is triggered directly', { checkpointId });
    if (checkpointId <= this.#currentId) return false;
    this.#begin(checkpointId);
    return this.#alignedIfComplete() === Alignment.ALIGNED;
  }

  /** The checkpoint is aborted: its channels are unblocked, its later barriers ignored. */
  abort(checkpointId: number): void {
    if (checkpointId < this.#currentId) return;
    if (checkpointId > this.#currentId) this.#currentId = checkpointId;
    this.#pending = false;
    this.#released = true;
  }

  /** The snapshot of the aligned checkpoint is taken: records flow again. */
  release(): void {
    invariant(!this.#pending, 'released only after alignment', { checkpointId: this.#currentId });
    this.#released = true;
  }

  #begin(checkpointId: number): void {
    if (this.#pending) this.subsumed = this.#currentId;
    this.#currentId = checkpointId;
    this.#pending = true;
    this.#released = false;
    this.#delivered.fill(false);
    this.#awaited = this.#closed.length - this.#closedCount;
  }

  #alignedIfComplete(): Alignment {
    invariant(this.#awaited >= 0, 'no more barriers than channels', { awaited: this.#awaited });
    if (this.#awaited > 0) return Alignment.NONE;
    this.#pending = false;
    return Alignment.ALIGNED;
  }
}
