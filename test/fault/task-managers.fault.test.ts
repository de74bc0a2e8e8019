import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster, type LocalJob } from 'millrace';
import t, { type Test } from 'tap';
import { COMMANDS } from '../../actors/boot/command-line.js';
import type { TaskManagerStatus } from '../../actors/cluster/cluster-gateway.js';
import type { RawValue } from '../../core/job/resolve-options.js';
import { runCaptured } from '../unit/actors/captured-program.js';
import counts from './jobs/running-counts.js';
import { anotherCheckpoint, until } from './looks.js';
import { visibleFiles } from './millrace-process.js';

const KEYS = 7;

t.setTimeout(240_000);

interface Cluster {
  readonly cluster: LocalCluster;
  readonly output: string;
}

async function start(t: Test, configuration: Readonly<Record<string, RawValue>>): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-managers-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const cluster = await LocalCluster.start({
    checkpointing: { interval: '100 ms', dir: join(folder, 'checkpoints') },
    configuration: {
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.attempts': 50,
      'restart-strategy.fixed-delay.delay': '10 ms',
      ...configuration,
    },
  });
  t.teardown(() => cluster.close());
  return { cluster, output: join(folder, 'out') };
}

function takenOf(managers: readonly TaskManagerStatus[]): number[] {
  return managers.map(({ allocated }) => allocated.length);
}

/** Stops the job where it is: each key's count has gone up by one, from one, and each of its values is there once. */
async function stopAndCheck(t: Test, job: LocalJob, output: string): Promise<void> {
  // Not all tasks may run yet.
  await anotherCheckpoint(job);
  await job.stop({ savepointDir: join(output, '..', 'savepoints') });
  const seen = Array.from({ length: KEYS }, () => new Map<number, number>());
  for (const text of visibleFiles(output).values()) {
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const { key, n } = JSON.parse(line) as { readonly key: number; readonly n: number };
      seen[key]?.set(n, (seen[key]?.get(n) ?? 0) + 1);
    }
  }
  for (const [key, times] of seen.entries()) {
    t.ok(times.size > 0, `key ${key} has come`);
    t.equal(Math.max(...times.keys()), times.size, `key ${key}: none is missing`);
    t.equal(Math.max(...times.values()), 1, `key ${key}: none is there twice`);
  }
}

t.test(
  'a job is spread over its TaskManagers; one is lost, another comes, and each result is there once',
  async (t) => {
    const { cluster, output } = await start(t, {
      'parallelism.default': 4,
      'minicluster.number-of-taskmanagers': 2,
      'taskmanager.numberOfTaskSlots': 2,
      'taskmanager.load-balance.mode': 'SLOTS',
    });
    const job = await cluster.submit(counts, { output });
    await anotherCheckpoint(job);
    const managers = await cluster.taskManagers();
    t.same(takenOf(managers), [2, 2]);
    await cluster.terminateTaskManager(managers[1]?.id ?? '');
    await until(async () => (await job.status())?.lastFailure !== undefined);
    const { rootCause, taskManagerId } = (await job.status())?.lastFailure ?? {};
    t.equal(rootCause?.code, 'MR5015');
    t.equal(taskManagerId, managers[1]?.id, 'the failure says where');
    await until(async () => (await job.status())?.attempt === 2);
    t.same(takenOf(await cluster.taskManagers()), [2], 'it waits with what is left');
    t.equal((await job.status())?.tasksRunning, 0);
    const third = await cluster.startTaskManager();
    await anotherCheckpoint(job);
    t.same(takenOf(await cluster.taskManagers()), [2, 2]);
    t.equal((await cluster.taskManagers())[1]?.id, third);
    t.equal((await job.status())?.attempt, 2);
    await stopAndCheck(t, job, output);
    await until(async () => takenOf(await cluster.taskManagers()).join() === '0,0');
  },
);

t.test('slots that do not come fail the job', async (t) => {
  const { cluster, output } = await start(t, {
    'parallelism.default': 2,
    'taskmanager.numberOfTaskSlots': 1,
    'slot.request.timeout': '50 ms',
    'restart-strategy.type': 'none',
  });
  const job = await cluster.submit(counts, { output, count: 1000, rate: 5000 });
  t.match(job.warnings.join(), /needs 2 slots, and the cluster has 1 for it/);
  await t.rejects(job.result(), { code: 'MR5006', cause: { code: 'MR5014' } });
});

t.test('an adaptive job goes on with the slots that are left, and grows when others come', async (t) => {
  const { cluster, output } = await start(t, {
    'parallelism.default': 4,
    'minicluster.number-of-taskmanagers': 2,
    'taskmanager.numberOfTaskSlots': 2,
    'jobmanager.scheduler': 'Adaptive',
    'jobmanager.adaptive-scheduler.submission.resource-stabilization-timeout': '20 ms',
    'jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling': '10 ms',
  });
  const job = await cluster.submit(counts, { output });
  const tasks = async (): Promise<number> => (await job.status())?.tasks ?? 0;
  await anotherCheckpoint(job);
  const full = await tasks();
  const [, second] = await cluster.taskManagers();
  await cluster.terminateTaskManager(second?.id ?? '');
  await until(async () => (await tasks()) === full / 2);
  t.same(takenOf(await cluster.taskManagers()), [2]);
  await anotherCheckpoint(job);
  await cluster.startTaskManager();
  await until(async () => (await job.status())?.rescales === 2);
  t.equal(await tasks(), full);
  t.same(takenOf(await cluster.taskManagers()), [2, 2]);
  t.equal((await job.status())?.restarts, 0, 'nothing has failed');
  await stopAndCheck(t, job, output);
});

t.test('an adaptive job moves to spare slots before its TaskManager goes, without a failure', async (t) => {
  const { cluster, output } = await start(t, {
    'parallelism.default': 2,
    'minicluster.number-of-taskmanagers': 2,
    'taskmanager.numberOfTaskSlots': 2,
    'jobmanager.scheduler': 'Adaptive',
  });
  const job = await cluster.submit(counts, { output });
  await anotherCheckpoint(job);
  const [first] = await cluster.taskManagers();
  t.same(takenOf(await cluster.taskManagers()), [2, 0]);
  await cluster.terminateTaskManager(first?.id ?? '');
  t.same(takenOf(await cluster.taskManagers()), [2]);
  t.match(await job.status(), { restarts: 0, rescales: 1, attempt: 2 });
  t.ok((await job.status())?.restoredCheckpointId, 'it goes on from a checkpoint');
  await stopAndCheck(t, job, output);
});

t.test('an adaptive job leaves two TaskManagers that go at once in order', async (t) => {
  const { cluster, output } = await start(t, {
    'parallelism.default': 4,
    'minicluster.number-of-taskmanagers': 3,
    'taskmanager.numberOfTaskSlots': 2,
    'jobmanager.scheduler': 'Adaptive',
  });
  const job = await cluster.submit(counts, { output });
  await anotherCheckpoint(job);
  const [first, second] = await cluster.taskManagers();
  t.same(takenOf(await cluster.taskManagers()), [2, 2, 0]);
  await Promise.all([first, second].map((each) => cluster.terminateTaskManager(each?.id ?? '')));
  t.same(takenOf(await cluster.taskManagers()), [2]);
  t.match(await job.status(), { restarts: 0, lastFailure: undefined });
  await stopAndCheck(t, job, output);
});

t.test('from a shell, a job follows its TaskManagers from one to two and back', async (t) => {
  const { cluster, output } = await start(t, {
    'rest.port': 0,
    'taskmanager.numberOfTaskSlots': 2,
    'scheduler-mode': 'REACTIVE',
    'jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling': '0 ms',
    'jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout': '0 ms',
  });
  const target = new URL(await cluster.serveRest()).host;
  const ask = (...words: readonly string[]) =>
    runCaptured(['taskmanager', ...words, '-m', target], COMMANDS, tmpdir());
  const job = await cluster.submit(counts, { output });
  await anotherCheckpoint(job);
  t.same(takenOf(await cluster.taskManagers()), [2]);
  const started = await ask('start', '--json');
  t.equal(started.exitCode, 0, started.stderr);
  const { id } = JSON.parse(started.stdout) as { readonly id: string };
  await until(async () => (await job.status())?.rescales === 1);
  t.same(takenOf(await cluster.taskManagers()), [2, 2]);
  await anotherCheckpoint(job);
  t.match((await ask('list')).stdout, new RegExp(`^${id} : 2 slots, 0 free$`, 'm'));
  const [first] = await cluster.taskManagers();
  t.match(await ask('stop', first?.id ?? ''), { exitCode: 0, stdout: /Tasks ran in 2 of its slots/ });
  t.match(await job.status(), { restarts: 0, rescales: 2 }, 'it has left before it was stopped');
  t.match(
    await cluster.taskManagers(),
    [{ id, allocated: { length: 2 } }],
    'it goes on with the one that came',
  );
  await stopAndCheck(t, job, output);
});

t.test('a reactive job takes all slots that there are', async (t) => {
  const { cluster, output } = await start(t, {
    'taskmanager.numberOfTaskSlots': 2,
    'scheduler-mode': 'REACTIVE',
    'jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling': '0 ms',
    'jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout': '0 ms',
  });
  const job = await cluster.submit(counts, { output });
  await anotherCheckpoint(job);
  t.same(takenOf(await cluster.taskManagers()), [2]);
  t.equal((await job.status())?.attempt, 1, 'it has begun so');
  await cluster.startTaskManager();
  await until(async () => (await job.status())?.rescales === 1);
  t.same(takenOf(await cluster.taskManagers()), [2, 2]);
  await stopAndCheck(t, job, output);
});

t.test('with slots without number nothing waits, and there is nothing to react to', async (t) => {
  const { cluster, output } = await start(t, { 'parallelism.default': 3 });
  const job = await cluster.submit(counts, { output, count: 1000, rate: 5000 });
  await until(async () => ((await job.status())?.tasksRunning ?? 0) > 0);
  const [only, ...others] = await cluster.taskManagers();
  t.equal(others.length, 0);
  t.equal(only?.slots, 3);
  await job.result();
  const reactive = { configuration: { 'scheduler-mode': 'REACTIVE' } };
  await t.rejects(cluster.submit(counts, { output, count: 1000 }, { ...reactive, jobId: 'other' }), {
    code: 'MR4002',
  });
});
