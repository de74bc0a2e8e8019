import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { LogFile, LogOwner } from '../../cluster/cluster-gateway.js';
import type { JobLog } from './job-log.js';

/** The most that is read of one, from its end. */
const READ_MAX = 8 * 1024 * 1024;

/** Those of the process that there are now. */
export async function listLogs(logs: Iterable<JobLog>, owner: LogOwner): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (const [name, path] of named(logs, owner)) {
    const status = await statusOf(path);
    if (status !== undefined) files.push({ name, size: status.size, mtime: Math.round(status.mtimeMs) });
  }
  return files;
}

/**
 * The end of a log that {@link listLogs} names, at most 8 MiB; undefined for any other name. What is asked for is
 * looked up among the names, and never becomes part of a path.
 */
export async function readLog(
  logs: Iterable<JobLog>,
  owner: LogOwner,
  name: string,
): Promise<string | undefined> {
  const path = named(logs, owner).get(name);
  if (path === undefined || (await statusOf(path)) === undefined) return undefined;
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.min(size, READ_MAX));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function named(logs: Iterable<JobLog>, owner: LogOwner): Map<string, string> {
  const paths = new Map<string, string>();
  for (const log of logs)
    for (const path of log.filesOf(owner)) paths.set(`${log.jobName}.${basename(path)}`, path);
  return paths;
}

async function statusOf(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
