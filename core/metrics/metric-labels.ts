import type { MetricScope } from './metric-reading.js';

const SCOPES: Readonly<Record<MetricScope['type'], readonly string[]>> = {
  'job-manager': ['jobmanager'],
  job: ['jobmanager', 'job'],
  'task-manager': ['taskmanager'],
  'task-manager-job': ['taskmanager', 'job'],
  task: ['taskmanager', 'job', 'task'],
  operator: ['taskmanager', 'job', 'task', 'operator'],
};

/** What stands before a metric's name with Flink's reporters, outermost first. */
export function scopePath(scope: MetricScope): readonly string[] {
  return SCOPES[scope.type];
}

/** Whose metric it is, as Flink's reporters say it. */
export function scopeLabels(scope: MetricScope, host: string): (readonly [string, string])[] {
  switch (scope.type) {
    case 'job-manager':
      return [['host', host]];
    case 'task-manager':
      return [
        ['host', host],
        ['tm_id', scope.taskManagerId],
      ];
    case 'job':
      return [
        ['host', host],
        ['job_id', scope.jobId],
        ['job_name', scope.jobName],
      ];
    case 'task-manager-job':
      return [
        ['host', host],
        ['job_id', scope.jobId],
        ['job_name', scope.jobName],
        ['tm_id', scope.taskManagerId],
      ];
    default: {
      const task: (readonly [string, string])[] = [
        ['host', host],
        ['job_id', scope.jobId],
        ['job_name', scope.jobName],
        ['task_id', String(scope.vertexId)],
        ['task_name', scope.taskName],
        ['subtask_index', String(scope.subtask)],
        ['task_attempt_num', String(scope.attempt)],
        ['tm_id', scope.taskManagerId],
      ];
      if (scope.type === 'task') return task;
      return [...task, ['operator_id', scope.operatorUid], ['operator_name', scope.operatorName]];
    }
  }
}
