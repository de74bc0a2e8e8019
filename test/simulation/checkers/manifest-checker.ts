import { isMillraceError } from '../../../core/internal.js';
import { findNewestCheckpoint, surveyLog } from '../../../storage/checkpoint/job-log.js';
import { FileObjectStore } from '../../../storage/index.js';
import type { SimulatedDisk } from '../simulated-disk.js';
import { SimulatedFileSystem } from '../simulated-file-system.js';
import type { WorldVerdict } from '../world-failure.js';

/**
 * Reads the job's log as a process would that takes over now: its newest completed checkpoint must be
 * readable, with every file it names there, and none may have to be passed over.
 *
 * @returns its id; 0 if there is none
 */
export async function checkNewestManifest(
  disk: SimulatedDisk,
  folder: string,
  verdict: WorldVerdict,
): Promise<number> {
  const store = new FileObjectStore(new SimulatedFileSystem(disk), folder, 'checker');
  try {
    // A finished job removes its checkpoints.
    if ((await surveyLog(store)).head?.kind === 'result') return 0;
    const manifest = await findNewestCheckpoint(store, (id, error) =>
      verdict.fail('wrong', `Checkpoint ${id} is in the log and cannot be read: ${String(error)}`, error),
    );
    return manifest?.checkpointId ?? 0;
  } catch (error) {
    const code = isMillraceError(error) ? error.code : 'no code';
    verdict.fail('wrong', `The log of the job cannot be read (${code}): ${String(error)}`, error);
    return 0;
  }
}
