import { LINE_WORDS } from './ring-layout.js';

/**
 * How one task is woken by others: by those who publish to it, who give segments back to it, and who send
 * it mail.
 *
 * ```
 *   int32 word
 *     +0  rings     how often it was rung, modulo 2^32; what a waiter sleeps on
 *     +1  waiting   1 while its owner sleeps or is about to
 * ```
 *
 * No ring is lost. The owner takes a ticket (the count of rings), looks for work, and finding none sets
 * `waiting` and sleeps only if the count still equals the ticket. Who rings makes its work visible, raises
 * the count, and then looks at `waiting`. All four accesses are in one total order, so either the ringer
 * sees `waiting` and notifies, or the owner sees the raised count and does not sleep.
 */
export interface DoorbellHandle {
  readonly words: SharedArrayBuffer;
  /** First word of this doorbell. */
  readonly base: number;
}

const RINGS = 0;
const WAITING = 1;

/** Makes doorbells that lie in one piece of shared memory, each on lines of its own. */
export function createDoorbells(count: number): DoorbellHandle[] {
  const words = new SharedArrayBuffer(count * LINE_WORDS * 4);
  return Array.from({ length: count }, (_, i) => ({ words, base: i * LINE_WORDS }));
}

/** A thread's view of a doorbell. Anyone may ring; only its owner waits. */
export class Doorbell {
  readonly #words: Int32Array;
  readonly #rings: number;
  readonly #waiting: number;

  constructor(handle: DoorbellHandle) {
    this.#words = new Int32Array(handle.words);
    this.#rings = handle.base + RINGS;
    this.#waiting = handle.base + WAITING;
  }

  /** Called after the work is visible. About as cheap as an atomic add where nobody waits. */
  ring(): void {
    Atomics.add(this.#words, this.#rings, 1);
    if (Atomics.load(this.#words, this.#waiting) === 1) Atomics.notify(this.#words, this.#rings, 1);
  }

  /** Taken by the owner before it looks for work. */
  ticket(): number {
    return Atomics.load(this.#words, this.#rings);
  }

  /**
   * Sleeps until the doorbell is rung, at most `timeoutMs`; at once awake if it was rung since the ticket.
   * True: it was rung. The event loop goes on meanwhile; a pending wait alone does not keep a worker alive. Who waits
   * often gives Infinity: a limit is a timer of the event loop that stays until its time has come.
   */
  async wait(ticket: number, timeoutMs: number): Promise<boolean> {
    Atomics.store(this.#words, this.#waiting, 1);
    const wait = Atomics.waitAsync(this.#words, this.#rings, ticket, timeoutMs);
    const outcome = wait.async ? await wait.value : wait.value;
    Atomics.store(this.#words, this.#waiting, 0);
    return outcome !== 'timed-out';
  }
}
