import { type Clock, Progress, type Tasklet, type TaskMessage } from '../../core/internal.js';

/** A task as its runner sees it. */
export interface RunnableTask extends Tasklet {
  /** Monotonic time at which a step has something to do even if nothing arrives; Infinity: never. */
  readonly nextWakeMs: number;
  readonly isBackPressured: boolean;
  readonly records: number;
  readonly watermark: number;
  /** Publishes what stands in partially filled segments. */
  flush(): void;
  /** Publishes of it what has waited for as long as it may; `nowMs` is monotonic. */
  flushDue(nowMs: number): void;
  /** Mail; between steps only. */
  deliver(message: TaskMessage): void;
}

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
  beat(time: TaskTime): void;
  /** The task begins to do something else. */
  turnsTo(time: TaskTime): void;
}

/** Records between two looks at mail and clock, at most: some 20 us of work for a plain chain. */
const STEP_RECORDS_MAX = 256;
/** Busy time between two turns of the event loop. */
const TURN_MS = 1;
/** Reactions of promises that are let run before a task that waits for some goes to sleep: sleeping costs more. */
const REACTIONS = 4;

/**
 * Shares of a task's time since its start, ms; the turns that it gives its event loop are busy time, since its
 * promises run there. What it does since `sinceMs`, monotonic, is in none of the sums.
 */
export interface TaskTime {
  busyMs: number;
  idleMs: number;
  backPressuredMs: number;
  doing: 'busy' | 'idle' | 'backPressured' | 'nothing';
  sinceMs: number;
}

/**
 * Runs one task on the thread it is called on, until the task is done.
 *
 * Mail is read between steps, the event loop turns at least once per millisecond of busy time, and a task
 * without work sleeps on its doorbell. Segments that are not full are published when the task goes idle
 * or after their buffer timeout.
 *
 * Invariants: a step is given as many records as took about a millisecond before, and at least one, so that
 * slow user code delays mail, beats and turns by one record only; 1 <= #budget <= {@link STEP_RECORDS_MAX}.
 */
export class ThreadRunner {
  readonly #task: RunnableTask;
  readonly #mailbox: TaskMailbox;
  readonly #turns: ThreadTurns;
  readonly #clock: Clock;
  #budget = 1;
  /** When the event loop last had a turn, as far as is known. */
  #turnedMs = 0;
  readonly time: TaskTime = { busyMs: 0, idleMs: 0, backPressuredMs: 0, doing: 'nothing', sinceMs: 0 };

  constructor(task: RunnableTask, mailbox: TaskMailbox, turns: ThreadTurns, clock: Clock) {
    this.#task = task;
    this.#mailbox = mailbox;
    this.#turns = turns;
    this.#clock = clock;
  }

  async run(): Promise<void> {
    let progress: Progress = Progress.MADE;
    this.#turnedMs = this.#clock.monotonicMs();
    this.#turnTo('busy', this.#turnedMs);
    while (progress !== Progress.DONE) {
      progress = this.#busy();
      if (progress === Progress.MADE) this.#task.flushDue(this.#clock.monotonicMs());
      else this.#task.flush();
      this.#turns.beat(this.time);
      if (progress === Progress.IDLE || progress === Progress.WAITING) progress = await this.#sleep();
      else if (progress === Progress.MADE) await this.#turn();
    }
    this.#task.flush();
    this.#turnTo('nothing', this.#clock.monotonicMs());
  }

  /** Steps until nothing more can be done, or about a millisecond has passed. */
  #busy(): Progress {
    const begin = this.#clock.monotonicMs();
    let now = begin;
    let progress: Progress = Progress.MADE;
    while (progress === Progress.MADE && now - begin < TURN_MS) {
      this.#drainMail();
      progress = this.#task.runOnce(this.#budget);
      const before = now;
      now = this.#clock.monotonicMs();
      this.#adapt(now - before);
    }
    this.#account(now);
    return progress;
  }

  #adapt(stepMs: number): void {
    if (stepMs > TURN_MS) this.#budget = Math.max(1, Math.floor((this.#budget * TURN_MS) / stepMs));
    else if (stepMs < TURN_MS / 4) this.#budget = Math.min(STEP_RECORDS_MAX, this.#budget * 2);
  }

  #drainMail(): boolean {
    let any = false;
    for (let message = this.#mailbox.receive(); message !== undefined; message = this.#mailbox.receive()) {
      any = true;
      this.#task.deliver(message);
    }
    return any;
  }

  async #turn(): Promise<void> {
    await this.#turns.turn();
    this.#turnedMs = this.#clock.monotonicMs();
  }

  /** One more look for work after arming, so that nothing which arrives meanwhile is slept over. DONE, or MADE. */
  async #sleep(): Promise<Progress> {
    this.#turns.arm();
    if (this.#drainMail()) return Progress.MADE;
    const progress = this.#task.runOnce(this.#budget);
    if (progress === Progress.MADE || progress === Progress.DONE) return progress;
    this.#task.flush();
    if (progress === Progress.WAITING) {
      for (let i = 0; i < REACTIONS; i++) await null;
      // What has settled meanwhile ends the sleep at once; so it might never turn the event loop.
      if (this.#clock.monotonicMs() - this.#turnedMs >= TURN_MS) {
        await this.#turn();
        return Progress.MADE;
      }
    }
    const begin = this.#clock.monotonicMs();
    this.#turnTo(this.#task.isBackPressured ? 'backPressured' : 'idle', begin);
    const timeoutMs = this.#task.nextWakeMs - this.#clock.monotonicMs();
    // A wait of no time would resolve without a turn, and what the task awaits could never come.
    await (timeoutMs > 0 ? this.#turns.sleep(timeoutMs) : this.#turns.turn());
    const end = this.#clock.monotonicMs();
    const slept = end - begin;
    if (slept >= TURN_MS) this.#turnedMs = end;
    this.#turnTo('busy', end);
    return Progress.MADE;
  }

  #turnTo(doing: TaskTime['doing'], nowMs: number): void {
    this.#account(nowMs);
    this.time.doing = doing;
    this.#turns.turnsTo(this.time);
  }

  #account(nowMs: number): void {
    const { time } = this;
    const lastedMs = nowMs - time.sinceMs;
    if (time.doing === 'busy') time.busyMs += lastedMs;
    else if (time.doing === 'idle') time.idleMs += lastedMs;
    else if (time.doing === 'backPressured') time.backPressuredMs += lastedMs;
    time.sinceMs = nowMs;
  }
}
