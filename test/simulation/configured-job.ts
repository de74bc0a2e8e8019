import {
  alignedTimeoutMsFromOptions,
  type CheckpointConfig,
  checkpointConfigFromOptions,
  type RestartStrategyConfig,
  resolveOptions,
  restartStrategyFromOptions,
} from '../../core/internal.js';
import type { WorldOptions } from './world-options.js';

/** A world has more checkpoints in a second than may be configured: it lives so many times as fast. */
const FASTER = 10;

type Drawn = Pick<WorldOptions, 'checkpointing' | 'restartStrategy' | 'alignedTimeoutMs'>;

/** What of a world can be configured, as it comes out of a configuration in which it was written. */
export function configuredJob(drawn: Drawn): Drawn {
  const { values } = resolveOptions([
    { origin: 'file', values: { ...checkpointTexts(drawn), ...restartTexts(drawn.restartStrategy) } },
  ]);
  const checkpointing = checkpointConfigFromOptions(values);
  if (checkpointing === undefined) throw new Error('A world without checkpoints was configured.');
  return {
    checkpointing: {
      ...checkpointing,
      intervalMs: checkpointing.intervalMs / FASTER,
      intervalDuringBacklogMs: checkpointing.intervalDuringBacklogMs / FASTER,
      timeoutMs: checkpointing.timeoutMs / FASTER,
      minPauseMs: checkpointing.minPauseMs / FASTER,
    },
    restartStrategy: restartStrategyFromOptions(values, true),
    alignedTimeoutMs: alignedTimeoutMsFromOptions(values) / FASTER,
  };
}

function checkpointTexts({ checkpointing, alignedTimeoutMs }: Drawn): Record<string, string> {
  const it: CheckpointConfig = checkpointing;
  const isUnaligned = alignedTimeoutMs !== Number.POSITIVE_INFINITY;
  return {
    'execution.checkpointing.interval': ms(it.intervalMs * FASTER),
    'execution.checkpointing.interval-during-backlog': ms(
      Math.max(it.intervalMs, it.intervalDuringBacklogMs) * FASTER,
    ),
    'execution.checkpointing.timeout': ms(it.timeoutMs * FASTER),
    'execution.checkpointing.min-pause': ms(it.minPauseMs * FASTER),
    'execution.checkpointing.max-concurrent-checkpoints': String(it.maxConcurrentCheckpoints),
    'execution.checkpointing.tolerable-failed-checkpoints': count(it.tolerableFailedCheckpoints),
    'execution.checkpointing.num-retained': String(it.numRetained),
    'execution.checkpointing.externalized-checkpoint-retention': it.retainOnCancellation
      ? 'RETAIN_ON_CANCELLATION'
      : 'DELETE_ON_CANCELLATION',
    'execution.checkpointing.incremental': String(it.incremental),
    'web.checkpoints.history': String(it.historySize),
    'execution.checkpointing.unaligned.enabled': String(isUnaligned),
    ...(isUnaligned && {
      'execution.checkpointing.aligned-checkpoint-timeout': ms(alignedTimeoutMs * FASTER),
    }),
  };
}

function restartTexts(strategy: RestartStrategyConfig): Record<string, string> {
  const prefix = `restart-strategy.${strategy.type}`;
  switch (strategy.type) {
    case 'none':
      return { 'restart-strategy.type': 'none' };
    case 'fixed-delay':
      return {
        'restart-strategy.type': strategy.type,
        [`${prefix}.attempts`]: String(strategy.attempts),
        [`${prefix}.delay`]: ms(strategy.delayMs),
      };
    case 'failure-rate':
      return {
        'restart-strategy.type': strategy.type,
        [`${prefix}.max-failures-per-interval`]: String(strategy.maxFailuresPerInterval),
        [`${prefix}.failure-rate-interval`]: ms(strategy.intervalMs),
        [`${prefix}.delay`]: ms(strategy.delayMs),
      };
    default:
      return {
        // Where it is not named it begins anew at once, the first time.
        ...(strategy.firstRestartImmediate ? {} : { 'restart-strategy.type': strategy.type }),
        [`${prefix}.initial-backoff`]: ms(strategy.initialBackoffMs),
        [`${prefix}.max-backoff`]: ms(strategy.maxBackoffMs),
        [`${prefix}.backoff-multiplier`]: String(strategy.backoffMultiplier),
        [`${prefix}.reset-backoff-threshold`]: ms(strategy.resetBackoffThresholdMs),
        [`${prefix}.jitter-factor`]: String(strategy.jitterFactor),
        [`${prefix}.attempts-before-reset-backoff`]: String(strategy.attemptsBeforeResetBackoff),
      };
  }
}

function ms(value: number): string {
  return `${value} ms`;
}

function count(value: number): string {
  return String(Math.min(value, 2_147_483_647));
}
