import {
  HISTOGRAM_STATISTICS,
  type HistogramStatistics,
  type MetricDescriptor,
  type MetricGroupName,
  metricPath,
} from './metric-descriptor.js';
import {
  counterReading,
  gaugeReading,
  type MetricReading,
  type ScopedReadings,
  type TaskScope,
} from './metric-reading.js';

/** What a task has said of itself. Numbers count from the start of its attempt. */
export interface TaskNumbers {
  /** Records taken from channels; of a source, records emitted. */
  readonly recordsIn: number;
  /** Records written to edges. */
  readonly recordsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly buffersIn: number;
  readonly buffersOut: number;
  readonly watermark: number;
  readonly busyMs: number;
  readonly idleMs: number;
  readonly backPressuredMs: number;
  /** Of the newest checkpoint. */
  readonly alignmentMs: number;
  readonly startDelayMs: number;
  readonly inputQueueLength: number;
  readonly inPoolUsage: number;
  readonly outputQueueLength: number;
  readonly outPoolUsage: number;
  readonly heapUsed: number;
  readonly heapCommitted: number;
  readonly heapMax: number;
  readonly gcCount: number;
  readonly gcMs: number;
  /** Metrics for which there was no room. */
  readonly metricsLeftOut: number;
}

/** A metric that operators of the task have, or the engine measures of them. */
export interface DescribedNumbers {
  readonly descriptor: MetricDescriptor;
  readonly numbers: readonly number[];
}

/** How much of it there was a second; `key` tells the metrics of a task apart. */
export type RateOf = (key: string, count: number) => number;

const NANOS_PER_MS = 1_000_000;

/** Flink's metrics of a task. */
export function taskReadings(numbers: TaskNumbers, rateOf: RateOf): MetricReading[] {
  const counted = (name: string, count: number): MetricReading[] => [
    counterReading(name, count),
    gaugeReading(`${name}PerSecond`, rateOf(name, count)),
  ];
  const timed = (name: string, ms: number): MetricReading[] => [
    gaugeReading(`${name}TimeMsPerSecond`, Math.min(1000, rateOf(`${name}Ms`, ms))),
    gaugeReading(`accumulate${name.charAt(0).toUpperCase()}${name.slice(1)}TimeMs`, ms),
  ];
  return [
    ...counted('numRecordsIn', numbers.recordsIn),
    ...counted('numRecordsOut', numbers.recordsOut),
    ...counted('numBytesIn', numbers.bytesIn),
    ...counted('numBytesOut', numbers.bytesOut),
    ...counted('numBuffersIn', numbers.buffersIn),
    ...counted('numBuffersOut', numbers.buffersOut),
    gaugeReading('currentInputWatermark', numbers.watermark),
    ...timed('busy', numbers.busyMs),
    ...timed('idle', numbers.idleMs),
    ...timed('backPressured', numbers.backPressuredMs),
    gaugeReading('checkpointAlignmentTime', Math.round(numbers.alignmentMs * NANOS_PER_MS)),
    gaugeReading('checkpointStartDelayNanos', Math.round(numbers.startDelayMs * NANOS_PER_MS)),
    gaugeReading('buffers.inputQueueLength', numbers.inputQueueLength),
    gaugeReading('buffers.inPoolUsage', numbers.inPoolUsage),
    gaugeReading('buffers.outputQueueLength', numbers.outputQueueLength),
    gaugeReading('buffers.outPoolUsage', numbers.outPoolUsage),
    gaugeReading('thread.heapUsed', numbers.heapUsed),
    gaugeReading('thread.heapCommitted', numbers.heapCommitted),
    gaugeReading('thread.heapMax', numbers.heapMax),
    gaugeReading('thread.gcCount', numbers.gcCount),
    gaugeReading('thread.gcTimeMs', numbers.gcMs),
    gaugeReading('thread.metricsLeftOut', numbers.metricsLeftOut),
  ];
}

/** The engine's own counters have a rate beside them, as in Flink. */
const RATED: readonly string[] = ['numRecordsIn', 'numRecordsOut'];

/** What a task does not know of the graph of its job. */
export interface GraphNames {
  /** Name of an operator by its uid. */
  operatorName(uid: string): string;
  /** Uid of the source at the head of a vertex. */
  sourceUid(vertexId: number): string;
}

/** The metrics of a task's operators, each in its scope; what it knows of its job is that of its TaskManager. */
export function operatorReadings(
  scope: TaskScope,
  metrics: readonly DescribedNumbers[],
  names: GraphNames,
  rateOf: RateOf,
): ScopedReadings[] {
  const byUid = new Map<string, MetricReading[]>();
  for (const { descriptor, numbers } of metrics) {
    const { uid, name, groups, kind } = descriptor;
    const readings = byUid.get(uid) ?? [];
    byUid.set(uid, readings);
    const [value = 0] = numbers;
    const rate = (): number => rateOf(`${uid}.${metricPath(descriptor)}`, value);
    readings.push({
      groups: uid === '' ? groups.map((group) => namedSource(group, names)) : groups,
      name,
      kind,
      value: kind === 'meter' ? rate() : value,
      ...(kind === 'histogram' ? { statistics: statisticsOf(numbers) } : {}),
    });
    if (kind === 'counter' && groups.length === 0 && RATED.includes(name))
      readings.push(gaugeReading(`${name}PerSecond`, rate()));
  }
  const { jobId, jobName, taskManagerId } = scope;
  return [...byUid].map(([uid, readings]) => ({
    scope:
      uid === ''
        ? { type: 'task-manager-job', jobId, jobName, taskManagerId }
        : { ...scope, type: 'operator', operatorName: names.operatorName(uid), operatorUid: uid },
    readings,
  }));
}

/** A task knows a source by its vertex. */
function namedSource(group: MetricGroupName, names: GraphNames): MetricGroupName {
  return group.name === 'source_id' ? { ...group, value: names.sourceUid(Number(group.value)) } : group;
}

function statisticsOf(numbers: readonly number[]): HistogramStatistics {
  return Object.fromEntries(
    HISTOGRAM_STATISTICS.map((name, index) => [name, numbers[index] ?? 0]),
  ) as HistogramStatistics;
}
