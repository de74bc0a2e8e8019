/** Bytes that may be put aside ahead of what snapshots write: a few of the memtable's chunks. */
const AHEAD_BYTES = 2 * 1024 * 1024;

/**
 * Keeps the tasks of a thread from running away from their snapshots. Where state has outgrown memory, records push
 * out chunks, of which snapshots need copies; a thread that is busy with that, and waits for the disk, would hardly
 * come to write the snapshot, which more and more is put aside for meanwhile.
 *
 * Invariants:
 * - `#aheadBytes` is what was put aside while a snapshot was being written, less what was written since, and never
 *   negative; it is 0 while none is being written;
 * - one waits at most, and not twice for one block: a snapshot that waits for its store itself, which may be away for
 *   minutes, holds nobody up.
 *
 * On the thread of the task. That waits between two steps, never in the middle of a record.
 */
export class SnapshotPace {
  #writing = 0;
  #aheadBytes = 0;
  #caughtUp: (() => void) | undefined = undefined;
  /** Somebody has waited since the last block was written. */
  #hasWaited = false;

  /** The writing of a snapshot begins. */
  begin(): void {
    this.#writing++;
  }

  /** It is written, or given up. */
  end(): void {
    this.#writing--;
    if (this.#writing === 0) this.#aheadBytes = 0;
    this.#wake();
  }

  putAside(bytes: number): void {
    if (this.#writing > 0) this.#aheadBytes += bytes;
  }

  wrote(bytes: number): void {
    this.#aheadBytes = Math.max(0, this.#aheadBytes - bytes);
    this.#hasWaited = false;
    this.#wake();
  }

  /** Whether snapshots should be let write before more is put aside. */
  get isBehind(): boolean {
    return this.#isAhead && !this.#hasWaited;
  }

  get #isAhead(): boolean {
    return this.#aheadBytes > AHEAD_BYTES;
  }

  /**
   * `then` is called once no more is put aside than they write, unless this is called again before. Who waits for that
   * waits for a while only.
   */
  onceCaughtUp(then: () => void): void {
    this.#caughtUp = then;
    this.#hasWaited = true;
    this.#wake();
  }

  #wake(): void {
    if (this.#isAhead) return;
    const then = this.#caughtUp;
    this.#caughtUp = undefined;
    then?.();
  }
}
