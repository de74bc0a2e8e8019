import { MillraceError } from '../base/millrace-error.js';
import type { OptionValues } from '../job/options.js';

const DURING_BACKLOG = 'execution.checkpointing.interval-during-backlog';

/** When checkpoints are taken and how many are kept. A job without one of these takes none. */
export interface CheckpointConfig {
  readonly intervalMs: number;
  /** The interval while a source works off a backlog, at least `intervalMs`; Infinity: none begins by itself then. */
  readonly intervalDuringBacklogMs: number;
  readonly timeoutMs: number;
  /** Least time from a completion to the next trigger; above 0 it allows one checkpoint at a time. */
  readonly minPauseMs: number;
  readonly maxConcurrentCheckpoints: number;
  /** Consecutive failed checkpoints that do not fail the job; Infinity: none ever does. */
  readonly tolerableFailedCheckpoints: number;
  /** Completed checkpoints that are kept. */
  readonly numRetained: number;
  /** Whether the checkpoints of a cancelled job stay. */
  readonly retainOnCancellation: boolean;
  /** Whether a checkpoint builds on the one before it. */
  readonly incremental: boolean;
  /** Checkpoints that have ended and are still shown. */
  readonly historySize: number;
}

export const DEFAULT_CHECKPOINT_CONFIG: CheckpointConfig = {
  intervalMs: 10_000,
  intervalDuringBacklogMs: 10_000,
  timeoutMs: 600_000,
  minPauseMs: 0,
  maxConcurrentCheckpoints: 1,
  tolerableFailedCheckpoints: 0,
  numRetained: 1,
  retainOnCancellation: false,
  incremental: true,
  historySize: 10,
};

/** @throws MillraceError MR4002 if checkpoints were more frequent than without a backlog */
function intervalDuringBacklog(intervalMs: number, duringBacklogMs: number | undefined): number {
  if (duringBacklogMs === undefined) return intervalMs;
  if (duringBacklogMs === 0) return Number.POSITIVE_INFINITY;
  if (duringBacklogMs >= intervalMs) return duringBacklogMs;
  throw new MillraceError(
    'MR4002',
    `Invalid configuration value for ${DURING_BACKLOG} : ${duringBacklogMs} ms - It must be 0, or not less than ` +
      `execution.checkpointing.interval, which is ${intervalMs} ms.`,
    { where: { at: DURING_BACKLOG } },
  );
}

/**
 * What the configuration asks for; undefined when it asks for no checkpoints.
 *
 * @throws MillraceError MR4002 if it asks for unaligned checkpoints of which several are under way at once, or for
 *   more frequent ones during a backlog
 */
export function checkpointConfigFromOptions(values: OptionValues): CheckpointConfig | undefined {
  const intervalMs = values['execution.checkpointing.interval'];
  if (intervalMs === undefined) return undefined;
  const minPauseMs = values['execution.checkpointing.min-pause'];
  const maxConcurrentCheckpoints =
    minPauseMs > 0 ? 1 : values['execution.checkpointing.max-concurrent-checkpoints'];
  if (maxConcurrentCheckpoints > 1 && alignedTimeoutMsFromOptions(values) < Number.POSITIVE_INFINITY) {
    throw new MillraceError(
      'MR4002',
      `execution.checkpointing.max-concurrent-checkpoints is ${maxConcurrentCheckpoints}, with unaligned checkpoints.`,
      {
        why: 'What is under way is recorded for one checkpoint at a time.',
        hint: 'Set it to 1, or execution.checkpointing.unaligned.enabled to false.',
      },
    );
  }
  return {
    intervalMs,
    intervalDuringBacklogMs: intervalDuringBacklog(intervalMs, values[DURING_BACKLOG]),
    timeoutMs: values['execution.checkpointing.timeout'],
    minPauseMs,
    maxConcurrentCheckpoints,
    tolerableFailedCheckpoints: values['execution.checkpointing.tolerable-failed-checkpoints'],
    numRetained: values['execution.checkpointing.num-retained'],
    retainOnCancellation:
      values['execution.checkpointing.externalized-checkpoint-retention'] === 'RETAIN_ON_CANCELLATION',
    incremental: values['execution.checkpointing.incremental'],
    historySize: values['web.checkpoints.history'],
  };
}

/**
 * How long a checkpoint waits for its barriers before they overtake what is under way, ms; Infinity where they
 * never do, which is so at least once, where nobody waits.
 */
export function alignedTimeoutMsFromOptions(values: OptionValues): number {
  const isUnaligned =
    values['execution.checkpointing.unaligned.enabled'] &&
    values['execution.checkpointing.mode'] === 'EXACTLY_ONCE';
  return isUnaligned
    ? values['execution.checkpointing.aligned-checkpoint-timeout']
    : Number.POSITIVE_INFINITY;
}
