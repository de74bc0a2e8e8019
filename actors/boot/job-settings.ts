import {
  checkpointConfigFromOptions,
  createRestartStrategy,
  describeConfiguration,
  type FailureHistorySettings,
  failoverStrategyFromOptions,
  type JobConfiguration,
  type JobStoreLimits,
  Prng,
  rescaleConfigFromOptions,
  restartStrategyFromOptions,
  slotConfigFromOptions,
} from '../../core/internal.js';
import type { JobMasterSettings } from '../cluster/job-master-actor.js';
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

/** How a job takes checkpoints, restarts, rescales and comes by its slots. */
export function masterConfiguration({
  options: { values },
  layout,
}: JobPlan): Pick<
  JobMasterSettings,
  'checkpointing' | 'restartStrategy' | 'failoverStrategy' | 'rescaling' | 'slots'
> {
  const checkpointing = checkpointConfigFromOptions(values);
  return {
    checkpointing,
    restartStrategy: restartStrategyFromOptions(values, checkpointing !== undefined),
    failoverStrategy: failoverStrategyFromOptions(values),
    rescaling: rescaleConfigFromOptions(values),
    slots: { ...slotConfigFromOptions(values), mode: layout.mode },
  };
}
