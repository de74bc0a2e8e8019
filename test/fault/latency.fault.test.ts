import { LocalCluster } from 'millrace';
import t from 'tap';
import measuredWays from './jobs/measured-ways.js';

/** Threads begin late on a machine with much else to do. */
const WAIT_MS = 60_000;

t.test('latency markers come from silent sources too, and pass all operators to the sinks', async (t) => {
  const cluster = await LocalCluster.start();
  t.teardown(() => cluster.close());
  const configuration = { 'metrics.latency.interval': '5 ms', 'metrics.latency.granularity': 'subtask' };
  const { jobId } = await cluster.submit(measuredWays, {}, { configuration });
  const latencyOf = (uid: string): string =>
    `latency.source_id.silence.source_subtask_index.0.operator_id.${uid}.operator_subtask_index.0.latency`;
  let values = new Map<string, number | string>();
  const count = (uid: string): number => Number(values.get(`${latencyOf(uid)}_count`) ?? 0);
  const begin = performance.now();
  const uids = ['next', 'after-next', 'nowhere'];
  // Each thread publishes what it has measured in its own time.
  while (uids.some((uid) => count(uid) < 10) && performance.now() - begin < WAIT_MS) {
    const metrics = await cluster.readMetrics({ type: 'job', jobId });
    values = new Map(metrics.map(({ id, value }) => [id, value] as const));
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const uid of uids) {
    t.ok(count(uid) >= 10, `${uid} has been reached`);
    t.ok(Number(values.get(`${latencyOf(uid)}_p99`)) >= 0);
  }
  t.equal(count('silence'), 0, 'a source is no way to itself');
  const labels =
    'source_id="silence",source_subtask_index="0",operator_id="nowhere",operator_subtask_index="0"';
  const name =
    'flink_taskmanager_job_latency_source_id_source_subtask_index_operator_id_operator_subtask_index';
  t.match(await cluster.prometheus(), new RegExp(`${name}_latency\\{[^}]*${labels},quantile="0.99"\\} `));
});

t.test('without an interval there are none', async (t) => {
  const cluster = await LocalCluster.start();
  t.teardown(() => cluster.close());
  const { jobId } = await cluster.submit(measuredWays, {});
  const values = await cluster.readMetrics({ type: 'job', jobId });
  t.notOk(values.some(({ id }) => id.startsWith('latency')));
});
