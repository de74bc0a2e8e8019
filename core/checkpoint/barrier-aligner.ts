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
 * (at least once: no channel is ever blocked). Where channels may be overtaken, the snapshot need not wait for
 * their barriers: it may be taken as soon as the others have delivered, and what lies ahead of the barriers that
 * are missing then belongs to the checkpoint.
 *
 * Invariants:
 * - checkpoint ids that begin an alignment strictly grow; barriers of older or ended ones change nothing;
 * - a channel is blocked only while its barrier of the current checkpoint has arrived and the alignment
 *   has not been released;
 * - a checkpoint is aligned when every channel has delivered its barrier or has closed;
 * - a newer barrier ends an older alignment: all its channels are unblocked, and `subsumed` tells its id;
 * - a snapshot overtakes only channels that may be overtaken, never for a savepoint, and only once its time has
 *   come; at its release it is told which it has overtaken.
 */
export class BarrierAligner {
  readonly #blocks: boolean;
  readonly #mayBeOvertaken: readonly boolean[];
  readonly #delivered: boolean[];
  readonly #closed: boolean[];
  #awaited = 0;
  /** Of the awaited ones, those that may not be overtaken. */
  #awaitedInOrder = 0;
  /** The pending checkpoint is one that may overtake, as soon as its time comes. */
  #mayOvertake = false;
  #isDue = false;
  #currentId = -1;
  #pending = false;
  #released = true;
  #closedCount = 0;
  /** Id of the checkpoint that the last barrier ended before it was aligned, or -1. Read and reset by the task. */
  subsumed = -1;

  /** `mayBeOvertaken`: by channel; none when left out. */
  constructor(channels: number, exactlyOnce: boolean, mayBeOvertaken: readonly boolean[] = []) {
    this.#blocks = exactlyOnce;
    this.#mayBeOvertaken = mayBeOvertaken;
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

  /**
   * True: the snapshot of the pending checkpoint is to be taken now, ahead of barriers that are missing. It stays
   * true until it is {@link overtake}n, aligned or over.
   */
  get overtakes(): boolean {
    return this.#pending && this.#mayOvertake && this.#isDue && this.#awaitedInOrder === 0;
  }

  onBarrier(channel: number, checkpointId: number, isSavepoint = false): Alignment {
    invariant(this.#closed[channel] === false, 'a closed channel delivers no barrier', {
      channel,
      checkpointId,
    });
    if (checkpointId < this.#currentId || (checkpointId === this.#currentId && !this.#pending)) {
      return Alignment.NONE;
    }
    if (checkpointId > this.#currentId) this.#begin(checkpointId, isSavepoint);
    invariant(this.#delivered[channel] === false, 'a channel delivers a barrier once', {
      channel,
      checkpointId,
    });
    this.#delivered[channel] = true;
    this.#arrived(channel);
    return this.#alignedIfComplete();
  }

  /** Barriers of the checkpoint are on their way. False if it is old, or has been begun. */
  onAnnounced(checkpointId: number, isSavepoint: boolean): boolean {
    if (checkpointId <= this.#currentId) return false;
    this.#begin(checkpointId, isSavepoint);
    return true;
  }

  /** The pending checkpoint has waited for its barriers for as long as it shall. */
  onDue(): void {
    this.#isDue = true;
  }

  /** The snapshot is taken ahead of the barriers that are missing; {@link release} tells whose. */
  overtake(): void {
    invariant(this.overtakes, 'a snapshot overtakes only where it may', { checkpointId: this.#currentId });
    this.#pending = false;
  }

  /** The channel has ended; nothing follows on it. It counts as aligned from now on. */
  onClosed(channel: number): Alignment {
    if (this.#closed[channel] === true) return Alignment.NONE;
    this.#closed[channel] = true;
    this.#closedCount++;
    if (!this.#pending || this.#delivered[channel] === true) return Alignment.NONE;
    this.#arrived(channel);
    return this.#alignedIfComplete();
  }

  /** Without channels (a source, or all closed): the checkpoint begins and is aligned at once. False if it is old. */
  onTrigger(checkpointId: number): boolean {
    invariant(this.allClosed, 'only a task without open inputs is triggered directly', { checkpointId });
    if (checkpointId <= this.#currentId) return false;
    this.#begin(checkpointId, false);
    return this.#alignedIfComplete() === Alignment.ALIGNED;
  }

  /** The checkpoint is aborted: its channels are unblocked, its later barriers ignored. */
  abort(checkpointId: number): void {
    if (checkpointId < this.#currentId) return;
    if (checkpointId > this.#currentId) this.#currentId = checkpointId;
    this.#pending = false;
    this.#released = true;
  }

  /** The snapshot is taken: records flow again. Channels whose barrier is missing: it has overtaken them. */
  release(): readonly number[] {
    invariant(!this.#pending, 'released only after alignment', { checkpointId: this.#currentId });
    this.#released = true;
    const overtaken: number[] = [];
    if (!this.#mayOvertake) return overtaken;
    this.#delivered.forEach((delivered, channel) => {
      if (!delivered && this.#closed[channel] === false) overtaken.push(channel);
    });
    return overtaken;
  }

  #begin(checkpointId: number, isSavepoint: boolean): void {
    if (this.#pending) this.subsumed = this.#currentId;
    this.#currentId = checkpointId;
    this.#pending = true;
    this.#released = false;
    this.#delivered.fill(false);
    this.#awaited = this.#closed.length - this.#closedCount;
    this.#mayOvertake = this.#mayBeOvertaken.includes(true) && !isSavepoint;
    this.#isDue = false;
    this.#awaitedInOrder = this.#closed.filter(
      (closed, channel) => !closed && this.#mayBeOvertaken[channel] !== true,
    ).length;
  }

  #arrived(channel: number): void {
    this.#awaited--;
    if (this.#mayBeOvertaken[channel] !== true) this.#awaitedInOrder--;
  }

  #alignedIfComplete(): Alignment {
    invariant(this.#awaited >= 0, 'no more barriers than channels', { awaited: this.#awaited });
    if (this.#awaited > 0) return Alignment.NONE;
    this.#pending = false;
    return Alignment.ALIGNED;
  }
}
