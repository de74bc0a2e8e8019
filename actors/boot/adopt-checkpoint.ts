import {
  assignState,
  type CheckpointManifest,
  type CheckpointStorage,
  type JobGraph,
} from '../../core/internal.js';
import {
  type CheckpointAtPath,
  LocalFileSystem,
  readManifestAt,
  StateFileCopies,
} from '../../storage/index.js';

/**
 * Finds the checkpoint that a job is to begin from, before anything of the job is touched.
 *
 * @throws MillraceError MR3008, MR3004, MR3005 if it cannot be read; MR2101, MR2102 if it does not fit the graph
 */
export async function findCheckpoint(
  path: string,
  graph: JobGraph,
  onUnreadable: (checkpointId: number, error: unknown) => void,
): Promise<CheckpointAtPath> {
  const found = await readManifestAt(new LocalFileSystem(), path, onUnreadable);
  assignState(found.manifest, graph);
  return found;
}

/**
 * Makes a checkpoint that lies elsewhere the first completed one of this job: its files are copied, so that
 * whatever happens afterwards the job stands on its own and the other folder may go.
 */
export async function adoptCheckpoint(
  found: CheckpointAtPath,
  graph: JobGraph,
  storage: CheckpointStorage,
  checkpointId: number,
): Promise<CheckpointManifest> {
  const copies = new StateFileCopies(found.reader, storage.writerFor(checkpointId, 0, 'adopted'));
  const adopted: CheckpointManifest = {
    ...found.manifest,
    checkpointId,
    epoch: storage.epoch,
    attempt: 0,
    jobName: graph.name,
    fingerprint: graph.fingerprint,
    vertices: await copies.vertices(found.manifest),
  };
  await storage.complete(adopted);
  return adopted;
}
