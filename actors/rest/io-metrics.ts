import { aggregated, sumOf } from './quantiles.js';
import type { RestTask } from './rest-cluster.js';

/** Flink's numbers of what went in and out of tasks. */
export interface IoMetrics {
  readonly 'read-bytes': number;
  readonly 'read-bytes-complete': boolean;
  readonly 'write-bytes': number;
  readonly 'write-bytes-complete': boolean;
  readonly 'read-records': number;
  readonly 'read-records-complete': boolean;
  readonly 'write-records': number;
  readonly 'write-records-complete': boolean;
  readonly 'accumulated-backpressured-time': number;
  readonly 'accumulated-idle-time': number;
  readonly 'accumulated-busy-time': number;
}

/** Of these tasks together; `subtasks`: of how many there ought to be numbers. */
export function ioMetrics(tasks: readonly RestTask[], subtasks: number): IoMetrics {
  const complete = tasks.length >= subtasks;
  const sum = (of: (task: RestTask) => number): number => sumOf(tasks.map(of));
  return {
    'read-bytes': sum(({ bytesIn }) => bytesIn),
    'read-bytes-complete': complete,
    'write-bytes': sum(({ bytesOut }) => bytesOut),
    'write-bytes-complete': complete,
    'read-records': sum(({ recordsIn }) => recordsIn),
    'read-records-complete': complete,
    'write-records': sum(({ recordsOut }) => recordsOut),
    'write-records-complete': complete,
    'accumulated-backpressured-time': Math.round(sum(({ backPressuredMs }) => backPressuredMs)),
    'accumulated-idle-time': Math.round(sum(({ idleMs }) => idleMs)),
    'accumulated-busy-time': sum(({ busyMs }) => busyMs),
  };
}

type Amount = Exclude<keyof IoMetrics, `${string}-complete`>;
const AMOUNTS: readonly Amount[] = [
  'read-bytes',
  'write-bytes',
  'read-records',
  'write-records',
  'accumulated-backpressured-time',
  'accumulated-idle-time',
  'accumulated-busy-time',
];

/** `aggregated` of a vertex: how its subtasks differ. */
export function aggregatedSubtasks(
  metrics: readonly IoMetrics[],
  durations: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, unknown>> {
  const states = Object.keys(durations[0] ?? {});
  return {
    metrics: Object.fromEntries(AMOUNTS.map((name) => [name, aggregated(metrics.map((one) => one[name]))])),
    'status-duration': Object.fromEntries(
      states.map((state) => [state, aggregated(durations.map((one) => one[state] ?? -1))]),
    ),
  };
}
