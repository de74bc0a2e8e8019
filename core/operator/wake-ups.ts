import type { OperatorContext } from './stream-operator.js';

/**
 * Several waits of one operator on its single wake-up. Durations are measured on the monotonic clock; the
 * wall clock, by which the task wakes, may jump, so a wake-up that comes early asks again.
 *
 * Invariant: while anything waits, the task has been asked to wake no later than the earliest of it.
 */
export class WakeUps {
  readonly #context: OperatorContext;
  #sleepers: Sleeper[];
  readonly #ticks: Tick[];

  constructor(context: OperatorContext) {
    this.#context = context;
    this.#sleepers = [];
    this.#ticks = [];
  }

  /** Calls `tick` with the monotonic time every `intervalMs`; 0: never. */
  every(intervalMs: number, tick: (nowMs: number) => void): void {
    if (intervalMs <= 0) return;
    this.#ticks.push({ intervalMs, tick, dueMs: this.#context.clock.monotonicMs() + intervalMs });
    this.#ask();
  }

  sleep(delayMs: number): Promise<void> {
    const dueMs = this.#context.clock.monotonicMs() + delayMs;
    return new Promise((resolve) => {
      this.#sleepers.push({ dueMs, resolve });
      this.#ask();
    });
  }

  onWake(): void {
    const nowMs = this.#context.clock.monotonicMs();
    const due = this.#sleepers.filter((sleeper) => sleeper.dueMs <= nowMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.dueMs > nowMs);
    for (const sleeper of due) sleeper.resolve();
    for (const each of this.#ticks) {
      if (each.dueMs > nowMs) continue;
      each.dueMs = nowMs + each.intervalMs;
      each.tick(nowMs);
    }
    this.#ask();
  }

  #ask(): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#ticks) if (dueMs < earliest) earliest = dueMs;
    for (const sleeper of this.#sleepers) if (sleeper.dueMs < earliest) earliest = sleeper.dueMs;
    if (earliest === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#context;
    const delayMs = Math.max(0, earliest - clock.monotonicMs());
    this.#context.wakeAt(clock.wallMs() + delayMs);
  }
}

interface Tick {
  readonly intervalMs: number;
  readonly tick: (nowMs: number) => void;
  dueMs: number;
}

interface Sleeper {
  readonly dueMs: number;
  readonly resolve: () => void;
}
