import type { OptionValues } from './options.js';

/** When a rescale goes on that no checkpoint has let go on. */
export interface RescaleConfig {
  /** Failed checkpoints in a row. */
  readonly maxCheckpointFailures: number;
  readonly maxDelayMs: number;
}

export const DEFAULT_RESCALE_CONFIG: RescaleConfig = { maxCheckpointFailures: 2, maxDelayMs: 30_000 };

/** As Flink: by default as long as the checkpoints may take that are let fail, and one more. */
export function rescaleConfigFromOptions(values: OptionValues): RescaleConfig {
  const maxCheckpointFailures =
    values['jobmanager.adaptive-scheduler.rescale-trigger.max-checkpoint-failures'];
  const intervalMs = values['execution.checkpointing.interval'] ?? 0;
  return {
    maxCheckpointFailures,
    maxDelayMs:
      values['jobmanager.adaptive-scheduler.rescale-trigger.max-delay'] ??
      intervalMs * (maxCheckpointFailures + 1),
  };
}
