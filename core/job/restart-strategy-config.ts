import type { OptionValues } from './options.js';

/** How a job is restarted after a failure. Delays in ms. */
export type RestartStrategyConfig =
  | { readonly type: 'none' }
  | FixedDelayConfig
  | FailureRateConfig
  | ExponentialDelayConfig;

export interface FixedDelayConfig {
  readonly type: 'fixed-delay';
  /** Restarts before the job is given up. */
  readonly attempts: number;
  readonly delayMs: number;
}

export interface FailureRateConfig {
  readonly type: 'failure-rate';
  /** This many failures within the interval are borne; the next one ends the job. */
  readonly maxFailuresPerInterval: number;
  readonly intervalMs: number;
  readonly delayMs: number;
}

export interface ExponentialDelayConfig {
  readonly type: 'exponential-delay';
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly backoffMultiplier: number;
  /** Time since the last restart after which the backoff begins anew. */
  readonly resetBackoffThresholdMs: number;
  /** Share of the backoff by which it is moved at random, either way. */
  readonly jitterFactor: number;
  /** Restarts before the job is given up, counted anew at each reset. */
  readonly attemptsBeforeResetBackoff: number;
  /** The first restart (and the first after a reset) does not wait; the backoff begins with the second. */
  readonly firstRestartImmediate: boolean;
}

/** Where nothing is configured. Without checkpoints there is nothing to restart from, so no restart. */
export function defaultRestartStrategy(checkpointing: boolean): RestartStrategyConfig {
  if (!checkpointing) return { type: 'none' };
  return {
    type: 'exponential-delay',
    initialBackoffMs: 1000,
    maxBackoffMs: 60_000,
    backoffMultiplier: 1.5,
    resetBackoffThresholdMs: 3_600_000,
    jitterFactor: 0.1,
    attemptsBeforeResetBackoff: 2_147_483_647,
    firstRestartImmediate: true,
  };
}

/**
 * The strategy that the configuration asks for. A strategy that is named is exactly Flink's; only the unset
 * default restarts at once the first time, and its other numbers may be configured without naming it.
 */
export function restartStrategyFromOptions(
  values: OptionValues,
  checkpointing: boolean,
): RestartStrategyConfig {
  const type = values['restart-strategy.type'];
  switch (type) {
    case 'none':
      return { type };
    case 'fixed-delay':
      return {
        type,
        attempts: values['restart-strategy.fixed-delay.attempts'],
        delayMs: values['restart-strategy.fixed-delay.delay'],
      };
    case 'failure-rate':
      return {
        type,
        maxFailuresPerInterval: values['restart-strategy.failure-rate.max-failures-per-interval'],
        intervalMs: values['restart-strategy.failure-rate.failure-rate-interval'],
        delayMs: values['restart-strategy.failure-rate.delay'],
      };
    case 'exponential-delay':
      return exponentialDelay(values, false);
    case undefined:
      return checkpointing ? exponentialDelay(values, true) : { type: 'none' };
  }
}

function exponentialDelay(values: OptionValues, firstRestartImmediate: boolean): ExponentialDelayConfig {
  return {
    type: 'exponential-delay',
    initialBackoffMs: values['restart-strategy.exponential-delay.initial-backoff'],
    maxBackoffMs: values['restart-strategy.exponential-delay.max-backoff'],
    backoffMultiplier: values['restart-strategy.exponential-delay.backoff-multiplier'],
    resetBackoffThresholdMs: values['restart-strategy.exponential-delay.reset-backoff-threshold'],
    jitterFactor: values['restart-strategy.exponential-delay.jitter-factor'],
    attemptsBeforeResetBackoff: values['restart-strategy.exponential-delay.attempts-before-reset-backoff'],
    firstRestartImmediate,
  };
}
