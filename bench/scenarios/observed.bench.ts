import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LocalCluster, type LocalJob } from 'millrace';
import { cpuNanoseconds, medianOf, Report, SMALL } from '../harness.js';
import hop from './engine-hop-job.js';
import type { WatcherAnswer, WatcherOrder } from './rest-watcher.js';

/**
 * What it costs to be looked at. The hop of the running engine, for ever, is measured in turns: while nobody looks, and
 * while another process asks for what the dashboard asks for and scrapes the metrics each second. Of each pair of turns
 * the ratio counts: a minute later the machine is another. Beside it how long an answer takes at full load, and what a
 * cluster takes that has nothing to do.
 */
const FOREVER = 1e12;
const TURN_MS = SMALL ? 300 : 5000;
const PAIRS = SMALL ? 1 : 7;
const WARM_MS = SMALL ? 100 : 8000;
const REQUESTS = SMALL ? 20 : 500;
/** After which V8 has done what it does of itself in threads that come to rest. */
const REST_MS = SMALL ? 500 : 28_000;
const IDLE_MS = SMALL ? 300 : 20_000;
/** Vertex of the sink. */
const SINK = 1;
/** `_SC_CLK_TCK` of every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const PROGRAM = fileURLToPath(new URL('../../bundle/actors/boot/millrace.js', import.meta.url));
const WATCHER = fileURLToPath(new URL('./rest-watcher.js', import.meta.url));

async function ask(watcher: ChildProcess, order: WatcherOrder): Promise<WatcherAnswer> {
  const answered = once(watcher, 'message');
  const gone = once(watcher, 'exit').then(() => {
    throw new Error('the watcher has ended');
  });
  watcher.send(order);
  const [answer] = await Promise.race([answered, gone]);
  return answer as WatcherAnswer;
}

/** Records that the sink takes in the meantime: a second, and for each second of processor time of this process. */
async function rateDuring(
  job: LocalJob,
  meantime: () => Promise<unknown>,
): Promise<{ readonly perSecond: number; readonly perCpuSecond: number }> {
  const records = async (): Promise<number> =>
    (await job.tasks()).find(({ vertexId }) => vertexId === SINK)?.records ?? 0;
  const [begin, cpu] = [performance.now(), cpuNanoseconds()];
  const before = await records();
  await meantime();
  const more = (await records()) - before;
  const seconds = (performance.now() - begin) / 1000;
  return { perSecond: more / seconds, perCpuSecond: (more * 1e9) / (cpuNanoseconds() - cpu) };
}

/** Of the answers to as many requests, ms. */
async function answerTimes(watcher: ChildProcess, url: string): Promise<{ median: number; p99: number }> {
  const { ms } = await ask(watcher, { type: 'time', url: `${url}/jobs/overview`, requests: REQUESTS });
  const sorted = ms.toSorted((a, b) => a - b);
  return { median: medianOf(sorted), p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN };
}

/** Of one process with all its threads, as a share of one core, in percent. */
async function idleShare(folder: string, ...words: string[]): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  child.stdout.resume();
  child.stderr.resume();
  await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), exit]);
  await after(REST_MS);
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  const begin = performance.now();
  await after(IDLE_MS);
  const seconds = (performance.now() - begin) / 1000;
  const share = ((ticks() - before) / TICKS_PER_SECOND / seconds) * 100;
  child.kill('SIGTERM');
  await exit;
  return share;
}

const report = new Report('observed');
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
const idleJob = fileURLToPath(new URL('./idle-job.js', import.meta.url));
const [idleCluster, idleRun] = await Promise.all([
  idleShare(folder, 'cluster', 'start', '-D', 'rest.port=0'),
  idleShare(folder, 'run', '--fresh', '-D', 'rest.port=0', idleJob),
]);
report.atMost('idle cluster', idleCluster, 1, '% of a core');
report.atMost('cluster with an idle job', idleRun, 1, '% of a core');
const cluster = await LocalCluster.start({ configuration: { 'rest.port': 0 } });
const watcher = fork(WATCHER);
try {
  const url = await cluster.serveRest();
  const calm = await answerTimes(watcher, url);
  const job = await cluster.submit(hop, { count: FOREVER });
  await after(WARM_MS);
  const alone: number[] = [];
  const ratios: number[] = [];
  const cpuRatios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const unseen = await rateDuring(job, () => after(TURN_MS));
    const order = { type: 'watch', url, jobId: job.jobId, forMs: TURN_MS } as const;
    const watched = await rateDuring(job, () => ask(watcher, order));
    alone.push(unseen.perSecond);
    ratios.push(watched.perSecond / unseen.perSecond);
    cpuRatios.push(watched.perCpuSecond / unseen.perCpuSecond);
  }
  const loaded = await answerTimes(watcher, url);
  report.value('hop, nobody looks', medianOf(alone), 'records/s');
  report.atLeast('hop, dashboard open and scraped, to that', medianOf(ratios), 0.97, 'x');
  report.atLeast('the same by processor time of the process', medianOf(cpuRatios), 0.97, 'x');
  report.value('GET /jobs/overview while no job runs, p99', calm.p99, 'ms');
  report.value('GET /jobs/overview at full load, median', loaded.median, 'ms');
  report.atMost('GET /jobs/overview at full load, p99', loaded.p99, 10, 'ms');
} finally {
  watcher.kill();
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = report.finish() ? 0 : 1;
