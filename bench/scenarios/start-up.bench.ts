import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LocalCluster } from 'millrace';
import { median, medianOf, Report, SMALL } from '../harness.js';
import crashJob from './crash-job.js';

/**
 * What it takes to begin: a whole run of nothing, what an idle job holds, and how long a crash of one
 * worker stops the others. Nothing here is repeated inside one process, so a compiler never warms up.
 */
const RUNS = SMALL ? 1 : 7;
const CRASHES = SMALL ? 1 : 5;
/** After which an idle job has come to rest, spare threads included. */
const REST_MS = SMALL ? 500 : 4000;
/** Of the source, and after how many records of a subtask its thread ends: warm spares stand by then. */
const RATE = 20_000;
const CRASH_AFTER = SMALL ? 500 : (3 * RATE) / 2;

const PROGRAM = fileURLToPath(new URL('../../bundle/actors/boot/millrace.js', import.meta.url));

function pathOf(job: string): string {
  return fileURLToPath(new URL(`./${job}.js`, import.meta.url));
}

function start(folder: string, ...words: string[]): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Milliseconds from start to exit. */
async function wholeRun(folder: string, ...words: string[]): Promise<number> {
  const begin = performance.now();
  const child = start(folder, ...words);
  child.stderr?.resume();
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${words.join(' ')} exited with ${code}`);
  return performance.now() - begin;
}

/** MB that the process has in memory, shared libraries included. */
function residentMb(child: ChildProcess): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

async function idleJob(folder: string): Promise<number> {
  const child = start(folder, 'run', '--fresh', pathOf('idle-job'));
  const exit = once(child, 'exit');
  if (child.stderr !== null) await once(child.stderr, 'data');
  await after(REST_MS);
  const mb = residentMb(child);
  child.kill('SIGTERM');
  await exit;
  return mb;
}

interface Recovery {
  /** Crash to the first record that the same subtask processes again. */
  readonly firstRecordMs: number;
  /** What the job itself says: failure noticed to all tasks running. */
  readonly recoveryMs: number;
}

async function crashes(folder: string): Promise<Recovery[]> {
  const recoveries: Recovery[] = [];
  const cluster = await LocalCluster.start({
    parallelism: 2,
    checkpointing: { interval: '250 ms', dir: folder },
  });
  try {
    for (let i = 0; i < CRASHES; i++) {
      const log = join(folder, `crash-${i}`);
      const params = { log, rate: RATE, count: CRASH_AFTER * 6, after: CRASH_AFTER };
      const job = await cluster.submit(crashJob, params);
      const result = await job.result();
      const [crash = Number.NaN, first = Number.NaN] = readFileSync(log, 'utf8').split('\n').map(Number);
      recoveries.push({
        firstRecordMs: first - crash,
        recoveryMs: result.failures[0]?.recoveryMs ?? Number.NaN,
      });
    }
  } finally {
    await cluster.close();
  }
  return recoveries;
}

const report = new Report('start-up');
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
try {
  report.value('millrace --help', await median(RUNS, () => wholeRun(folder, '--help')), 'ms');
  report.value('millrace memory', await median(RUNS, () => wholeRun(folder, 'memory')), 'ms');
  const empty = await median(RUNS, () => wholeRun(folder, 'run', pathOf('empty-job')));
  report.atMost('millrace run of an empty job', empty, 1000, 'ms');
  const recoveries = await crashes(folder);
  const recoveryMs = medianOf(recoveries.map((each) => each.recoveryMs));
  report.value('failure of a worker to all tasks running', recoveryMs, 'ms');
  const firstRecordMs = medianOf(recoveries.map((each) => each.firstRecordMs));
  report.atMost('crash of a worker to its next record (goal 250)', firstRecordMs, 500, 'ms');
  if (process.platform === 'linux') {
    report.atMost('resident memory of an idle two-task job', await idleJob(folder), 150, 'MB');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = report.finish() ? 0 : 1;
