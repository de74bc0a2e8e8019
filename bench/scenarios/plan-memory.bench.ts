import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Report, SMALL } from '../harness.js';

/**
 * What a job holds in memory while its state, ten times the whole plan, is checkpointed and restored: what is its
 * own and what its threads share, held against the plan of the whole process; in a memory cgroup of that size where
 * one can be made. The page cache, in which LMDB's file lies, is the system's to give and to take.
 */
const PLAN_MB = 384;
const MANAGED_MB = 64;
const VALUE_BYTES = 1000;
const KEYS = Math.round(((SMALL ? 0.03 : 10) * PLAN_MB * 1024 * 1024) / VALUE_BYTES);
const LOOK_EVERY_MS = 50;
const LOOKS_MAX = 900_000 / LOOK_EVERY_MS;
const CHECKPOINT_MS = 2000;
const CGROUPS = '/sys/fs/cgroup/memory';

const PROGRAM = fileURLToPath(new URL('../../bundle/actors/boot/millrace.js', import.meta.url));
const JOB = fileURLToPath(new URL('./plan-memory-job.js', import.meta.url));

/** The file that takes the process ids of a new cgroup with this limit; undefined where none can be made. */
function cgroupOf(limitBytes: number): string | undefined {
  const group = join(CGROUPS, `millrace-bench-${process.pid}`);
  try {
    accessSync(join(CGROUPS, 'memory.limit_in_bytes'), constants.R_OK);
    mkdirSync(group);
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(limitBytes));
    return group;
  } catch (error) {
    console.log(`  no memory cgroup: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function start(folder: string, group: string | undefined, records: number): ChildProcess {
  const configuration = {
    'taskmanager.memory.process.size': `${PLAN_MB}mb`,
    'taskmanager.memory.managed.size': `${MANAGED_MB}mb`,
    'taskmanager.memory.framework.heap.size': '64mb',
    'taskmanager.memory.framework.off-heap.size': '48mb',
    'taskmanager.memory.network.max': '16mb',
    'taskmanager.memory.network.min': '16mb',
    'taskmanager.memory.jvm-metaspace.size': '64mb',
    'taskmanager.memory.jvm-overhead.max': '32mb',
    'taskmanager.memory.jvm-overhead.min': '32mb',
    'execution.checkpointing.interval': `${CHECKPOINT_MS} ms`,
  };
  const flags = Object.entries(configuration).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
  const job = [JOB, '--keys', String(KEYS), '--after', String(records), '--log', join(folder, 'seen')];
  const command = [process.execPath, PROGRAM, 'run', '--resume', ...flags, ...job];
  const enter =
    group === undefined ? [] : ['sh', '-c', `echo $$ > ${join(group, 'cgroup.procs')} && exec "$@"`, 'sh'];
  const [program = '', ...words] = [...enter, ...command];
  return spawn(program, words, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** MB of its own and of shared memory. */
function heldMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return (kilobytes('RssAnon') + kilobytes('RssShmem')) / 1024;
}

function newestSlot(folder: string): string {
  const log = join(folder, '.millrace', 'plan-memory-job', 'log');
  return existsSync(log) ? (readdirSync(log).sort().at(-1) ?? '') : '';
}

/** The most that the process holds until it has seen so many records, and completed a checkpoint after that. */
async function mostHeld(folder: string, group: string | undefined, records: number): Promise<number> {
  rmSync(join(folder, 'seen'), { force: true });
  const child = start(folder, group, records);
  const exit = once(child, 'exit');
  try {
    return await mostUntilCheckpoint(folder, child);
  } finally {
    child.kill('SIGKILL');
    await exit;
  }
}

/** Until the job says that it has seen its records, and has completed a checkpoint after that. */
async function mostUntilCheckpoint(folder: string, child: ChildProcess): Promise<number> {
  const seen = join(folder, 'seen');
  let most = 0;
  let slot: string | undefined;
  for (let looks = 0; slot === undefined || newestSlot(folder) <= slot; looks++) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the job has ended');
    if (looks > LOOKS_MAX) throw new Error('it takes too long');
    most = Math.max(most, heldMb(child.pid ?? 0));
    if (slot === undefined && existsSync(seen)) slot = newestSlot(folder);
    await after(LOOK_EVERY_MS);
  }
  return most;
}

const report = new Report('plan-memory');
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
const group = cgroupOf(PLAN_MB * 1024 * 1024);
try {
  report.value('the plan', PLAN_MB, 'MB');
  report.value('state', (KEYS * VALUE_BYTES) / 1e6, 'MB');
  report.value('in a memory cgroup of the size of the plan', group === undefined ? 0 : 1, '');
  const limit = 1.2 * PLAN_MB;
  report.atMost('held while it grows and is checkpointed', await mostHeld(folder, group, KEYS), limit, 'MB');
  report.atMost(
    'held while it is restored and checkpointed',
    await mostHeld(folder, group, 1000),
    limit,
    'MB',
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
  if (group !== undefined) rmdirSync(group);
}
process.exitCode = report.finish() ? 0 : 1;
