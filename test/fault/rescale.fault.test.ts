import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ClusterOptions, LocalCluster } from 'millrace';
import t, { type Test } from 'tap';
import { Prng } from '../../core/base/prng.js';
import counts from './jobs/running-counts.js';
import { plainEnvironment, visibleFiles } from './millrace-process.js';
import type { RescaleLine, RescalePlan } from './rescale-process.js';

/**
 * A job with real threads and files changes its parallelism while it runs at full load: each result is in the visible
 * files once, also where the process is killed in the middle of that and another one resumes.
 */
const PROCESS = fileURLToPath(new URL('./rescale-process.js', import.meta.url));
const KEYS = 7;

/** Runs a plan; `onLine` hears what it says as it says it. */
async function run(
  plan: RescalePlan,
  onLine: (line: RescaleLine, child: ChildProcess) => void,
): Promise<number | string> {
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(plan)], {
    cwd: plan.folder,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  for await (const line of createInterface(child.stdout)) onLine(JSON.parse(line) as RescaleLine, child);
  const [code, signal] = await ended;
  return code ?? signal ?? 'unknown';
}

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rescale-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Each key's count goes up by one, from one, and each of its values is there once. */
function checkOutput(t: Test, output: string, count: number): void {
  const seen = Array.from({ length: KEYS }, () => new Map<number, number>());
  let lines = 0;
  for (const text of visibleFiles(output).values()) {
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const { key, n } = JSON.parse(line) as { readonly key: number; readonly n: number };
      seen[key]?.set(n, (seen[key]?.get(n) ?? 0) + 1);
      lines++;
    }
  }
  t.equal(lines, count, 'so many results as records');
  for (const [key, times] of seen.entries()) {
    const wanted = Math.ceil((count - key) / KEYS);
    t.equal(times.size, wanted, `key ${key}: none is missing`);
    t.ok(
      [...times.values()].every((each) => each === 1),
      `key ${key}: none is there twice`,
    );
  }
}

t.setTimeout(120_000);

t.test('[scenario 10] 1 -> 4 -> 2 under load: the same job, and each result once', async (t) => {
  const folder = folderOf(t);
  const output = join(folder, 'out');
  const count = 300_000;
  const lines: RescaleLine[] = [];
  const params = { output, count, rate: 40_000 };
  const plan: RescalePlan = {
    folder,
    parallelism: 1,
    params,
    start: 'new',
    configuration: {},
    rescales: [4, 2],
  };
  t.equal(await run(plan, (line) => lines.push(line)), 0);
  const rescaled = lines.filter((line) => line.said === 'rescaled');
  t.match(rescaled, [
    { parallelism: 4, tasks: 8 },
    { parallelism: 2, tasks: 4 },
  ]);
  for (const { parallelism, pauseMs, downMs } of rescaled) {
    t.comment(
      `to ${parallelism}: no record for ${pauseMs?.toFixed(0)} ms, all tasks after ${downMs.toFixed(0)} ms`,
    );
    t.ok(pauseMs !== undefined && pauseMs < 10_000, 'the pause is known');
  }
  t.match(lines.at(-1), { said: 'ended', attempts: 3, failures: 0, jobId: rescaled[0]?.jobId });
  checkOutput(t, output, count);
});

t.test('[scenario 10] killed in the middle of a rescale, and resumed', async (t) => {
  const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);
  t.comment(`seed ${seed}`);
  const prng = new Prng(seed);
  const folder = folderOf(t);
  const output = join(folder, 'out');
  const count = 120_000;
  const params = { output, count, rate: 30_000 };
  const common = { folder, params, start: 'resume', configuration: {} } as const;
  for (const [parallelism, target] of [
    [1, 3],
    [2, 1],
    [1, 4],
  ] as const) {
    const delayMs = prng.between(0, 600);
    const code = await run({ ...common, parallelism, rescales: [target] }, (line, child) => {
      if (line.said === 'begins') setTimeout(() => child.kill('SIGKILL'), delayMs);
    });
    t.ok(code === 'SIGKILL' || code === 0, `killed after ${delayMs} ms, or through: ${code}`);
  }
  const lines: RescaleLine[] = [];
  t.equal(await run({ ...common, parallelism: 2, rescales: [] }, (line) => lines.push(line)), 0);
  t.match(lines.at(-1), { said: 'ended' });
  checkOutput(t, output, count);
  t.comment(`seed ${seed}`);
});

t.test('a process that goes on has the parallelism of the rescale, unless it is told another', async (t) => {
  const folder = folderOf(t);
  const params = { output: join(folder, 'out'), rate: 5000 };
  const checkpointing = { interval: '100 ms', dir: join(folder, 'checkpoints') };
  const goOn = async (options: ClusterOptions, rescaleTo?: number) => {
    const cluster = await LocalCluster.start({ checkpointing, ...options });
    t.teardown(() => cluster.close());
    const job = await cluster.submit(counts, params, { start: 'resume' });
    await job.rescale(rescaleTo ?? { 0: { lowerBound: 1, upperBound: 1 } });
    const { tasks } = (await job.status()) ?? {};
    await cluster.close();
    return { tasks, warnings: job.warnings.join() };
  };
  t.match(await goOn({ parallelism: 2 }, 3), { tasks: 6, warnings: '' });
  // The source alone is changed, and the other vertex has what it had.
  t.match(await goOn({ parallelism: 2 }), { tasks: 4, warnings: '' });
  t.match(await goOn({ parallelism: 2 }), { tasks: 4 });
  t.match(await goOn({ parallelism: 5 }), { tasks: 6, warnings: /started with another parallelism/ });
});

t.test('what cannot be is refused with a reason, and the job goes on as it was', async (t) => {
  const folder = folderOf(t);
  const output = join(folder, 'out');
  const count = 60_000;
  const lines: RescaleLine[] = [];
  const plan: RescalePlan = {
    folder,
    parallelism: 1,
    params: { output, count, rate: 30_000 },
    start: 'new',
    configuration: { 'taskmanager.memory.process.size': '1728m' },
    rescales: [129, 0, 64, 1],
  };
  t.equal(await run(plan, (line) => lines.push(line)), 0);
  const why = lines.flatMap((line) => (line.said === 'refused' ? [line.why] : []));
  t.match(why, [/MR5013.*maximum parallelism 128/s, /MR5013/, /MR4005.*Lower the parallelism/s]);
  t.match(lines.at(-1), { said: 'ended', attempts: 1, failures: 0 });
  checkOutput(t, output, count);
});
