import type { HistogramStatistics, MetricGroupName, MetricKind } from './metric-descriptor.js';

/** One metric at one moment, as whoever asks is told of it. Plain data. */
export interface MetricReading {
  readonly groups: readonly MetricGroupName[];
  readonly name: string;
  readonly kind: MetricKind;
  /** Of a meter its events a second, of a histogram how many values it was given. */
  readonly value: number | string;
  /** Of a histogram. */
  readonly statistics?: HistogramStatistics;
}

/** Whose metrics they are; Flink's scopes. */
export type MetricScope =
  | { readonly type: 'job-manager' }
  | { readonly type: 'job'; readonly jobId: string; readonly jobName: string }
  | { readonly type: 'task-manager'; readonly taskManagerId: string }
  | TaskManagerJobScope
  | TaskScope
  | OperatorScope;

/** What the tasks of a job know on one TaskManager. */
export interface TaskManagerJobScope {
  readonly type: 'task-manager-job';
  readonly jobId: string;
  readonly jobName: string;
  readonly taskManagerId: string;
}

export interface TaskScope {
  readonly type: 'task';
  readonly jobId: string;
  readonly jobName: string;
  readonly vertexId: number;
  readonly taskName: string;
  readonly subtask: number;
  readonly attempt: number;
  readonly taskManagerId: string;
}

export interface OperatorScope extends Omit<TaskScope, 'type'> {
  readonly type: 'operator';
  readonly operatorName: string;
  readonly operatorUid: string;
}

/** The metrics of one scope. */
export interface ScopedReadings {
  readonly scope: MetricScope;
  readonly readings: readonly MetricReading[];
}

export function gaugeReading(name: string, value: number | string): MetricReading {
  return { groups: [], name, kind: 'gauge', value };
}

export function counterReading(name: string, value: number): MetricReading {
  return { groups: [], name, kind: 'counter', value };
}
