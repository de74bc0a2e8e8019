import { type Clock, Progress, type TaskMessage } from '../../core/internal.js';
import type { StreamTask } from '../task/stream-task.js';

/** Mail of one task; reading must not wait. */
export interface TaskMailbox {
  /** The next message, or undefined. */
  receive(): TaskMessage | undefined;
}

/** How the thread waits and turns; supplied by boot. */
export interface ThreadTurns {
  /** A full turn of the event loop: timers, promises and uploads get their time. */
  turn(): Promise<void>;
  /**
   * Waits until the doorbell of the task rings, a completion has been delivered, or `timeoutMs` has passed
   * (Infinity: no bound). Work that arrived since the last call to `armed` ends the wait at once.
   */
  sleep(timeoutMs: number): Promise<void>;
  /** Call before the last look for work: what arrives afterwards is not slept over. */
  arm(): void;
  /** Shows that the thread lives, and what its task has done so far. */
  beat(task: StreamTask, time: TaskTime): void;
}

/** Most records between two looks at mail and clock: some 10 us of work for a plain chain. */
const STEP_RECORDS = 256;
/** Busy time between two turns of the event loop. */
const TURN_MS = 1;

/** Shares of a task's time since its start, ms. */
export interface TaskTime {
  busyMs: number;
  idleMs: number;
  backPressuredMs: number;
}

/**
 * Runs one task on the thread it is called on, until the task is done.
 *
 * Mail is read between steps, the event loop turns at least once per millisecond of busy time, and a task
 * without work sleeps on its doorbell. Segments that are not full are published when the task goes idle
 * or after the buffer timeout.
 */
export class ThreadRunner {
  readonly #task: StreamTask;
  readonly #mailbox: TaskMailbox;
  readonly #turns: ThreadTurns;
  readonly #clock: Clock;
  readonly #bufferTimeoutMs: number;
  /** Fewer where records are slow: a step of 256 records of a millisecond each would starve the event loop. */
  #stepRecords: number;
  readonly time: TaskTime = { busyMs: 0, idleMs: 0, backPressuredMs: 0 };

  constructor(
    task: StreamTask,
    mailbox: TaskMailbox,
    turns: ThreadTurns,
    clock: Clock,
    bufferTimeoutMs: number,
  ) {
    this.#task = task;
    this.#mailbox = mailbox;
    this.#turns = turns;
    this.#clock = clock;
    this.#bufferTimeoutMs = bufferTimeoutMs;
    this.#stepRecords = STEP_RECORDS;
  }

  async run(): Promise<void> {
    let progress: Progress = Progress.MADE;
    let flushed = this.#clock.monotonicMs();
    while (progress !== Progress.DONE) {
      progress = this.#busy();
      const now = this.#clock.monotonicMs();
      if (progress !== Progress.MADE || now - flushed >= this.#bufferTimeoutMs) {
        this.#task.flush();
        flushed = now;
      }
      this.#turns.beat(this.#task, this.time);
      if (progress === Progress.IDLE || progress === Progress.WAITING) await this.#sleep();
      else if (progress === Progress.MADE) await this.#turns.turn();
    }
    this.#task.flush();
  }

  /** Steps until nothing more can be done, or about a millisecond has passed. */
  #busy(): Progress {
    const begin = this.#clock.monotonicMs();
    let now = begin;
    let progress: Progress = Progress.MADE;
    while (progress === Progress.MADE && now - begin < TURN_MS) {
      this.#drainMail();
      const stepBegin = now;
      progress = this.#task.runOnce(this.#stepRecords);
      now = this.#clock.monotonicMs();
      this.#adapt(now - stepBegin);
    }
    this.time.busyMs += now - begin;
    return progress;
  }

  /** Steps get shorter at once when one outlasts the time between two turns, and longer again when they are quick. */
  #adapt(stepMs: number): void {
    if (stepMs > TURN_MS) this.#stepRecords = Math.max(1, this.#stepRecords >> 1);
    else if (stepMs < TURN_MS / 4 && this.#stepRecords < STEP_RECORDS) this.#stepRecords *= 2;
  }

  #drainMail(): boolean {
    let any = false;
    for (let message = this.#mailbox.receive(); message !== undefined; message = this.#mailbox.receive()) {
      any = true;
      this.#task.deliver(message);
    }
    return any;
  }

  /** One more look for work after arming, so that nothing which arrives meanwhile is slept over. */
  async #sleep(): Promise<void> {
    this.#turns.arm();
    if (this.#drainMail()) return;
    const progress = this.#task.runOnce(this.#stepRecords);
    if (progress === Progress.MADE || progress === Progress.DONE) return;
    this.#task.flush();
    const begin = this.#clock.monotonicMs();
    const backPressured = this.#task.isBackPressured;
    const timeoutMs = this.#task.nextWakeMs - this.#clock.monotonicMs();
    // A wait of no time would resolve without a turn, and what the task awaits could never come.
    await (timeoutMs > 0 ? this.#turns.sleep(timeoutMs) : this.#turns.turn());
    const slept = this.#clock.monotonicMs() - begin;
    if (backPressured) this.time.backPressuredMs += slept;
    else this.time.idleMs += slept;
  }
}
