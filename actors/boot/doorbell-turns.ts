import type { Doorbell, Heartbeat } from '../../memory/index.js';
import type { TaskTime, ThreadTurns } from '../runner/thread-runner.js';
import type { MetricPublisher } from '../task/metric-publisher.js';

/** The longest sleep in one go, so that a clock that jumped is noticed. */
const SLEEP_MAX_MS = 60_000;

/** Turns and sleeps of a task's thread, on its doorbell. */
export class DoorbellTurns implements ThreadTurns {
  readonly #doorbell: Doorbell;
  readonly #heartbeat: Heartbeat;
  readonly #publisher: MetricPublisher;
  #ticket: number;

  constructor(doorbell: Doorbell, heartbeat: Heartbeat, publisher: MetricPublisher) {
    this.#doorbell = doorbell;
    this.#heartbeat = heartbeat;
    this.#publisher = publisher;
    this.#ticket = doorbell.ticket();
  }

  turn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  arm(): void {
    this.#ticket = this.#doorbell.ticket();
  }

  async sleep(timeoutMs: number): Promise<void> {
    this.#heartbeat.sleeping(true);
    await this.#doorbell.wait(this.#ticket, Math.min(timeoutMs, SLEEP_MAX_MS));
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
