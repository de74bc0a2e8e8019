import {
  createRestartStrategy,
  describeConfiguration,
  type FailureHistorySettings,
  type JobConfiguration,
  type JobStoreLimits,
  Prng,
  restartStrategyFromOptions,
} from '../../core/internal.js';
import { failureEnrichers } from './failure-enrichers.js';
import type { JobPlan } from './job-plan.js';

/** As REST shows it. */
export function configurationOf({ options, module }: JobPlan): JobConfiguration {
  const checkpoints = options.values['execution.checkpointing.interval'] !== undefined;
  const config = restartStrategyFromOptions(options.values, checkpoints);
  return describeConfiguration(options, createRestartStrategy(config, new Prng(0)), module.params);
}

/** How its failures are remembered. */
export async function failureHistory({ options: { values } }: JobPlan): Promise<FailureHistorySettings> {
  return {
    size: values['web.exception-history-size'],
    enrichers: await failureEnrichers(values['jobmanager.failure-enrichers']),
  };
}

/** How long it is remembered when it has ended. */
export function jobStoreLimits({ options: { values } }: JobPlan): JobStoreLimits {
  return {
    capacity: values['jobstore.max-capacity'],
    expirationMs: values['jobstore.expiration-time'] * 1000,
  };
}
