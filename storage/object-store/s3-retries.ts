import { isMillraceError, type Prng } from '../../core/internal.js';
import { Alarms, type CreateTimers } from './alarms.js';
import { S3Failure, toS3Failure } from './s3-failure.js';

/** How requests are tried again. */
export interface S3RetryPolicy {
  /** Tries after the first. */
  readonly retriesMax: number;
  /** Time for one try, the body of the answer included, ms. */
  readonly tryTimeoutMs: number;
}

/** The longest pause before the first retry, ms; it doubles from try to try up to the last number. */
const PAUSE_MS = 100;
const PAUSE_MAX_MS = 5_000;

/**
 * Tries a request again while it fails in passing.
 *
 * Invariants: a try ends after `tryTimeoutMs` at the latest; the pause before the next one is drawn between
 * half of its longest and that, so that many who failed together do not come back together.
 */
export class S3Retries {
  readonly #policy: S3RetryPolicy;
  readonly #alarms: Alarms;
  readonly #jitter: Prng;

  constructor(policy: S3RetryPolicy, createTimers: CreateTimers, jitter: Prng) {
    this.#policy = policy;
    this.#alarms = new Alarms(createTimers);
    this.#jitter = jitter;
  }

  /**
   * Rejects with the S3Failure of the last try; a MillraceError is no failure of a request, and ends it at once.
   *
   * @param attempt one try; ends when the signal is aborted
   * @param given ends everything, also between two tries
   */
  async run<T>(attempt: (signal: AbortSignal) => Promise<T>, given?: AbortSignal): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#once(attempt, given);
      } catch (error) {
        if (isMillraceError(error)) throw error;
        const failure = toS3Failure(error);
        const isLast = tries >= this.#policy.retriesMax || given?.aborted === true;
        if (failure.kind !== 'transient' || isLast) throw failure;
      }
      await this.#pause(tries);
    }
  }

  async #once<T>(attempt: (signal: AbortSignal) => Promise<T>, given: AbortSignal | undefined): Promise<T> {
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    if (given?.aborted) abort();
    given?.addEventListener('abort', abort, { once: true });
    let callOff = (): void => {};
    // Not every request ends when it is told to, as one that is looking for credentials.
    const late = new Promise<never>((_, reject) => {
      callOff = this.#alarms.set(this.#policy.tryTimeoutMs, () => {
        abort();
        reject(new S3Failure('transient', `no answer within ${this.#policy.tryTimeoutMs} ms`));
      });
    });
    try {
      return await Promise.race([attempt(controller.signal), late]);
    } finally {
      callOff();
      given?.removeEventListener('abort', abort);
    }
  }

  #pause(tries: number): Promise<void> {
    const longestMs = Math.min(PAUSE_MS * 2 ** tries, PAUSE_MAX_MS);
    const pauseMs = longestMs * (0.5 + this.#jitter.float() / 2);
    return new Promise((resolve) => {
      this.#alarms.set(pauseMs, resolve);
    });
  }
}
