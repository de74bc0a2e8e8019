import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster, type MetricsQuery } from 'millrace';
import t from 'tap';
import lossy from './jobs/lossy.js';
import measured from './jobs/measured.js';
import { until } from './looks.js';
import { jobPath, MillraceProcess } from './millrace-process.js';

const EXPECTED = { 'counter.seen': 4, 'minutes.numLateRecordsDropped': 1, 'readings.numRecordsSkipped': 2 };

/** Four readings, of which one is late, and two lines that are none. */
function inputIn(folder: string): string {
  const path = join(folder, 'in.jsonl');
  const at = (time: number): string => JSON.stringify({ sensor: 's', time });
  writeFileSync(path, [at(1000), '{"sensor":', at(61_000), '{"sensor":1}', at(2000), at(62_000)].join('\n'));
  return path;
}

function folder(t: { teardown(work: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-metrics-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

t.test('what was skipped, dropped and counted stands in the result, and can be asked for', async (t) => {
  const cluster = await LocalCluster.start({ parallelism: 2 });
  t.teardown(() => cluster.close());
  const job = await cluster.submit(lossy, { input: inputIn(folder(t)) });
  const result = await job.result();
  t.strictSame(result.metrics, EXPECTED);
  t.strictSame(await job.metrics(), EXPECTED);
});

t.test('a task tells of its newest checkpoint how long barriers took', async (t) => {
  const checkpointing = { interval: '50 ms', dir: folder(t) };
  const cluster = await LocalCluster.start({ parallelism: 2, checkpointing });
  t.teardown(() => cluster.close());
  const job = await cluster.submit(measured, { count: 1000 });
  await until(async () => ((await job.status())?.checkpoints.completed ?? 0) >= 2);
  const metrics = await cluster.readMetrics({ type: 'vertex', jobId: job.jobId, vertexId: 1 });
  const value = (id: string): number => Number(metrics.find((metric) => metric.id === id)?.value);
  for (const subtask of [0, 1]) {
    const [alignment, delay] = [
      value(`${subtask}.checkpointAlignmentTime`),
      value(`${subtask}.checkpointStartDelayNanos`),
    ];
    t.ok(alignment >= 0 && alignment < 60e9, `alignment ${alignment} ns`);
    t.ok(delay >= 0 && delay < 60e9, `start delay ${delay} ns`);
  }
});

t.test('the command line tells of it, as text and as JSON', async (t) => {
  const at = folder(t);
  const args = [jobPath('lossy'), '--input', inputIn(at)];
  const text = await new MillraceProcess(at, args).ended;
  t.match(text.stderr, /readings: 2 malformed records were skipped/);
  t.match(text.stderr, /minutes: 1 late records were dropped/);
  const json = await new MillraceProcess(at, ['--fresh', '--json', ...args]).ended;
  t.strictSame((JSON.parse(json.stdout) as { metrics: unknown }).metrics, EXPECTED);
});

t.test('metrics are read while the job runs, from tasks that sleep too', async (t) => {
  const cluster = await LocalCluster.start({ parallelism: 2 });
  t.teardown(() => cluster.close());
  const { jobId } = await cluster.submit(measured, { count: 1000 });
  const read = async (query: MetricsQuery): Promise<Map<string, number | string>> =>
    new Map((await cluster.readMetrics(query)).map(({ id, value }) => [id, value]));
  const sums = async (name: string): Promise<number> => {
    const values = await read({ type: 'vertex', jobId, vertexId: 1 });
    return Number(values.get(`0.${name}`) ?? 0) + Number(values.get(`1.${name}`) ?? 0);
  };
  const giveUpMs = performance.now() + 60_000;
  await until(async () => (await sums('numRecordsIn')) >= 1000 || performance.now() >= giveUpMs);
  t.equal(await sums('doubled.even.seen'), 500, 'what a function counts');
  t.equal(await sums('doubled.numRecordsIn'), 1000);
  t.equal(await sums('doubled.numRecordsOut'), 1000);
  t.ok((await sums('numBytesIn')) > 8000);
  t.ok((await sums('doubled.sizes_max')) > 0);
  const source = await read({ type: 'vertex', jobId, vertexId: 0 });
  t.equal(source.get('0.numBytesOut'), await sums('numBytesIn'));
  t.equal(source.get('0.numRecordsOut'), 1000);
  t.ok(Number(source.get('0.thread.heapUsed')) > 1e6);
  const job = await read({ type: 'job', jobId });
  t.ok(Number(job.get('uptime')) > 0);
  t.equal(job.get('numRestarts'), 0);
  t.equal((await read({ type: 'job-manager' })).get('numRunningJobs'), 1);
  const text = await cluster.prometheus();
  t.match(text, /flink_taskmanager_job_task_operator_even_seen\{[^}]*operator_name="doubled"\} \d+\n/);
  t.match(text, /flink_taskmanager_Status_JVM_Memory_Heap_Used\{host="[^"]+",tm_id="[^"]+"\} [1-9]/);
});
