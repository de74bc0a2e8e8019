import type { BatchReport } from './batch-world.js';
import { hasRegions, TOPOLOGIES } from './topology/topologies.js';
import type { WorldReport } from './world.js';
import type { WorldOptions } from './world-options.js';

/** What is done to worlds, by the name that stands in their traces. */
export const FAULTS: Readonly<Record<string, string>> = {
  'fault.killTask': 'a task is killed',
  'fault.loseTaskManager': 'a TaskManager is lost',
  'fault.killProcess': 'a process is killed',
  'fault.losePower': 'the power is lost',
  'fault.takeOver': 'a leader stands still, and comes back beside another',
  'fault.stopProcess': 'a process is told to stop',
  'fault.cancelJob': 'the job is cancelled',
  'fault.suspendJob': 'the job is stopped with a savepoint',
  'fault.drainJob': 'the job is drained',
  'fault.rescaleJob': 'the job is rescaled',
  'fault.requestCheckpoint': 'somebody asks for a checkpoint or a savepoint',
  'user.throws': 'user code throws',
  'disk.fail': 'an operation of the disk fails',
  'disk.fail-after': 'an operation of the disk fails after it took effect',
  'disk.short': 'an append ends in the middle',
  'disk.flip': 'a bit of what is read comes over wrong',
  'disk.slow': 'an operation of the disk takes long',
  'fault.fillDisk': 'the disk is full for a while',
  'fault.breakDisk': 'the disk fails again and again for a while',
  'disk.late': 'an operation takes effect later, of something that has ended or has given it up',
  'fault.jumpClock': 'the wall clock jumps',
};

/** What a world has, by name; the columns of the report. */
export const FEATURES: Readonly<Record<string, (options: WorldOptions) => boolean>> = {
  'keyed state': ({ topology }) =>
    isOneOf(
      topology,
      'running-counts',
      'keyed-history',
      'large-state',
      'union-of-one',
      'folded-states',
      'fleeting-states',
      'typed-records',
    ),
  windows: ({ topology }) => topology.includes('window'),
  timers: ({ topology }) => isOneOf(topology, 'timers', 'clock-timers', 'connected', 'broadcast-state'),
  joins: ({ topology }) => topology === 'interval-join',
  broadcast: ({ topology }) => topology.startsWith('broadcast'),
  async: ({ topology }) => topology === 'async-windows',
  regions: ({ topology }) => hasRegions(topology),
  unkeyed: ({ topology }) => TOPOLOGIES[topology]?.keyed === false,
  aligned: ({ alignedTimeoutMs }) => alignedTimeoutMs === Number.POSITIVE_INFINITY,
  unaligned: ({ alignedTimeoutMs }) => alignedTimeoutMs === 0,
  'aligned, then not': ({ alignedTimeoutMs }) =>
    alignedTimeoutMs > 0 && alignedTimeoutMs < Number.POSITIVE_INFINITY,
  incremental: ({ checkpointing }) => checkpointing.incremental,
  full: ({ checkpointing }) => !checkpointing.incremental,
  heap: ({ stateBackend }) => stateBackend === 'heap',
  lmdb: ({ stateBackend }) => stateBackend === 'lmdb',
  'beyond memory': ({ topology, stateBackend }) => topology === 'large-state' && stateBackend === 'lmdb',
  'tiny rings': ({ segmentBytes }) => segmentBytes === 256,
  'object store': ({ checkpointsIn }) => checkpointsIn === 'bucket',
  moving: ({ moves }) => moves,
  'when parts have ended': ({ endings }) => endings !== 'none',
};

/** What was seen in worlds, added up. Plain data. */
export interface Census {
  readonly worlds: number;
  /** Those that count. */
  readonly counting: number;
  /** Worlds of a batch, which are not among the others, nor counted further. */
  readonly batches: number;
  readonly faults: number;
  readonly turns: number;
  readonly records: number;
  readonly checkpoints: number;
  readonly restores: number;
  readonly failures: readonly { readonly seed: number; readonly kind: string; readonly message: string }[];
  /** By fault and feature: how often that came to a world that has it. */
  readonly hits: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** How many worlds had each topology. */
  readonly topologies: Readonly<Record<string, number>>;
}

export const NO_WORLDS: Census = {
  worlds: 0,
  counting: 0,
  batches: 0,
  faults: 0,
  turns: 0,
  records: 0,
  checkpoints: 0,
  restores: 0,
  failures: [],
  hits: {},
  topologies: {},
};

/** A world counts with a thousand records, three checkpoints, a recovery from one, and state behind an exchange. */
export function countsAsWorld({ topology }: WorldOptions, report: WorldReport): boolean {
  const { records, checkpoints, restores } = report;
  return records >= 1000 && checkpoints >= 3 && restores >= 1 && TOPOLOGIES[topology]?.keyed === true;
}

/** The census of one world. */
export function censusOf(options: WorldOptions, report: WorldReport): Census {
  const { failure, counts, turns, records, checkpoints, restores } = report;
  const features = Object.keys(FEATURES).filter((feature) => FEATURES[feature]?.(options));
  const hits: Record<string, Record<string, number>> = {};
  let faults = 0;
  for (const fault of Object.keys(FAULTS)) {
    const count = counts.get(fault) ?? 0;
    if (count === 0) continue;
    faults += count;
    hits[fault] = Object.fromEntries(features.map((feature) => [feature, count]));
  }
  return {
    worlds: 1,
    counting: countsAsWorld(options, report) ? 1 : 0,
    batches: 0,
    faults,
    turns,
    records,
    checkpoints,
    restores,
    failures:
      failure === undefined ? [] : [{ seed: options.seed, kind: failure.kind, message: failure.message }],
    hits,
    topologies: { [options.topology]: 1 },
  };
}

export function batchCensus(seed: number, { failure }: BatchReport): Census {
  const failures =
    failure === undefined ? [] : [{ seed, kind: `batch ${failure.kind}`, message: failure.message }];
  return { ...NO_WORLDS, batches: 1, failures };
}

export function addCensus(a: Census, b: Census): Census {
  const hits: Record<string, Readonly<Record<string, number>>> = { ...a.hits };
  for (const [fault, row] of Object.entries(b.hits)) hits[fault] = sums(hits[fault] ?? {}, row);
  return {
    worlds: a.worlds + b.worlds,
    counting: a.counting + b.counting,
    batches: a.batches + b.batches,
    faults: a.faults + b.faults,
    turns: a.turns + b.turns,
    records: a.records + b.records,
    checkpoints: a.checkpoints + b.checkpoints,
    restores: a.restores + b.restores,
    failures: [...a.failures, ...b.failures],
    hits,
    topologies: sums(a.topologies, b.topologies),
  };
}

function sums(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

function isOneOf(topology: string, ...names: readonly string[]): boolean {
  return names.includes(topology);
}
