import type { TaskStatus } from '../cluster/cluster-gateway.js';
import { SYSTEM_CLOCK } from './system-clock.js';

const LOOK_EVERY_MS = 2;
/** A source may have nothing to read. */
const LOOK_FOR_MS = 10_000;

/**
 * Measures for how long a job took no record because its tasks were replaced: from the call that ends them, which they
 * hear within a millisecond, to the first record that one of the new ones has taken.
 *
 * Invariant: it looks until it has seen a record, or for {@link LOOK_FOR_MS}.
 */
export class RelaunchPause {
  /** ms; undefined if no record was seen in time. Settles in any case. */
  readonly measured: Promise<number | undefined>;
  #stop: () => void = () => {};

  /** `sinceMs`: monotonic time at which the former tasks were ended. */
  constructor(sinceMs: number, tasks: () => readonly TaskStatus[]) {
    this.measured = new Promise((resolve) => {
      const untilMs = SYSTEM_CLOCK.monotonicMs() + LOOK_FOR_MS;
      const look = setInterval(() => {
        const nowMs = SYSTEM_CLOCK.monotonicMs();
        if (tasks().some(({ records }) => records > 0)) end(nowMs - sinceMs);
        else if (nowMs > untilMs) end(undefined);
      }, LOOK_EVERY_MS);
      const end = (pauseMs: number | undefined): void => {
        clearInterval(look);
        resolve(pauseMs);
      };
      this.#stop = () => end(undefined);
    });
  }

  /** Nobody looks any more. Idempotent. */
  stop(): void {
    this.#stop();
  }
}
