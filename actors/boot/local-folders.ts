import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processName, stateOfNamed } from '../../storage/index.js';
import { SYSTEM_CLOCK } from './system-clock.js';

/** Working copies lie in folders `millrace-<process>-<random>` of the folder for temporary files. */
const PREFIX = 'millrace-';
const FOLDER = /^millrace-(\d+-[0-9a-f]+-[0-9a-f]+)-[0-9a-f]{12}$/;

/** A job that goes on writes its working copy far more often. */
const LEFT_ALONE_MS = 24 * 3600 * 1000;

/** Path of a folder for working copies, of this process and of no other caller; it is not made. */
export function newLocalFolder(): string {
  return join(tmpdir(), `${PREFIX}${processName()}-${randomBytes(6).toString('hex')}`);
}

/**
 * Removes the working copies of processes that were killed: nobody will read them again. Touches none of this process,
 * whoever uses it there. Whether a process of another host or container lives is not seen from here: its copies go when
 * nobody has written to them for a day, for a container that is started anew is another one.
 */
export async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = FOLDER.exec(name)?.[1];
    if (owner === undefined) continue;
    const path = join(tmpdir(), name);
    try {
      const isLeft = isElsewhere(owner) ? await isLeftAlone(path) : stateOfNamed(owner) === 'dead';
      if (isLeft) await rm(path, { recursive: true, force: true });
    } catch {
      // Another user's, or its process is still on its way out: the next start looks again.
    }
  }
}

function isElsewhere(owner: string): boolean {
  return owner.split('-')[1] !== processName().split('-')[1];
}

async function isLeftAlone(folder: string): Promise<boolean> {
  const written = async (path: string): Promise<number> => (await stat(path)).mtimeMs;
  const files = await readdir(folder, { recursive: true });
  const times = await Promise.all([written(folder), ...files.map((file) => written(join(folder, file)))]);
  return SYSTEM_CLOCK.wallMs() - Math.max(...times) > LEFT_ALONE_MS;
}
