import { isOfEventTime } from '../observed-state.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

/** Jobs whose keyed state ends with event time, all of it. */
const LEAVE_NOTHING: ReadonlySet<string> = new Set([
  'async-windows',
  'cascaded-windows',
  'co-functions',
  'interval-join',
  'late-windows',
  'session-windows',
  'sliding-windows',
  'union-windows',
  'window-aggregate',
  'window-joins',
]);

/** Who has come to the end of the input has no timer of event time left, and nothing of a window or its triggers. */
export class StateChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #leavesNothing: boolean;

  constructor(verdict: WorldVerdict, topology: string) {
    this.#verdict = verdict;
    this.#leavesNothing = LEAVE_NOTHING.has(topology);
  }

  onRowsLeft(uid: string, table: string): void {
    this.#verdict.check(
      !this.#leavesNothing && !isOfEventTime(table) && !table.includes('trigger-timeout'),
      () => `'${uid}' has come to its end, and has rows of '${table}' left.`,
    );
  }
}
