import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobHolder, ResolvedOptions } from '../../core/internal.js';
import { currentHolder, holderState } from '../../storage/index.js';

/** Only who started the process may read or replace its note. */
const OWNER_ONLY = 0o600;

/** A process of a session cluster on this host that has noted itself and lives. */
export interface NotedProcess {
  readonly pid: number;
  lives(): boolean;
}

/**
 * Notes that this process is one of a cluster: `millrace-cluster-<id>-<pid>.json` in `env.pid.dir`, with what tells it
 * from a later process of its number. Resolves to what takes the note away.
 */
export async function noteProcess(options: ResolvedOptions, clusterId: string): Promise<() => Promise<void>> {
  const folder = folderOf(options);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${prefixOf(clusterId)}${process.pid}.json`);
  // A note of a process that had this number is of no use any more; a link in its place is not followed.
  await rm(path, { force: true });
  await writeFile(path, JSON.stringify(currentHolder()), { flag: 'wx', mode: OWNER_ONLY });
  return () => rm(path, { force: true });
}

/** Notes of processes that have died are taken away. */
export async function notedProcesses(
  options: ResolvedOptions,
  clusterId: string,
): Promise<readonly NotedProcess[]> {
  const folder = folderOf(options);
  const found: NotedProcess[] = [];
  for (const name of await readdir(folder)) {
    const number = name.startsWith(prefixOf(clusterId)) ? name.slice(prefixOf(clusterId).length) : '';
    if (!/^\d+\.json$/.test(number)) continue;
    const path = join(folder, name);
    const holder = await readNote(path);
    if (holder === undefined) continue;
    const state = holderState(holder);
    if (state === 'dead') await rm(path, { force: true });
    if (state === 'alive') found.push({ pid: holder.pid, lives: () => holderState(holder) === 'alive' });
  }
  return found;
}

/** Undefined: it has just gone, or is not of this user: anybody may leave one in a folder that is open to all. */
async function readNote(path: string): Promise<JobHolder | undefined> {
  try {
    const status = await lstat(path);
    if (!status.isFile() || status.uid !== process.getuid?.()) return undefined;
    const note = JSON.parse(await readFile(path, 'utf8')) as JobHolder;
    const { host, bootId, pid, processStartTime, pidNamespace } = note;
    const isNote = [host, bootId, processStartTime, pidNamespace ?? ''].every(
      (text) => typeof text === 'string',
    );
    if (!isNote || !Number.isSafeInteger(pid) || pid <= 1) return undefined;
    return { host, bootId, pid, processStartTime, ...(pidNamespace !== undefined && { pidNamespace }) };
  } catch {
    // Whoever wrote it says nothing that could be acted on.
    return undefined;
  }
}

function folderOf({ values }: ResolvedOptions): string {
  return values['env.pid.dir'] ?? tmpdir();
}

function prefixOf(clusterId: string): string {
  return `millrace-cluster-${clusterId}-`;
}
