import { invariant } from '../core/internal.js';

/**
 * Signs of life of the tasks of one attempt, in shared memory: a task counts up as it steps, and says when
 * it sleeps. Read by the TaskManager, which cannot be held up by a task that is stuck.
 *
 * Layout, by task: Int32 counter, Int32 asleep (0 or 1), each task on a cache line of its own.
 *
 * Invariants: one writer per line, the task; the counter only changes while the task is awake.
 */
const LINE_INTS = 16;

export type HeartbeatMemory = SharedArrayBuffer;

export function createHeartbeats(tasks: number): HeartbeatMemory {
  return new SharedArrayBuffer(Math.max(1, tasks) * LINE_INTS * Int32Array.BYTES_PER_ELEMENT);
}

/** The writing side, in the task's thread. */
export class Heartbeat {
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(memory: HeartbeatMemory, task: number) {
    this.#words = new Int32Array(memory);
    this.#at = task * LINE_INTS;
    invariant(this.#at + 1 < this.#words.length, 'every task has its line', { task });
  }

  beat(): void {
    Atomics.add(this.#words, this.#at, 1);
  }

  sleeping(asleep: boolean): void {
    Atomics.store(this.#words, this.#at + 1, asleep ? 1 : 0);
  }
}

/**
 * The reading side. The answer may be stale by one look. Where the monitor itself had no turn for long (the process was
 * suspended, the machine slept), the tasks may have had none either: of the time between two looks no more counts than
 * `gapMaxMs`.
 */
export class HeartbeatMonitor {
  readonly #words: Int32Array;
  readonly #lastCount: Int32Array;
  readonly #since: Float64Array;
  readonly #gapMaxMs: number;
  #lookedMs: number;

  constructor(memory: HeartbeatMemory, nowMs: number, gapMaxMs: number) {
    this.#gapMaxMs = gapMaxMs;
    this.#lookedMs = nowMs;
    this.#words = new Int32Array(memory);
    const tasks = this.#words.length / LINE_INTS;
    this.#lastCount = new Int32Array(tasks);
    this.#since = new Float64Array(tasks).fill(nowMs);
  }

  /** For how long the task has neither stepped nor slept, ms. Call it regularly with a monotonic time. */
  silentMs(task: number, nowMs: number): number {
    this.#look(nowMs);
    const count = Atomics.load(this.#words, task * LINE_INTS);
    const asleep = Atomics.load(this.#words, task * LINE_INTS + 1) === 1;
    if (asleep || count !== this.#lastCount[task]) {
      this.#lastCount[task] = count;
      this.#since[task] = nowMs;
    }
    return nowMs - (this.#since[task] ?? nowMs);
  }

  #look(nowMs: number): void {
    const unseenMs = nowMs - this.#lookedMs - this.#gapMaxMs;
    this.#lookedMs = nowMs;
    if (unseenMs <= 0) return;
    for (let task = 0; task < this.#since.length; task++)
      this.#since[task] = Math.min(nowMs, (this.#since[task] ?? nowMs) + unseenMs);
  }
}
