import type { Doorbell, Heartbeat, TaskGauges } from '../../memory/index.js';
import type { RunnableTask, TaskTime, ThreadTurns } from '../runner/thread-runner.js';

/** The longest sleep in one go, so that a clock that jumped is noticed. */
const SLEEP_MAX_MS = 60_000;

/** Turns and sleeps of a task's thread, on its doorbell. */
export class DoorbellTurns implements ThreadTurns {
  readonly #doorbell: Doorbell;
  readonly #heartbeat: Heartbeat;
  readonly #gauges: TaskGauges;
  readonly #line: number;
  #ticket: number;

  constructor(doorbell: Doorbell, heartbeat: Heartbeat, gauges: TaskGauges, line: number) {
    this.#doorbell = doorbell;
    this.#heartbeat = heartbeat;
    this.#gauges = gauges;
    this.#line = line;
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

  beat(task: RunnableTask, time: TaskTime): void {
    this.#heartbeat.beat();
    const gauges = this.#gauges;
    gauges.set(this.#line, 'records', task.records);
    gauges.set(this.#line, 'watermark', task.watermark);
    gauges.set(this.#line, 'busyMs', time.busyMs);
    gauges.set(this.#line, 'idleMs', time.idleMs);
    gauges.set(this.#line, 'backPressuredMs', time.backPressuredMs);
  }
}
