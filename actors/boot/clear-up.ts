import { join } from 'node:path';
import type { TaskAddress } from '../../core/internal.js';
import { LocalFileSystem } from '../../storage/index.js';
import { scratchFolderOf } from '../task/task-contexts.js';
import type { StateContract } from './task-contract.js';

/**
 * Removes the temporary files of a task whose thread has ended before the task could do so. Called when nothing of that
 * attempt at it runs any more. Never rejects: what stays goes with the job, or before the next start.
 */
export async function clearUpAfter({ localFolder }: StateContract, task: TaskAddress): Promise<void> {
  const disk = new LocalFileSystem();
  try {
    await disk.removeTree(join(localFolder, scratchFolderOf(task)));
  } catch (error) {
    process.stderr.write(`warning: temporary files of a task that has ended stay: ${String(error)}\n`);
  }
}
