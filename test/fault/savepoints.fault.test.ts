import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster, type LocalJob } from 'millrace';
import t, { type Test } from 'tap';
import counts from './jobs/running-counts.js';
import { jobPath, MillraceProcess } from './millrace-process.js';

function folder(t: { teardown(work: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-savepoints-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function cluster(t: { teardown(work: () => unknown): void }, at: string, parallelism: number) {
  const started = await LocalCluster.start({
    parallelism,
    checkpointing: { interval: '150 ms', dir: join(at, 'checkpoints') },
    configuration: { 'execution.checkpointing.savepoint-dir': join(at, 'savepoints') },
  });
  t.teardown(() => started.close());
  return started;
}

/** What a reader of the output sees. */
function lines(output: string): string[] {
  if (!existsSync(output)) return [];
  return readdirSync(output)
    .filter((name) => !/^[._]/.test(name))
    .flatMap((name) => readFileSync(join(output, name), 'utf8').split('\n'))
    .filter((line) => line !== '');
}

/** Each key's records are numbered from 1, without a gap and without a double; how many there are. */
function checkedCounts(t: Test, output: string): number {
  const byKey = new Map<number, number[]>();
  for (const line of lines(output)) {
    const { key, n } = JSON.parse(line) as { key: number; n: number };
    byKey.set(key, [...(byKey.get(key) ?? []), n]);
  }
  let sum = 0;
  for (const [key, numbers] of byKey) {
    numbers.sort((a, b) => a - b);
    sum += numbers.length;
    t.strictSame(
      numbers,
      numbers.map((_, index) => index + 1),
      `key ${key} has each number once`,
    );
  }
  return sum;
}

/** Until so many checkpoints are complete. */
async function completed(job: LocalJob, atLeast: number): Promise<void> {
  for (;;) {
    const status = await job.status();
    if (status === undefined || status.checkpoints.completed >= atLeast) return;
  }
}

t.test('a job that was stopped with a savepoint goes on from it, at any parallelism', async (t) => {
  const at = folder(t);
  const output = join(at, 'out');
  let from: string | undefined;
  let before = 0;
  for (const parallelism of [2, 3, 1]) {
    const started = await cluster(t, at, parallelism);
    const job = await started.submit(counts, { output }, from === undefined ? {} : { fromSavepoint: from });
    await completed(job, 2);
    from = await job.stop();
    t.equal((await job.status())?.status, 'FINISHED');
    await job.result();
    await started.close();
    const sum = checkedCounts(t, output);
    t.ok(sum > before, `${sum} results, ${before} before`);
    before = sum;
  }
});

t.test('a savepoint stands on its own, wherever it lies', async (t) => {
  const at = folder(t);
  const started = await cluster(t, at, 2);
  const job = await started.submit(counts, { output: join(at, 'out') });
  await completed(job, 2);
  const path = await job.savepoint(join(at, 'elsewhere'));
  t.match(path, /elsewhere.savepoint-[0-9a-f]{12}$/);
  await completed(job, ((await job.status())?.checkpoints.completed ?? 0) + 1);
  await job.cancel();
  await t.rejects(job.result(), { code: 'MR5007' });
  rmSync(join(at, 'checkpoints'), { recursive: true });
  const moved = join(at, 'moved');
  renameSync(path, moved);
  cpSync(join(at, 'out'), join(at, 'fork'), { recursive: true });
  const fork = await started.submit(
    counts,
    { output: join(at, 'fork') },
    { jobId: 'fork', fromSavepoint: moved },
  );
  t.ok(fork.restoredCheckpointId);
  await completed(fork, 1);
  const again = await fork.stop({ savepointDir: join(at, 'again') });
  t.ok(existsSync(join(again, '_metadata')));
});

t.test('a drained job ends as if its input had', async (t) => {
  const at = folder(t);
  const started = await cluster(t, at, 2);
  const job = await started.submit(counts, { output: join(at, 'out') });
  await completed(job, 1);
  const path = await job.stop({ drain: true });
  await job.result();
  t.ok(existsSync(join(path, '_metadata')));
  t.ok(checkedCounts(t, join(at, 'out')) > 0);
});

t.test('where no savepoint can be written, it is told why, and the job goes on', async (t) => {
  const at = folder(t);
  const started = await cluster(t, at, 1);
  const job = await started.submit(counts, { output: join(at, 'out'), count: 20_000, rate: 10_000 });
  await completed(job, 1);
  await t.rejects(job.stop({ savepointDir: '/dev/null/savepoints' }), {
    code: 'MR3007',
    cause: { code: /MR3/ },
  });
  await t.rejects(job.savepoint('/dev/null/savepoints'), { code: 'MR3007' });
  await job.result();
  t.equal(checkedCounts(t, join(at, 'out')), 20_000);
});

t.test('SIGTERM stops with a savepoint where there is a folder for it', async (t) => {
  const at = folder(t);
  const output = join(at, 'out');
  mkdirSync(output);
  const options = [
    'execution.checkpointing.savepoint-dir=savepoints',
    'execution.checkpointing.interval=200ms',
  ];
  const job = [...options.flatMap((option) => ['-D', option]), jobPath('running-counts'), '--output', 'out'];
  let from: string[] = [];
  let before = 0;
  for (let start = 1; start <= 2; start++) {
    const run = new MillraceProcess(at, [...from, ...job]);
    await run.until(output, async () => lines(output).length > before);
    run.kill('SIGTERM');
    const { code, stderr } = await run.ended;
    t.equal(code, 0);
    const path = /^Savepoint completed\. Path: (.*)$/m.exec(stderr)?.[1] ?? '';
    t.ok(existsSync(join(path, '_metadata')), stderr);
    from = ['-s', path];
    before = checkedCounts(t, output);
  }
});
