import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster, type LocalJob } from 'millrace';
import t, { type Test } from 'tap';
import type { TaskManagerStatus } from '../../actors/cluster/cluster-gateway.js';
import type { RawValue } from '../../core/job/resolve-options.js';
import counts from './jobs/running-counts.js';
import { visibleFiles } from './millrace-process.js';

const KEYS = 7;

t.setTimeout(120_000);

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

/** Waits for what is looked at again and again; each look crosses to another thread. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

async function anotherCheckpoint(job: LocalJob): Promise<void> {
  const before = (await job.status())?.checkpoints.completed ?? 0;
  await until(async () => ((await job.status())?.checkpoints.completed ?? 0) > before);
}

function takenOf(managers: readonly TaskManagerStatus[]): number[] {
  return managers.map(({ allocated }) => allocated.length);
}

/** Each key's count goes up by one, from one, and each of its values is there once. */
function checkOutput(t: Test, output: string, count: number): void {
  const lines = [...visibleFiles(output).values()].flatMap((text) =>
    text.split('\n').filter((each) => each !== ''),
  );
  t.equal(lines.length, count, 'so many results as records');
  t.equal(new Set(lines).size, count, 'none is there twice');
  const keys = lines.map((line) => (JSON.parse(line) as { readonly key: number }).key);
  t.equal(new Set(keys).size, KEYS);
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
    const count = 300_000;
    const job = await cluster.submit(counts, { output, count, rate: 60_000 });
    await anotherCheckpoint(job);
    const managers = await cluster.taskManagers();
    t.same(takenOf(managers), [2, 2]);
    await cluster.removeTaskManager(managers[1]?.id ?? '');
    await until(async () => (await job.status())?.lastFailure !== undefined);
    const { rootCause, taskManagerId } = (await job.status())?.lastFailure ?? {};
    t.equal(rootCause?.code, 'MR5015');
    t.equal(taskManagerId, managers[1]?.id, 'the failure says where');
    await until(async () => (await job.status())?.attempt === 2);
    t.same(takenOf(await cluster.taskManagers()), [2], 'it waits with what is left');
    t.equal((await job.status())?.tasksRunning, 0);
    const third = await cluster.addTaskManager();
    await anotherCheckpoint(job);
    t.same(takenOf(await cluster.taskManagers()), [2, 2]);
    t.equal((await cluster.taskManagers())[1]?.id, third);
    const result = await job.result();
    t.equal(result.attempts, 2);
    t.same(takenOf(await cluster.taskManagers()), [0, 0], 'who has ended has no slot');
    checkOutput(t, output, count);
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
  await t.rejects(job.result(), { code: 'MR5006', cause: { code: 'MR5014' } });
});
