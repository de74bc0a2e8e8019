/** One reading of both clocks, as a pure machine is given it with each event. */
export interface Instant {
  /** For delays and deadlines. */
  readonly monotonicMs: number;
  /** For people and for files. */
  readonly wallMs: number;
}
