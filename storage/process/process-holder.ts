import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { HolderState, JobHolder } from '../../core/internal.js';

/** How long `ps` may take, where there is no /proc. */
const PS_TIMEOUT_MS = 2000;

/**
 * This process, as it is recorded in the log of a job that it leads.
 *
 * On Linux boot id and start time come from /proc, so that a later process with the same id is told apart.
 * Elsewhere `ps` gives the start time; on Windows it is not known. Where there are namespaces of process ids (Linux),
 * that of the id is recorded too: in another one, such as a container's, the id is that of another process.
 */
export function currentHolder(): JobHolder {
  const namespace = pidNamespace();
  return {
    host: hostname(),
    bootId: bootId(),
    pid: process.pid,
    processStartTime: factsOf(process.pid).startTime,
    ...(namespace !== undefined && { pidNamespace: namespace }),
  };
}

/**
 * Whether the process that holds a job lives, as far as this process can see. A process does not find itself
 * alive: who asks has just started, so the record is of an earlier use of its id, or of an earlier cluster
 * in the same process.
 */
export function holderState(holder: JobHolder): HolderState {
  if (holder.host !== hostname()) return 'unknown';
  // After a start of the machine none of its processes is left.
  if (holder.bootId !== bootId()) return 'dead';
  // Containers may share a host's name, and count their processes apart. Older records do not say where.
  if (holder.pidNamespace !== undefined && holder.pidNamespace !== pidNamespace()) return 'unknown';
  if (holder.pid === process.pid) return 'dead';
  const facts = factsOf(holder.pid);
  if (!facts.lives) return 'dead';
  const sameStart = facts.startTime === '' || facts.startTime === holder.processStartTime;
  return sameStart ? 'alive' : 'dead';
}

/** In place of the mark of a start that is not known. */
const UNKNOWN_START = '0';

/**
 * This process as a part of names of files: `<pid>-<host>-<start>`, the latter two as marks, so that a later process
 * with the same id is told apart. The same in each of its threads, for as long as it runs. A namespace of
 * process ids is as good as a host.
 */
export function processName(): string {
  const { bootId, pid, processStartTime } = currentHolder();
  return `${pid}-${hostMark()}-${startMark(bootId, processStartTime)}`;
}

/**
 * Whether the process of such a name lives, as far as this process can see; other than by {@link holderState} a process
 * finds itself alive. Where a start is not known, whoever has the id now is taken for it.
 */
export function stateOfNamed(name: string): HolderState {
  const [pid, host, start] = name.split('-');
  if (host !== hostMark()) return 'unknown';
  const facts = factsOf(Number(pid));
  if (!facts.lives) return 'dead';
  const present = startMark(bootId(), facts.startTime);
  const sameStart = start === present || start === UNKNOWN_START || present === UNKNOWN_START;
  return sameStart ? 'alive' : 'dead';
}

function startMark(bootId: string, startTime: string): string {
  return startTime === '' ? UNKNOWN_START : markOf(`${bootId} ${startTime}`);
}

function hostMark(): string {
  return markOf(`${hostname()} ${pidNamespace() ?? ''}`);
}

function markOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

interface ProcessFacts {
  readonly lives: boolean;
  /** Empty where it is not known. */
  readonly startTime: string;
}

const GONE: ProcessFacts = { lives: false, startTime: '' };

function factsOf(pid: number): ProcessFacts {
  if (process.platform === 'linux') return linuxFacts(pid);
  if (!exists(pid)) return GONE;
  return { lives: true, startTime: process.platform === 'win32' ? '' : startTimeByPs(pid) };
}

/** Set in a process's flags once it is on its way out. */
const PF_EXITING = 0x4;
/** The bit of SIGKILL in a mask of pending signals. */
const SIGKILL_BIT = 0x100n;

function linuxFacts(pid: number): ProcessFacts {
  const stat = pid === process.pid || procSharesIds() ? procFile(`/proc/${procName(pid)}/stat`) : undefined;
  // Of a process of another user it may say nothing, or it is of other ids.
  if (stat === undefined) return exists(pid) ? { lives: true, startTime: '' } : GONE;
  // The second field is the program's name in brackets, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? '';
  const flags = Number(fields[6] ?? 0);
  const startTime = fields[19] ?? '';
  // A killed process can be seen for a moment, or until its parent asks for it; it does nothing any more.
  const dying = state === 'Z' || state === 'X' || (flags & PF_EXITING) !== 0 || isBeingKilled(pid);
  return { lives: !dying, startTime };
}

/** By its id /proc may know another process than this one: it can be that of an outer namespace of ids. */
function procName(pid: number): string {
  return pid === process.pid ? 'self' : String(pid);
}

function procSharesIds(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    // There is no /proc.
    return false;
  }
}

function isBeingKilled(pid: number): boolean {
  const status = procFile(`/proc/${procName(pid)}/status`) ?? '';
  for (const [, mask] of status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)) {
    if ((BigInt(`0x${mask}`) & SIGKILL_BIT) !== 0n) return true;
  }
  return false;
}

function bootId(): string {
  return process.platform === 'linux' ? (procFile('/proc/sys/kernel/random/boot_id') ?? '').trim() : '';
}

function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // No /proc, or a kernel without namespaces.
    return undefined;
  }
}

function procFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // No such process, or no /proc: the answer is that nothing is known.
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}

function startTimeByPs(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      timeout: PS_TIMEOUT_MS,
      // Else whoever asks from another time zone, or in another language, would be given another text.
      env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    // No `ps`: two processes of one id cannot be told apart, and the start is refused rather than risked.
    return '';
  }
}
