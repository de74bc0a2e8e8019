import { formatDuration } from '../../core/internal.js';
import { SYSTEM_CLOCK } from './system-clock.js';
import { endProcess } from './threads/end-process.js';

/** `task.cancellation.*`, ms. */
export interface CancellationLimits {
  /** Time between two complaints about a task that does not leave. */
  readonly intervalMs: number;
  /** Time after which such a task ends the process; 0: never. */
  readonly timeoutMs: number;
}

/** A timer of Node's that is set further ahead fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Watches a task that is ended by force until it is gone. Inside a native call its thread does not notice;
 * it holds the job's files and memory, so no next attempt may start beside it, and in the end it takes the
 * process along. `gone` must not reject.
 */
export function watchCancellation(
  gone: Promise<void>,
  { intervalMs, timeoutMs }: CancellationLimits,
  who: string,
): void {
  const begin = SYSTEM_CLOCK.monotonicMs();
  const stays = (): string =>
    `${who} did not leave for ${formatDuration(Math.round(SYSTEM_CLOCK.monotonicMs() - begin))}`;
  const complaint = setInterval(
    () => {
      process.stderr.write(`warning: ${stays()} after it was cancelled.\n`);
    },
    Math.min(intervalMs, TIMER_MS_MAX),
  );
  const deadline =
    timeoutMs === 0
      ? undefined
      : setTimeout(
          () => endProcess(`${stays()} (task.cancellation.timeout)`),
          Math.min(timeoutMs, TIMER_MS_MAX),
        );
  void gone.then(() => {
    clearInterval(complaint);
    clearTimeout(deadline);
  });
}
