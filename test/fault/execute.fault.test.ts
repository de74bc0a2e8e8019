import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterOptions, LocalCluster, type SubmitOptions } from 'millrace';
import t from 'tap';
import doubled from './jobs/doubled.js';
import earlyEnd from './jobs/early-end.js';
import heapOfBuilder from './jobs/heap-of-builder.js';

/** Jobs started from a program, on real threads. */
const COUNT = 20_000;
const expected = Array.from({ length: COUNT }, (_, i) => (i + 1) * 2);

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

function folder(t: { teardown(work: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-execute-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

t.test('what a job collects comes back once, with and without checkpoints', async (t) => {
  t.same(sorted(await doubled.executeAndCollect<number>({ count: COUNT }, { parallelism: 2 })), expected);
  const checkpointing = { interval: '50 ms', dir: folder(t) };
  const options = { parallelism: 3, checkpointing };
  t.same(sorted(await doubled.executeAndCollect<number>({ count: COUNT }, options)), expected);
});

t.test('a job whose threads end recovers, and every result comes back once', async (t) => {
  const checkpointing = { interval: '50 ms', dir: folder(t) };
  const params = { count: COUNT, crash: '1:3000,2:3000' };
  t.same(
    sorted(await doubled.executeAndCollect<number>(params, { parallelism: 2, checkpointing })),
    expected,
  );
});

t.test('checkpoints in memory bring a job through the end of its threads', async (t) => {
  const checkpointing = { interval: '50 ms', dir: folder(t) };
  const storage = { 'execution.checkpointing.storage': 'jobmanager' };
  const params = { count: COUNT, crash: '1:3000,2:3000' };
  const options = { parallelism: 2, checkpointing };
  t.same(
    sorted(await doubled.executeAndCollect<number>(params, { ...options, configuration: storage })),
    expected,
  );
  t.same(readdirSync(checkpointing.dir), [], 'and leave no files');
});

t.test('readers that end before they are told to make the job end', async (t) => {
  const checkpointing = { interval: '50 ms', dir: folder(t) };
  t.same(sorted(await earlyEnd.executeAndCollect<number>({}, { parallelism: 3, checkpointing })), [0, 1, 2]);
  t.same(sorted(await earlyEnd.executeAndCollect<number>({}, { parallelism: 2 })), [0, 1]);
});

t.test(
  'a cluster in a program serves REST and the dashboard when it is told to, and not before',
  async (t) => {
    const silent = await LocalCluster.start({});
    t.teardown(() => silent.close());
    t.equal(silent.restUrl, undefined);
    const cluster = await LocalCluster.start({ rest: { port: 0, token: 'a-secret-of-mine' } });
    t.teardown(() => cluster.close());
    const url = cluster.restUrl ?? '';
    t.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    t.equal(await cluster.serveRest(), url, 'it listens once');
    t.equal((await fetch(`${url}/overview`)).status, 401);
    const headers = { authorization: 'Bearer a-secret-of-mine' };
    t.match(await (await fetch(`${url}/overview`, { headers })).json(), { 'jobs-running': 0 });
    t.match(await (await fetch(url)).text(), /<!doctype html>/i);
    const port = Number(new URL(url).port);
    await t.rejects(LocalCluster.start({ rest: { port } }), { code: 'MR4006' }, 'the port is taken');
    const spelled = { rest: { prt: 1 } } as ClusterOptions;
    await t.rejects(LocalCluster.start(spelled), { code: 'MR1001' });
    await cluster.close();
    await t.rejects(fetch(url), 'nobody listens any more');
  },
);

t.test('what belongs to the submission goes there with execute', async (t) => {
  const checkpointing = { interval: '50 ms', dir: folder(t) };
  const options = { checkpointing, fromSavepoint: folder(t), claimMode: 'CLAIM' } as const;
  await t.rejects(doubled.execute({ count: 1 }, options), { code: /^MR3/ }, 'the folder holds no savepoint');
});

t.test('control thread and graph builder have the framework heap', async (t) => {
  const configuration = { 'taskmanager.memory.framework.heap.size': '100m' };
  await t.rejects(heapOfBuilder.execute({}, { configuration }), /heap 84 \+ 16/);
  await t.rejects(heapOfBuilder.execute({}), /heap 112 \+ 16/);
});

t.test('a configuration that cannot be read is told when the cluster is started', async (t) => {
  await t.rejects(LocalCluster.start({ configuration: { 'parallelism.defualt': 2 } }), { code: 'MR4001' });
});

t.test('accumulators count once what was processed again', async (t) => {
  const checkpointing = { interval: '50 ms', dir: folder(t) };
  const params = { count: COUNT, crash: '1:3000,2:3000' };
  const result = await doubled.execute(params, { parallelism: 2, checkpointing });
  t.equal(result.attempts, 3);
  t.strictSame(result.accumulators, { numbers: COUNT });
});

t.test('two jobs of one name in a cluster are refused, and a cancelled one says so', async (t) => {
  const checkpointing = { interval: '1 h', dir: folder(t) };
  const cluster = await LocalCluster.start({ parallelism: 1, checkpointing });
  t.teardown(() => cluster.close());
  const job = await cluster.submit(doubled, { count: 2_000_000_000 });
  await t.rejects(cluster.submit(doubled, {}), { code: 'MR8002' });
  await job.cancel();
  await t.rejects(job.result(), { code: 'MR5007' });
  const again = cluster.submit(doubled, {}, { start: 'resume' });
  await t.rejects(again, {
    code: 'MR8001',
    message: /doubled was cancelled, and its checkpoints removed; nothing/,
  });
});

t.test('mistyped options and what is no job are refused', async (t) => {
  const typo = { paralelism: 2 } as ClusterOptions;
  await t.rejects(LocalCluster.start(typo), { code: 'MR1001', message: /Did you mean 'parallelism'/ });
  await t.rejects(doubled.execute({}, typo), { code: 'MR1001' });
  const checkpointing = { intervall: '1 s' } as ClusterOptions['checkpointing'] & object;
  await t.rejects(LocalCluster.start({ checkpointing }), { code: 'MR1001', message: /'interval'/ });
  const cluster = await LocalCluster.start({ parallelism: 1 });
  t.teardown(() => cluster.close());
  await t.rejects(cluster.submit(doubled, {}, { jobID: 'x' } as SubmitOptions), { code: 'MR1001' });
  const start = { start: 'freshh' } as unknown as SubmitOptions;
  await t.rejects(cluster.submit(doubled, {}, start), {
    code: 'MR1001',
    message: /'freshh'.*Did you mean 'fresh'/,
  });
  await t.rejects(cluster.submit(undefined as unknown as typeof doubled), { code: 'MR1003' });
  const gone = { ...doubled, url: 'file:///not/there.mjs' };
  await t.rejects(cluster.submit(gone), { code: 'MR1009', message: /not\/there\.mjs/ });
});
