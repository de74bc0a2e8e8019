import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Dirent, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { durationMs, formatDuration } from '../core/base/duration.js';

/**
 * `npm run soak -- 1h`: a job whose state comes and goes in LMDB, with a checkpoint a second, that fails and recovers
 * every few seconds. What the process holds is looked at all the time, and must be flat: nothing may have grown between
 * the second third of the time and the last.
 */
const KEYS = 60_000;
const RATE = 20_000;
const CRASH_MS = 15_000;
const LOOK_MS = 1000;
const LOOKS_MIN = 120;

const PROGRAM = fileURLToPath(new URL('../bundle/actors/boot/millrace.js', import.meta.url));
const JOB = fileURLToPath(new URL('./scenarios/soaking-job.js', import.meta.url));

/** By what share a measure may be above what it was, besides its slack. */
const GROWTH_SHARE = 0.1;

interface Measure {
  readonly name: string;
  readonly unit: string;
  /** What is noise, whatever the size. */
  readonly slack: number;
  read(pid: number, folder: string): number;
}

const MEASURES: readonly Measure[] = [
  {
    name: 'memory of its own (RssAnon)',
    unit: 'MB',
    slack: 16,
    read: (pid) => statusOf(pid, 'RssAnon') / 1024,
  },
  { name: 'address space', unit: 'MB', slack: 256, read: (pid) => statusOf(pid, 'VmSize') / 1024 },
  { name: 'threads', unit: '', slack: 2, read: (pid) => statusOf(pid, 'Threads') },
  { name: 'open files', unit: '', slack: 8, read: (pid) => readdirSync(`/proc/${pid}/fd`).length },
  {
    name: 'LMDB and spill files',
    unit: 'MB',
    slack: 32,
    read: (_, folder) => sizeOf(join(folder, 'tmp')).bytes / 1e6,
  },
  { name: 'local files', unit: '', slack: 12, read: (_, folder) => sizeOf(join(folder, 'tmp')).files },
  { name: 'checkpoint folder', unit: 'MB', slack: 32, read: (_, folder) => stored(folder).bytes / 1e6 },
  { name: 'checkpoint files', unit: '', slack: 16, read: (_, folder) => stored(folder).files },
];

function statusOf(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
}

interface Size {
  readonly bytes: number;
  readonly files: number;
}

/** Of a folder and what is in it; what goes while it is looked at does not count. */
function sizeOf(folder: string): Size {
  let bytes = 0;
  let files = 0;
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    const size = entry.isDirectory() ? sizeOf(path) : { bytes: bytesOf(path), files: 1 };
    bytes += size.bytes;
    files += size.files;
  }
  return { bytes, files };
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Of the job, without its logs, which only grow. */
function stored(folder: string): Size {
  const job = join(folder, '.millrace', 'soaking-job');
  const [data, log] = [sizeOf(join(job, 'data')), sizeOf(join(job, 'log'))];
  return { bytes: data.bytes + log.bytes, files: data.files + log.files };
}

/** What a quarter of the values is below: what comes and goes with garbage does not count. */
function lowOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 2] ?? Number.NaN;
}

/** Looks at the process until it has soaked for so long. @throws Error if it ends before */
async function looksAt(job: ChildProcess, folder: string, forMs: number): Promise<number[][]> {
  const looks: number[][] = [];
  for (const end = performance.now() + forMs; performance.now() < end; ) {
    if (job.exitCode !== null || job.signalCode !== null) throw new Error('the job has ended');
    looks.push(MEASURES.map((measure) => measure.read(job.pid ?? 0, folder)));
    await after(LOOK_MS);
  }
  return looks;
}

/** Prints a line for each measure. True if all are flat. */
function judge(looks: readonly (readonly number[])[]): boolean {
  const third = Math.floor(looks.length / 3);
  let allFlat = true;
  console.log(
    `${'lower quartile of each third'.padEnd(32)} ${'first'.padStart(10)} ${'second'.padStart(10)} ${'last'.padStart(10)}`,
  );
  for (const [index, { name, unit, slack }] of MEASURES.entries()) {
    const values = looks.map((look) => look[index] ?? Number.NaN);
    const lows = [0, 1, 2].map((part) => lowOf(values.slice(part * third, (part + 1) * third)));
    const [, second = 0, last = 0] = lows;
    const isFlat = last <= second * (1 + GROWTH_SHARE) + slack;
    allFlat &&= isFlat;
    const shown = lows.map((low) => low.toFixed(unit === '' ? 0 : 1).padStart(10)).join(' ');
    console.log(`${name.padEnd(32)} ${shown} ${unit.padEnd(3)}${isFlat ? '' : '  GROWS'}`);
  }
  return allFlat;
}

const forMs = durationMs(process.argv[2] ?? '10 min', 'time to soak');
if (forMs < LOOKS_MIN * LOOK_MS)
  throw new Error(`it soaks for ${formatDuration(LOOKS_MIN * LOOK_MS)} at least`);
const folder = mkdtempSync(join(tmpdir(), 'millrace-soak-'));
const configuration = {
  'execution.checkpointing.interval': '1 s',
  'taskmanager.memory.managed.size': '16mb',
  'restart-strategy.type': 'fixed-delay',
  'restart-strategy.fixed-delay.attempts': '1000000',
  'restart-strategy.fixed-delay.delay': '100 ms',
};
const flags = Object.entries(configuration).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
const job = ['--keys', String(KEYS), '--rate', String(RATE), '--crash', String(CRASH_MS)];
mkdirSync(join(folder, 'tmp'));
const soaking = spawn(process.execPath, [PROGRAM, 'run', '-p', '2', ...flags, JOB, ...job], {
  cwd: folder,
  env: { ...process.env, TMPDIR: join(folder, 'tmp') },
  stdio: ['ignore', 'ignore', 'pipe'],
});
let restarts = 0;
soaking.stderr.on('data', (chunk) => {
  restarts += String(chunk).split('the job restarts').length - 1;
});
const ended = once(soaking, 'exit');
try {
  console.log(`A job soaks for ${formatDuration(forMs)}: ${RATE} records a second, ${KEYS} keys at a time.`);
  const isFlat = judge(await looksAt(soaking, folder, forMs));
  soaking.kill('SIGINT');
  const [code] = await ended;
  console.log(`${restarts} failures were recovered from. It ended with ${code}.`);
  process.exitCode = isFlat && restarts > 0 ? 0 : 1;
} finally {
  soaking.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
