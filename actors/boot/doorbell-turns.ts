import type { Doorbell, Heartbeat } from '../../memory/index.js';
import type { TaskTime, ThreadTurns } from '../runner/thread-runner.js';
import type { MetricPublisher } from '../task/metric-publisher.js';

/** The longest sleep in one go, so that a clock that jumped is noticed. */
const SLEEP_MAX_MS = 60_000;
/** The longest that a task waits for its snapshots before it looks at its mail, and takes some records, again. */
const PACE_MAX_MS = 20;

/** What the snapshots of a thread want its task to wait for (snapshot-pace.ts). */
export interface TaskPace {
  readonly isBehind: boolean;
  /** `then` is called once they want no more of it, unless this is called again before. */
  onceCaughtUp(then: () => void): void;
}

/** A full turn of the event loop of the calling thread. */
export function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * Turns and sleeps of a task's thread, on its doorbell.
 *
 * Invariant: a wait has no time limit of V8's, which would leave a timer of the event loop behind until its time has
 * come, however early the thread is woken: a task that sleeps for moments, tens of thousands of times a second, would
 * have millions of them, and its thread would take minutes to leave. A timer rings the bell instead.
 */
export class DoorbellTurns implements ThreadTurns {
  readonly #doorbell: Doorbell;
  readonly #heartbeat: Heartbeat;
  readonly #publisher: MetricPublisher;
  readonly #pace: TaskPace;
  #ticket: number;
  readonly #ring = (): void => this.#doorbell.ring();

  constructor(doorbell: Doorbell, heartbeat: Heartbeat, publisher: MetricPublisher, pace: TaskPace) {
    this.#doorbell = doorbell;
    this.#heartbeat = heartbeat;
    this.#publisher = publisher;
    this.#pace = pace;
    this.#ticket = doorbell.ticket();
  }

  async turn(): Promise<void> {
    await turnOfLoop();
    if (this.#pace.isBehind) await this.#letWrite();
  }

  #letWrite(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PACE_MAX_MS);
      this.#pace.onceCaughtUp(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  arm(): void {
    this.#ticket = this.#doorbell.ticket();
  }

  async sleep(timeoutMs: number): Promise<void> {
    this.#heartbeat.sleeping(true);
    const timer = setTimeout(this.#ring, Math.min(timeoutMs, SLEEP_MAX_MS));
    await this.#doorbell.wait(this.#ticket, Number.POSITIVE_INFINITY);
    clearTimeout(timer);
    this.#heartbeat.sleeping(false);
  }

  turnsTo(time: TaskTime): void {
    this.#publisher.turnsTo(time);
  }

  beat(time: TaskTime): void {
    this.#heartbeat.beat();
    this.#publisher.beat(time);
  }
}
