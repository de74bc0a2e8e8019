/**
 * Time comes in through here. The two clocks are never mixed: wall time may jump, and is used for
 * processing-time semantics and for what people read; monotonic time measures durations and deadlines.
 */
export interface Clock {
  /** Milliseconds, never decreasing, with an arbitrary zero. */
  monotonicMs(): number;
  /** Milliseconds since the epoch. */
  wallMs(): number;
}
