import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processName, stateOfNamed } from '../../storage/index.js';

/** Working copies lie in folders `millrace-<process>-<random>` of the folder for temporary files. */
const PREFIX = 'millrace-';
const FOLDER = /^millrace-(\d+-[0-9a-f]+-[0-9a-f]+)-[0-9a-f]{12}$/;

/** Path of a folder for working copies, of this process and of no other caller; it is not made. */
export function newLocalFolder(): string {
  return join(tmpdir(), `${PREFIX}${processName()}-${randomBytes(6).toString('hex')}`);
}

/**
 * Removes the working copies of processes that were killed: nobody will read them again. Touches none of this process,
 * whoever uses it there, nor what a process of another host has made.
 */
export async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = FOLDER.exec(name)?.[1];
    if (owner === undefined || stateOfNamed(owner) !== 'dead') continue;
    try {
      await rm(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Another user's, or its process is still on its way out: the next start looks again.
    }
  }
}
