import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import { OperatorLogger } from '../log/operator-logger.js';
import type { Clock } from '../ports/clock.js';
import type { Completions } from '../ports/completions.js';
import type { FileSystem } from '../ports/file-system.js';
import { NO_LOG } from '../ports/logger.js';
import type { MetricGroup } from '../ports/metrics.js';
import type { CodecFactory } from '../serde/record-codec.js';
import { Accumulators } from './accumulator.js';
import type { DistributedCache } from './distributed-cache.js';
import type { ChainedOperatorContext, OperatorContext } from './stream-operator.js';

/** What an operator may reach where no job runs. */
export interface OfflinePorts {
  readonly codecs: CodecFactory;
  readonly clock: Clock;
  readonly completions: Completions;
  readonly fileSystem: FileSystem;
  readonly distributedCache: DistributedCache;
  readonly metrics: MetricGroup;
}

/** An operator that is made where no job runs: to be asked what it declares, or to make state. */
export interface OfflineOperator
  extends Pick<
    OperatorContext,
    'uid' | 'parallelism' | 'maxParallelism' | 'globalJobParameters' | 'keyedState' | 'managedBytes'
  > {
  readonly name: string;
  /** What it finds of operator state. */
  readonly lists: Readonly<Record<string, OperatorListHandle>>;
}

/** The only operator of its chain, in the first subtask. It is never woken, and what it says goes nowhere. */
export function offlineContext(
  { name, lists, ...operator }: OfflineOperator,
  ports: OfflinePorts,
): ChainedOperatorContext {
  const context = {
    ...operator,
    jobName: '',
    operatorName: name,
    subtaskIndex: 0,
    distributedCache: ports.distributedCache,
    epoch: 0,
    attempt: 1,
    restored: { keyed: undefined, lists },
    restoredCheckpointId: undefined,
    checkpointing: true,
    commitsWithJob: false,
    autoWatermarkIntervalMs: 0,
    scratchFolder: '',
    codecs: ports.codecs,
    clock: ports.clock,
    completions: ports.completions,
    fileSystem: ports.fileSystem,
    metrics: ports.metrics,
    logger: new OperatorLogger(NO_LOG, ports.clock, {}),
    wakeAt: () => {},
    mustYield: () => false,
    fail: () => {},
    writeLine: () => Promise.resolve(),
    collect: () => {},
    userError: (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  };
  return { ...context, chainIndex: 0, accumulators: new Accumulators(context), userCode: { node: 0 } };
}
