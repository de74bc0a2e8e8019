import t from 'tap';
import type { CheckpointHistory } from '../../../core/checkpoint/checkpoint-history.js';
import { NO_CHECKPOINTS } from '../../../core/checkpoint/checkpoint-statistics.js';
import { Watermark } from '../../../core/element/watermark.js';
import type { JobDetails } from '../../../core/job/job-details.js';
import { jobReadings } from '../../../core/metrics/job-readings.js';
import { MetricRates } from '../../../core/metrics/metric-rates.js';
import { gaugeReading, type ScopedReadings, type TaskScope } from '../../../core/metrics/metric-reading.js';
import { metricValues } from '../../../core/metrics/metric-values.js';
import { prometheusText } from '../../../core/metrics/prometheus-text.js';
import { operatorReadings, type TaskNumbers, taskReadings } from '../../../core/metrics/task-readings.js';

const SCOPE: TaskScope = {
  type: 'task',
  jobId: 'j1',
  jobName: 'a "job"',
  vertexId: 3,
  taskName: 'map\\n -> sink',
  subtask: 1,
  attempt: 2,
  taskManagerId: 'tm',
};

const NUMBERS: TaskNumbers = {
  ...{ recordsIn: 100, recordsOut: 50, bytesIn: 1000, bytesOut: 500, buffersIn: 1, buffersOut: 1 },
  ...{ watermark: Watermark.MIN, busyMs: 250, idleMs: 700, backPressuredMs: 50 },
  ...{ inputQueueLength: 0, inPoolUsage: 0, outputQueueLength: 0, outPoolUsage: 0.5 },
  ...{ heapUsed: 1, heapCommitted: 2, heapMax: 3, gcCount: 0, gcMs: 0, metricsLeftOut: 0 },
  ...{ alignmentMs: 2.5, startDelayMs: 40 },
};

const names = { operatorName: () => 'Source: my.op', sourceUid: (id: number) => `source-${id}` };

function scopes(): ScopedReadings[] {
  const rateOf = (_: string, count: number): number => count / 10;
  const operator = (name: string, kind: 'counter' | 'meter' | 'histogram', value: string | undefined) => ({
    descriptor: { uid: 'uid-1', name, kind, groups: value === undefined ? [] : [{ name: 'topic', value }] },
    numbers: kind === 'histogram' ? [9, 1, 5, 3, 0.5, 3, 4, 4, 5, 5, 5, 5] : [40],
  });
  const metrics = [
    operator('numRecordsIn', 'counter', undefined),
    operator('seen', 'counter', 'a.b'),
    operator('events', 'meter', undefined),
    operator('sizes', 'histogram', undefined),
    {
      descriptor: {
        uid: '',
        name: 'latency',
        kind: 'histogram' as const,
        groups: [
          { name: 'latency', value: undefined },
          { name: 'source_id', value: '7' },
          { name: 'operator_id', value: 'uid-1' },
          { name: 'operator_subtask_index', value: '1' },
        ],
      },
      numbers: [9, 1, 5, 3, 0.5, 3, 4, 4, 5, 5, 5, 6],
    },
  ];
  return [
    { scope: { type: 'job-manager' }, readings: [gaugeReading('numRunningJobs', 1)] },
    { scope: { type: 'job', jobId: 'j1', jobName: 'a "job"' }, readings: [gaugeReading('path', 'x')] },
    { scope: SCOPE, readings: taskReadings(NUMBERS, rateOf) },
    ...operatorReadings(SCOPE, metrics, names, rateOf),
  ];
}

t.test('the metrics of a vertex have the ids that Flink gives them', (t) => {
  const values = metricValues(scopes(), { type: 'vertex', jobId: 'j1', vertexId: 3 });
  const byId = new Map(values.map(({ id, value }) => [id, value]));
  t.equal(byId.get('1.numRecordsIn'), 100);
  t.equal(byId.get('1.numRecordsInPerSecond'), 10);
  t.equal(byId.get('1.busyTimeMsPerSecond'), 25);
  t.equal(byId.get('1.accumulateBackPressuredTimeMs'), 50);
  t.equal(byId.get('1.currentInputWatermark'), '-9223372036854775808');
  t.equal(byId.get('1.buffers.outPoolUsage'), 0.5);
  t.equal(byId.get('1.Source__my_op.numRecordsIn'), 40);
  t.equal(byId.get('1.Source__my_op.numRecordsInPerSecond'), 4);
  t.equal(byId.get('1.Source__my_op.topic.a.b.seen'), 40);
  t.equal(byId.get('1.Source__my_op.events'), 4);
  t.equal(byId.get('1.Source__my_op.sizes_median'), 3);
  t.equal(byId.get('1.Source__my_op.sizes_p99'), 5);
  t.strictSame(metricValues(scopes(), { type: 'vertex', jobId: 'j1', vertexId: 2 }), []);
  const job = metricValues(scopes(), { type: 'job', jobId: 'j1' });
  t.strictSame(job[0], { id: 'path', value: 'x' });
  const latency = 'latency.source_id.source-7.operator_id.uid-1.operator_subtask_index.1.latency';
  t.equal(job.find(({ id }) => id === `${latency}_p999`)?.value, 6);
  t.strictSame(metricValues(scopes(), { type: 'task-manager', taskManagerId: 'tm' }), []);
  t.end();
});

t.test('Prometheus is told of them with their labels, escaped', (t) => {
  const text = prometheusText(scopes(), 'here');
  t.match(
    text,
    '# HELP flink_jobmanager_numRunningJobs numRunningJobs (scope: jobmanager)\n' +
      '# TYPE flink_jobmanager_numRunningJobs gauge\n' +
      'flink_jobmanager_numRunningJobs{host="here"} 1\n',
  );
  const task =
    'host="here",job_id="j1",job_name="a \\"job\\"",task_id="3",task_name="map\\\\n -> sink",' +
    'subtask_index="1",task_attempt_num="2",tm_id="tm"';
  const operator = `${task},operator_id="uid-1",operator_name="Source: my.op"`;
  const lines = text.split('\n');
  t.ok(lines.includes(`flink_taskmanager_job_task_numRecordsIn{${task}} 100`));
  t.ok(lines.includes(`flink_taskmanager_job_task_buffers_outPoolUsage{${task}} 0.5`));
  t.ok(
    lines.includes(`flink_taskmanager_job_task_operator_topic_seen{${operator},topic="a.b"} 40`),
    'a variable is a label',
  );
  t.ok(lines.includes('# TYPE flink_taskmanager_job_task_operator_sizes summary'));
  t.ok(lines.includes(`flink_taskmanager_job_task_operator_sizes{${operator},quantile="0.5"} 3`));
  t.ok(lines.includes(`flink_taskmanager_job_task_operator_sizes_count{${operator}} 9`));
  t.notMatch(text, /path/, 'what is no number is left out');
  t.equal(
    lines.filter((line) => line.startsWith('# TYPE flink_taskmanager_job_task_numRecordsIn ')).length,
    1,
  );
  t.end();
});

t.test('a rate is that of the last while, or since the beginning where nobody has looked before', (t) => {
  const rates = new MetricRates(10_000);
  const look = (nowMs: number, count: number): number => {
    const rate = rates.perSecond('records', count, 0, nowMs);
    rates.mark(nowMs);
    return rate;
  };
  t.equal(look(2000, 1000), 500);
  t.equal(look(3000, 1100), 100);
  t.equal(look(12_000, 3000), 200, 'from the mark at 2 s');
  t.equal(look(22_000, 3000), 0, 'from the mark at 12 s');
  t.equal(rates.perSecond('records', 40, 21_000, 22_000), 40, 'another attempt counts from its start');
  t.equal(rates.perSecond('new', 0, 22_000, 22_000), 0);
  t.end();
});

t.test('a job tells for how long it has run, or been down', (t) => {
  const times = { RUNNING: 1000, RESTARTING: 4000, CREATED: 900, INITIALIZING: 800 };
  const history = { latestCompleted: undefined, restored: { checkpointId: 3, restoredMs: 950 } };
  const at = (status: string, endMs?: number): Record<string, number | string> => {
    const spentMs = { INITIALIZING: 100, CREATED: 100, RUNNING: 700, RESTARTING: 50 };
    const details = {
      status,
      endMs,
      restarts: 1,
      timestamps: times,
      spentMs,
      deploying: { sinceMs: status === 'RUNNING' ? 1100 : undefined, spentMs: 60 },
    } as unknown as JobDetails;
    return Object.fromEntries(
      jobReadings(details, NO_CHECKPOINTS, history as unknown as CheckpointHistory, 5000).map(
        ({ name, value }) => [name, value],
      ),
    );
  };
  t.match(at('RUNNING'), { uptime: 4000, downtime: 0, restartingTime: 0, numRestarts: 1, runningTime: 4000 });
  t.match(at('RUNNING'), {
    runningTimeTotal: 4700,
    runningState: 1,
    restartingState: 0,
    initializingTimeTotal: 100,
  });
  t.match(at('RESTARTING'), { runningTimeTotal: 700, restartingTimeTotal: 1050, restartingState: 1 });
  t.match(at('RUNNING'), { deployingState: 1, deployingTime: 3900, deployingTimeTotal: 3960 });
  t.match(at('RESTARTING'), { deployingState: 0, deployingTime: 0, deployingTimeTotal: 60 });
  t.match(at('RUNNING'), { lastCheckpointRestoreTimestamp: 950 });
  t.match(at('RUNNING'), { lastCheckpointExternalPath: 'n/a', lastCheckpointFullSize: -1 });
  t.match(at('RESTARTING'), { deployingTime: 0, uptime: 0, downtime: 1000, restartingTime: 1000 });
  t.match(at('FINISHED', 4500), { uptime: -1, downtime: -1, lastCompletedCheckpointId: -1 });
  t.end();
});
