import { invariant } from '../base/invariant.js';

/** What the numbers of a metric mean. */
export type MetricKind = 'counter' | 'gauge' | 'meter' | 'histogram';

/** A group between an operator and its metric; with a value it is a variable, such as one partition of many. */
export interface MetricGroupName {
  readonly name: string;
  readonly value: string | undefined;
}

/** A metric of one task, as the task describes it. Plain data. */
export interface MetricDescriptor {
  /** Of the operator; empty: what the task knows of its job, such as latencies. */
  readonly uid: string;
  /** Outermost first. */
  readonly groups: readonly MetricGroupName[];
  readonly name: string;
  readonly kind: MetricKind;
}

/** The numbers of a histogram, in the order in which they are kept. */
export const HISTOGRAM_STATISTICS = [
  'count',
  'min',
  'max',
  'mean',
  'stddev',
  'p50',
  'p75',
  'p90',
  'p95',
  'p98',
  'p99',
  'p999',
] as const;

export type HistogramStatistic = (typeof HISTOGRAM_STATISTICS)[number];
export type HistogramStatistics = Readonly<Record<HistogramStatistic, number>>;

/** How many numbers a metric of that kind is. */
export function numbersOf(kind: MetricKind): number {
  return kind === 'histogram' ? HISTOGRAM_STATISTICS.length : 1;
}

const KINDS: readonly MetricKind[] = ['counter', 'gauge', 'meter', 'histogram'];

/** One line of text, without its end. */
export function descriptorText({ uid, groups, name, kind }: MetricDescriptor): string {
  const path = groups.map((group) => (group.value === undefined ? [group.name] : [group.name, group.value]));
  return JSON.stringify([KINDS.indexOf(kind), uid, name, path]);
}

/** What {@link descriptorText} wrote. */
export function descriptorOf(text: string): MetricDescriptor {
  const [index, uid, name, path] = JSON.parse(text) as [number, string, string, [string, string?][]];
  const kind = KINDS[index];
  invariant(kind !== undefined, 'a metric is of a known kind', { index });
  return { uid, name, kind, groups: path.map(([group, value]) => ({ name: group, value })) };
}

/** `<group>.<key>.<value>.<name>`: the metric's name below its operator. */
export function metricPath({ groups, name }: Pick<MetricDescriptor, 'groups' | 'name'>): string {
  const parts = groups.flatMap((group) =>
    group.value === undefined ? [group.name] : [group.name, group.value],
  );
  return [...parts, name].join('.');
}
