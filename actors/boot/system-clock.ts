import type { Clock } from '../../core/internal.js';

/**
 * The zero of this thread's monotonic clock on that of the process, ms: clocks of threads begin with them, and the
 * process has one that is the same for all.
 */
export const MONOTONIC_ORIGIN_MS: number = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** The clocks of this machine. */
export const SYSTEM_CLOCK: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};
