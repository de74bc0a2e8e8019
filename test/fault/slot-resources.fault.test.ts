import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import t, { type Test } from 'tap';
import type { TaskManagerStatus } from '../../actors/cluster/cluster-gateway.js';
import type { RawValue } from '../../core/job/resolve-options.js';
import sized from './jobs/sized-groups.js';
import { until } from './looks.js';
import { visibleFiles } from './millrace-process.js';

const COUNT = 4000;
const MB = 1024 * 1024;

t.setTimeout(120_000);

interface Cluster {
  readonly cluster: LocalCluster;
  readonly output: string;
}

async function start(t: Test, configuration: Readonly<Record<string, RawValue>> = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-sized-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const cluster = await LocalCluster.start({
    checkpointing: { interval: '100 ms', dir: join(folder, 'checkpoints') },
    configuration,
  });
  t.teardown(() => cluster.close());
  return { cluster, output: join(folder, 'out') };
}

function lines(output: string): number {
  const texts = [...visibleFiles(output).values()];
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).length;
}

t.test('a group has slots of its size, the others equal shares, and the job runs in them', async (t) => {
  const { cluster, output } = await start(t, { 'taskmanager.numberOfTaskSlots': 4 });
  const count = COUNT * 5;
  const job = await cluster.submit(sized, { output, count, managed: 200 });
  let allocated: TaskManagerStatus['allocated'] = [];
  await until(async () => {
    allocated = (await cluster.taskManagers())[0]?.allocated ?? [];
    return allocated.length >= 2;
  });
  const heavy = allocated.filter(({ group }) => group === 'heavy');
  t.match(heavy, [{ resource: { cpuCores: 0.5, taskHeapBytes: 100 * MB, managedBytes: 200 * MB } }]);
  t.equal(allocated.filter(({ resource }) => resource === undefined).length, 1);
  await job.result();
  t.equal(lines(output), count);
});

t.test('a job that has its TaskManager for itself divides that', async (t) => {
  const { cluster, output } = await start(t);
  const job = await cluster.submit(sized, { output, count: COUNT, managed: 200 });
  await job.result();
  t.equal(lines(output), COUNT);
});

t.test('what no TaskManager has is refused; what others have at the moment is waited for', async (t) => {
  const { cluster, output } = await start(t, {
    'taskmanager.memory.process.size': '1728m',
    'taskmanager.numberOfTaskSlots': 4,
    'slot.request.timeout': '50 ms',
    'restart-strategy.type': 'none',
  });
  const order = { output, count: COUNT };
  await t.rejects(cluster.submit(sized, { ...order, managed: 4000 }), { code: 'MR4007' });
  // Beside that there is no equal share, 128 of 512 MB, for the source.
  const job = await cluster.submit(sized, { ...order, managed: 450 });
  await t.rejects(job.result(), { code: 'MR5006', cause: { code: 'MR5014' } });
});

t.test('an adaptive job has no slots of a size', async (t) => {
  const { cluster, output } = await start(t, { 'jobmanager.scheduler': 'Adaptive' });
  await t.rejects(cluster.submit(sized, { output, count: COUNT, managed: 100 }), { code: 'MR4007' });
});
