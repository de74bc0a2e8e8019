import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster, type LocalJob } from 'millrace';
import t, { type Test } from 'tap';
import type { RawValue } from '../../core/job/resolve-options.js';
import pipelines from './jobs/two-pipelines.js';
import { anotherCheckpoint, until } from './looks.js';
import { visibleFiles } from './millrace-process.js';

const PARALLELISM = 2;
const KEYS = 7;

t.setTimeout(120_000);

/** By task: the number of its thread, once all of them have told it. */
async function threads(job: LocalJob): Promise<ReadonlyMap<string, number>> {
  let known = new Map<string, number>();
  await until(async () => {
    const tasks = await job.tasks();
    known = new Map(tasks.map(({ vertexId, subtask, threadId }) => [`${vertexId}/${subtask}`, threadId]));
    return tasks.every(({ threadId }) => threadId > 0);
  });
  return known;
}

function changed(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  return [...after]
    .filter(([task, thread]) => before.get(task) !== thread)
    .map(([task]) => task)
    .sort();
}

function linesIn(folder: string): string[] {
  return [...visibleFiles(folder).values()].flatMap((text) => text.split('\n').filter((line) => line !== ''));
}

/** Of several rows that each go up by one step, from their least: what is missing, or there twice. */
function faultsOf(numbers: readonly number[], step: number): number[] {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted.filter((n, i) => i > 0 && n - (sorted[i - 1] ?? n) !== step);
}

interface Run {
  readonly cluster: LocalCluster;
  readonly job: LocalJob;
  readonly folder: string;
}

/** Vertices 0 and 1 are the first pipeline, 2 and 3 the lanes. */
async function start(t: Test, configuration: Readonly<Record<string, RawValue>> = {}): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-regions-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const cluster = await LocalCluster.start({
    checkpointing: { interval: '100 ms', dir: join(folder, 'checkpoints') },
    configuration: { 'parallelism.default': PARALLELISM, ...configuration },
  });
  t.teardown(() => cluster.close());
  const job = await cluster.submit(pipelines, { folder });
  await anotherCheckpoint(job);
  return { cluster, job, folder };
}

async function stopAndCheck(t: Test, { job, folder }: Run): Promise<void> {
  await job.stop({ savepointDir: join(folder, 'savepoints') });
  const counts = linesIn(join(folder, 'counts')).map(
    (line) => JSON.parse(line) as { key: number; n: number },
  );
  for (let key = 0; key < KEYS; key++) {
    const own = counts.filter((each) => each.key === key).map(({ n }) => n);
    t.ok(own.length > 0);
    t.same(faultsOf(own, 1), [], `key ${key}`);
  }
  const numbers = linesIn(join(folder, 'lanes')).map(Number);
  for (let lane = 0; lane < PARALLELISM; lane++) {
    const own = numbers.filter((n) => n % PARALLELISM === lane);
    t.ok(own.length > 0);
    t.same(faultsOf(own, PARALLELISM), [], `lane ${lane}`);
  }
}

t.test(
  'a failure restarts its region; others keep their threads, and all results are there once',
  async (t) => {
    const run = await start(t);
    const { job, folder } = run;
    const first = await threads(job);
    t.equal(first.size, 8);

    writeFileSync(join(folder, 'end-counts'), '');
    await until(async () => (await job.status())?.attempt === 2);
    await anotherCheckpoint(job);
    const second = await threads(job);
    t.same(changed(first, second), ['0/0', '0/1', '1/0', '1/1'], 'source and counts are new');

    writeFileSync(join(folder, 'end-lane-1'), '');
    await until(async () => (await job.status())?.attempt === 3);
    await anotherCheckpoint(job);
    const third = await threads(job);
    t.same(changed(second, third), ['2/1', '3/1'], 'one lane is new, and not that of the enumerator');
    t.match((await job.status())?.lastFailure, {
      rootCause: { code: 'MR5003' },
      restartedTasks: { length: 2 },
    });

    writeFileSync(join(folder, 'end-lane-0'), '');
    await until(async () => (await job.status())?.attempt === 4);
    await anotherCheckpoint(job);
    t.same(changed(third, await threads(job)), ['2/0', '3/0'], 'and so is that of the enumerator');
    await stopAndCheck(t, run);
  },
);

t.test('with a TaskManager go the regions that have a task there, and wait for another one', async (t) => {
  const run = await start(t, {
    'minicluster.number-of-taskmanagers': 2,
    'taskmanager.numberOfTaskSlots': 1,
  });
  const { cluster, job } = run;
  const first = await threads(job);
  const [, second] = await cluster.taskManagers();
  await cluster.terminateTaskManager(second?.id ?? '');
  await until(async () => (await job.status())?.attempt === 2);
  await until(async () => (await job.status())?.tasksRunning === 2);
  await cluster.startTaskManager();
  await anotherCheckpoint(job);
  const after = await threads(job);
  const kept = [...first.keys()].filter((task) => !changed(first, after).includes(task));
  t.same(kept, ['2/0', '3/0'], 'one lane has gone on');
  await stopAndCheck(t, run);
});
