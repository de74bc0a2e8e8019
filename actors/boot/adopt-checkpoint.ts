import {
  assignState,
  type CheckpointManifest,
  type CheckpointStorage,
  type JobGraph,
  unclaimedUids,
} from '../../core/internal.js';
import {
  type CheckpointAtPath,
  readManifestAt,
  type S3Settings,
  StateFileCopies,
} from '../../storage/index.js';
import { checkpointsAt, storeAt } from './object-stores.js';

/**
 * Finds the checkpoint that a job is to begin from, before anything of the job is touched. With
 * `allowNonRestoredState` the state of operators that the job does not have is left out, and said to be.
 *
 * @throws MillraceError MR3008, MR3004, MR3005 if it cannot be read; MR2101, MR2102 if it does not fit the graph
 */
export async function findCheckpoint(
  path: string,
  s3: S3Settings,
  graph: JobGraph,
  onUnreadable: (checkpointId: number, error: unknown) => void,
  allowNonRestoredState: boolean,
): Promise<CheckpointAtPath & { readonly dropped: readonly string[] }> {
  const found = await readManifestAt(
    (folder) => storeAt(folder, s3, 'reader'),
    checkpointsAt(path),
    onUnreadable,
  );
  assignState(found.manifest, graph, allowNonRestoredState);
  const dropped = unclaimedUids(found.manifest, graph);
  return { ...found, manifest: without(found.manifest, dropped), dropped };
}

function without(manifest: CheckpointManifest, dropped: readonly string[]): CheckpointManifest {
  if (dropped.length === 0) return manifest;
  const gone = new Set(dropped);
  const vertices = manifest.vertices.map((vertex) => ({
    ...vertex,
    enumerator: gone.has(vertex.vertexUid) ? undefined : vertex.enumerator,
    subtasks: vertex.subtasks.map((subtask) => {
      if (subtask === 'finished') return subtask;
      const kept = Object.entries(subtask.operators).filter(([uid]) => !gone.has(uid));
      return { operators: Object.fromEntries(kept) };
    }),
  }));
  return { ...manifest, vertices };
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
