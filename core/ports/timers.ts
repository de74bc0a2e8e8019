/**
 * One-shot timers on the monotonic clock. A timer delivers its token, not a closure: a token can be
 * printed, replayed, and ignored when it is stale. Armed tokens are delivered at most once, on the turn of
 * the owner that armed them (its mailbox), never from inside `arm`.
 */
export interface Timers<Token> {
  /** Arms a timer `delayMs` from now (0 or more). Returns an id for {@link cancel}. */
  arm(delayMs: number, token: Token): number;
  /** After this the token is not delivered. Unknown or spent ids are ignored. */
  cancel(id: number): void;
}
