import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster, type LocalJob } from 'millrace';
import t, { type Test } from 'tap';
import perishing from './jobs/perishing.js';
import runningCounts from './jobs/running-counts.js';
import { until } from './looks.js';

/** What a job goes on from is taken away, before or while it does. */
t.setTimeout(120_000);

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-lost-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function cluster(t: Test, dir: string, interval: string): Promise<LocalCluster> {
  const started = await LocalCluster.start({
    parallelism: 2,
    checkpointing: { interval, dir },
    configuration: {
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.attempts': 1,
      'restart-strategy.fixed-delay.delay': '10 ms',
      'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    },
  });
  t.teardown(() => started.close());
  return started;
}

/** Some records have come to each task. */
function underWay(job: LocalJob): Promise<void> {
  return until(async () => {
    const [status, tasks] = await Promise.all([job.status(), job.tasks()]);
    const isRunning = status !== undefined && status.tasksRunning === status.tasks;
    return isRunning && tasks.length > 0 && tasks.every(({ records }) => records >= 500);
  });
}

/** An error and its causes. */
function told(error: unknown): string {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) lines.push(String(cause));
  return lines.join('\n');
}

/** What has come out of it, as soon as there is something; or why nothing will. */
async function firstOf(job: LocalJob): Promise<readonly number[] | string> {
  const ended: Promise<string> = job.result().then(() => 'it has ended', told);
  let end: string | undefined;
  ended.then((why) => {
    end = why;
  }, told);
  let values: readonly number[] = [];
  await until(async () => {
    if (end === undefined) values = (await job.collected()) as readonly number[];
    return end !== undefined || values.length > 0;
  });
  return values.length > 0 ? values : (end ?? '');
}

t.test(
  '[scenario 17] what was to be committed is gone when the job comes back: it fails, and skips nothing',
  async (t) => {
    const at = folder(t);
    const output = join(at, 'out');
    const running = await cluster(t, join(at, 'checkpoints'), '1 h');
    const job = await running.submit(runningCounts, { output, rate: 20_000 });
    await underWay(job);
    // Its sink has prepared what a restore commits.
    const savepoint = await job.savepoint(join(at, 'savepoints'));
    await job.cancel();
    await job.result().catch((error: unknown) => t.comment(String(error)));
    const hidden = readdirSync(output, { recursive: true }).map(String);
    t.ok(hidden.length > 0, 'what was prepared lies in hidden files');
    rmSync(output, { recursive: true });
    for (const time of ['first', 'second']) {
      const again = await running.submit(
        runningCounts,
        { output, rate: 20_000 },
        { jobId: time, fromSavepoint: savepoint },
      );
      t.match(
        await again.result().then(() => 'it has ended', told),
        /MR6005 .*cannot be committed: its data is gone/,
        `the ${time} time`,
      );
    }
  },
);

/** When it is deleted: so many ms after the start was asked for, or around that. */
const MOMENTS = ['before', 'at once', 30, 100, 200, 'when it was accepted'] as const;

t.test('[scenario 20] a retained checkpoint is deleted while a job begins from it', async (t) => {
  const at = folder(t);
  const dir = join(at, 'checkpoints');
  const running = await cluster(t, dir, '50 ms');
  const params = { how: 'not', count: 2_000_000_000, rate: 50_000 };
  const job = await running.submit(perishing, params);
  // What the last one has for its sink is not what the job begins with.
  await underWay(job);
  for (let checkpoints = 0; checkpoints < 3; checkpoints++) await job.triggerCheckpoint();
  await job.cancel();
  t.comment(await job.result().then(() => 'it has ended', told));
  for (const moment of MOMENTS) {
    const copy = join(at, `copy ${moment}`);
    cpSync(join(dir, 'perishing'), copy, { recursive: true });
    const remove = (): void => rmSync(copy, { recursive: true, force: true });
    if (moment === 'before') remove();
    const submission = running.submit(perishing, params, { jobId: `copy-${moment}`, fromSavepoint: copy });
    if (moment === 'at once') remove();
    if (typeof moment === 'number') setTimeout(remove, moment);
    const next = await submission.catch(told);
    if (moment === 'when it was accepted') remove();
    const outcome = typeof next === 'string' ? next : await firstOf(next);
    t.comment(`deleted ${moment}: ${typeof outcome === 'string' ? outcome : 'it goes on'}`);
    if (typeof outcome === 'string') t.match(outcome, /MR3\d\d\d/, 'it is told what cannot be read');
    else t.notOk(outcome.includes(2), 'it does not begin from the beginning');
    if (moment === 'before') t.type(outcome, 'string', 'what is not there is refused');
    if (typeof next !== 'string') await next.cancel();
  }
});
