import { randomBytes } from 'node:crypto';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processName, stateOfNamed } from '../../storage/index.js';
import { SYSTEM_CLOCK } from './system-clock.js';

/** Working copies lie in folders `millrace-<process>-<random>` of the folder for temporary files. */
const PREFIX = 'millrace-';
const FOLDER = /^millrace-(\d+-[0-9a-f]+-[0-9a-f]+)-[0-9a-f]{12}$/;

const HOUR_MS = 3_600_000;
/** Whoever uses a folder says so every hour. */
const LEFT_ALONE_MS = 24 * HOUR_MS;

/** Path of a folder for working copies, of this process and of no other caller; it is not made. */
export function newLocalFolder(): string {
  return join(tmpdir(), `${PREFIX}${processName()}-${randomBytes(6).toString('hex')}`);
}

/**
 * Says from now on that the folder is in use, for those who cannot see whether its process lives. Who is done calls
 * what is returned, which removes it.
 */
export function useLocalFolder(path: string): () => Promise<void> {
  const saying = setInterval(() => {
    const now = SYSTEM_CLOCK.wallMs() / 1000;
    utimes(path, now, now).catch(() => {
      // There is none before a task has made it.
    });
  }, HOUR_MS);
  saying.unref();
  return () => {
    clearInterval(saying);
    return rm(path, { recursive: true, force: true });
  };
}

/**
 * Removes the working copies of processes that were killed: nobody will read them again. Touches none of this process,
 * whoever uses it there. Whether a process of another host or container lives is not seen from here: its copies go when
 * it has not said for a day that it uses them, for a container that is started anew is another one.
 */
export async function removeLeftovers(): Promise<void> {
  const [, here] = processName().split('-');
  for (const name of await readdir(tmpdir())) {
    const owner = FOLDER.exec(name)?.[1];
    if (owner === undefined) continue;
    const path = join(tmpdir(), name);
    try {
      const [, host] = owner.split('-');
      const isLeft = host === here ? stateOfNamed(owner) === 'dead' : await isLeftAlone(path);
      if (isLeft) await rm(path, { recursive: true, force: true });
    } catch {
      // Another user's, or its process is still on its way out: the next start looks again.
    }
  }
}

async function isLeftAlone(folder: string): Promise<boolean> {
  const { mtimeMs } = await stat(folder);
  return SYSTEM_CLOCK.wallMs() - mtimeMs > LEFT_ALONE_MS;
}
