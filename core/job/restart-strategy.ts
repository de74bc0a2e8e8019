import { formatDuration } from '../base/duration.js';
import { invariant, unreachable } from '../base/invariant.js';
import { MillraceError } from '../base/millrace-error.js';
import type { Prng } from '../base/prng.js';
import type {
  ExponentialDelayConfig,
  FailureRateConfig,
  FixedDelayConfig,
  RestartStrategyConfig,
} from './restart-strategy-config.js';

/** `why` says which limit was reached, for the error that ends the job. */
export type RestartDecision =
  | { readonly restart: true; readonly delayMs: number }
  | { readonly restart: false; readonly why: string };

/**
 * Decides after each failed attempt whether there is another, and when. Asked exactly once per failed
 * attempt: failures that come while an attempt is already going down belong to it.
 */
export interface RestartStrategy {
  /** `nowMs` is monotonic and never decreases between calls. */
  onFailure(nowMs: number): RestartDecision;
  /** One line for people. */
  describe(): string;
}

/**
 * Makes the strategy of one job.
 *
 * @param jitter draws the jitter of exponential-delay
 * @throws MillraceError MR4002 if a number is out of its range
 * @example
 * ```ts
 * const config = restartStrategyFromOptions(resolveOptions([]).values, true);
 * const strategy = createRestartStrategy(config, new Prng(seed));
 * strategy.onFailure(clock.monotonicMs()); // { restart: true, delayMs: 0 }
 * ```
 */
export function createRestartStrategy(config: RestartStrategyConfig, jitter: Prng): RestartStrategy {
  switch (config.type) {
    case 'none':
      return new NoRestartStrategy();
    case 'fixed-delay':
      return new FixedDelayRestartStrategy(config);
    case 'failure-rate':
      return new FailureRateRestartStrategy(config);
    case 'exponential-delay':
      return new ExponentialDelayRestartStrategy(config, jitter);
    default:
      return unreachable(config);
  }
}

class NoRestartStrategy implements RestartStrategy {
  onFailure(): RestartDecision {
    return { restart: false, why: 'The restart strategy is none.' };
  }

  describe(): string {
    return 'none';
  }
}

class FixedDelayRestartStrategy implements RestartStrategy {
  readonly #config: FixedDelayConfig;
  #failures = 0;

  constructor(config: FixedDelayConfig) {
    mustHold(config.attempts >= 0, 'fixed-delay.attempts', config.attempts);
    mustHold(config.delayMs >= 0, 'fixed-delay.delay', config.delayMs);
    this.#config = config;
  }

  onFailure(): RestartDecision {
    this.#failures++;
    const { attempts, delayMs } = this.#config;
    if (this.#failures <= attempts) return { restart: true, delayMs };
    return { restart: false, why: `The fixed-delay strategy allows ${attempts} restarts.` };
  }

  describe(): string {
    const { attempts, delayMs } = this.#config;
    return `fixed-delay, ${attempts} restarts, ${formatDuration(delayMs)} apart`;
  }
}

/** Invariant: holds the times of the newest failures, oldest first, at most one more than are borne. */
class FailureRateRestartStrategy implements RestartStrategy {
  readonly #config: FailureRateConfig;
  readonly #failuresMs: number[] = [];

  constructor(config: FailureRateConfig) {
    mustHold(
      config.maxFailuresPerInterval > 0,
      'failure-rate.max-failures-per-interval',
      config.maxFailuresPerInterval,
    );
    mustHold(config.intervalMs > 0, 'failure-rate.failure-rate-interval', config.intervalMs);
    mustHold(config.delayMs >= 0, 'failure-rate.delay', config.delayMs);
    this.#config = config;
  }

  onFailure(nowMs: number): RestartDecision {
    const { maxFailuresPerInterval, intervalMs, delayMs } = this.#config;
    this.#failuresMs.push(nowMs);
    if (this.#failuresMs.length > maxFailuresPerInterval + 1) this.#failuresMs.shift();
    const oldest = this.#failuresMs[0] ?? nowMs;
    invariant(oldest <= nowMs, 'the clock of the restart strategy never goes back', { oldest, nowMs });
    if (this.#failuresMs.length <= maxFailuresPerInterval || nowMs - oldest > intervalMs) {
      return { restart: true, delayMs };
    }
    return {
      restart: false,
      why: `The failure-rate strategy allows ${maxFailuresPerInterval} failures in ${formatDuration(intervalMs)}.`,
    };
  }

  describe(): string {
    const { maxFailuresPerInterval, intervalMs } = this.#config;
    return `failure-rate, ${maxFailuresPerInterval} in ${formatDuration(intervalMs)}`;
  }
}

/**
 * Invariants:
 * - every delay is at most the maximum, and at least the initial backoff unless it is an immediate one;
 * - the attempt count begins anew exactly when the last restart is a threshold or more ago.
 */
class ExponentialDelayRestartStrategy implements RestartStrategy {
  readonly #config: ExponentialDelayConfig;
  readonly #jitter: Prng;
  /** Restarts since the last reset. */
  #attempts = 0;
  #nextRestartMs = Number.NEGATIVE_INFINITY;

  constructor(config: ExponentialDelayConfig, jitter: Prng) {
    mustHold(config.initialBackoffMs >= 1, 'exponential-delay.initial-backoff', config.initialBackoffMs);
    mustHold(
      config.maxBackoffMs >= config.initialBackoffMs,
      'exponential-delay.max-backoff',
      config.maxBackoffMs,
    );
    mustHold(config.backoffMultiplier > 1, 'exponential-delay.backoff-multiplier', config.backoffMultiplier);
    mustHold(
      config.jitterFactor >= 0 && config.jitterFactor <= 1,
      'exponential-delay.jitter-factor',
      config.jitterFactor,
    );
    this.#config = config;
    this.#jitter = jitter;
  }

  onFailure(nowMs: number): RestartDecision {
    const { resetBackoffThresholdMs, attemptsBeforeResetBackoff } = this.#config;
    if (nowMs - this.#nextRestartMs >= resetBackoffThresholdMs) this.#attempts = 0;
    if (this.#attempts >= attemptsBeforeResetBackoff) {
      return {
        restart: false,
        why: `The exponential-delay strategy allows ${attemptsBeforeResetBackoff} restarts before its backoff is reset.`,
      };
    }
    const delayMs = this.#backoffMs();
    this.#attempts++;
    this.#nextRestartMs = nowMs + delayMs;
    return { restart: true, delayMs };
  }

  describe(): string {
    const { initialBackoffMs, maxBackoffMs, backoffMultiplier } = this.#config;
    return `exponential-delay, ${formatDuration(initialBackoffMs)} to ${formatDuration(maxBackoffMs)}, factor ${backoffMultiplier}`;
  }

  #backoffMs(): number {
    const { initialBackoffMs, maxBackoffMs, backoffMultiplier, firstRestartImmediate } = this.#config;
    if (firstRestartImmediate && this.#attempts === 0) return 0;
    const exponent = firstRestartImmediate ? this.#attempts - 1 : this.#attempts;
    const backoff = initialBackoffMs * backoffMultiplier ** exponent;
    const bounded = Math.min(backoff, maxBackoffMs);
    const offset = Math.floor(bounded * this.#config.jitterFactor);
    const jittered = bounded + this.#jitter.between(-offset, offset);
    return Math.round(Math.max(initialBackoffMs, Math.min(jittered, maxBackoffMs)));
  }
}

function mustHold(condition: boolean, option: string, value: number): void {
  if (condition) return;
  throw new MillraceError('MR4002', `restart-strategy.${option} is ${value}, which is out of its range.`, {
    where: { at: `restart-strategy.${option}` },
  });
}
