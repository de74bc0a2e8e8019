import { join } from 'node:path';
import type { TaskAddress } from '../../core/internal.js';
import { FileObjectStore, isS3Address, LocalFileSystem } from '../../storage/index.js';
import { scratchFolderOf } from '../task/task-contexts.js';
import { taskWriter } from './object-stores.js';
import type { StateContract } from './task-contract.js';

/**
 * Removes the temporary files of a task whose thread has ended before the task could do so. Called when nothing of that
 * attempt at it runs any more. Never rejects: what stays goes with the job, or before the next start.
 */
export async function clearUpAfter(
  { localFolder, runFolder, backup }: StateContract,
  epoch: number,
  task: TaskAddress,
): Promise<void> {
  const disk = new LocalFileSystem();
  await orWarn(disk.removeTree(join(localFolder, scratchFolderOf(task))));
  const written = isS3Address(runFolder) ? [] : [runFolder];
  if (backup !== undefined) written.push(backup.folder);
  for (const folder of written)
    await orWarn(new FileObjectStore(disk, folder, taskWriter(epoch, task)).removeOwnUnfinished());
}

async function orWarn(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    process.stderr.write(`warning: temporary files of a task that has ended stay: ${String(error)}\n`);
  }
}
