import { assignState, type CheckpointManifest, type JobGraph, unclaimedUids } from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { giveBack, type LedJob, type OpenedJob, type OpenJobRequest, openJob } from './open-job.js';
import { type CheckpointAtPath, readManifestAt } from './read-manifest.js';
import type { RunOrigin } from './run-origin.js';
import { StateFileCopies } from './state-file-copies.js';

export interface BeginJobRequest extends OpenJobRequest {
  /** Which the state must fit. */
  readonly graph: JobGraph;
  /** The store of the folder or address of an origin. */
  readonly storeAt: (folder: string) => ObjectStore;
}

export type BegunJob =
  | Extract<OpenedJob, { start: 'already-finished' }>
  | (LedJob<'from-beginning' | 'restore', CheckpointManifest | undefined> & {
      /** Where the checkpoint came from that is the first one of this run. */
      readonly adopted: AdoptedOrigin | undefined;
    });

export interface AdoptedOrigin extends RunOrigin {
  readonly foundId: number;
  /** Operators whose state is left out: the job does not have them. */
  readonly dropped: readonly string[];
}

/**
 * Takes the lead of a job as {@link openJob} does. A run that begins from a savepoint, or whose first process died
 * before it had made that its own, gets a copy of it as its first completed checkpoint: whatever happens afterwards,
 * the job stands on its own, and what it began from may go.
 *
 * Rejects as `openJob` does, and with MR3008, MR3004 or MR3005 if the origin cannot be read, MR2101 or MR2102 if it
 * does not fit the graph: before anything of the job is touched, unless it was the run of another process.
 */
export async function beginJob(request: BeginJobRequest): Promise<BegunJob> {
  const { origin } = request;
  const found = origin && (await findOrigin(origin, request));
  const opened = await openJob(request);
  if (opened.start === 'already-finished') return opened;
  if (opened.start === 'restore' || opened.origin === undefined) return { ...opened, adopted: undefined };
  try {
    const chosen = opened.origin === origin ? found : undefined;
    return await adopt(chosen ?? (await findOrigin(opened.origin, request)), opened, request);
  } catch (error) {
    await giveBack(opened.storage, request);
    throw error;
  }
}

interface FoundOrigin extends CheckpointAtPath {
  readonly origin: RunOrigin;
  readonly dropped: readonly string[];
}

async function findOrigin(origin: RunOrigin, request: BeginJobRequest): Promise<FoundOrigin> {
  const { path, allowNonRestoredState } = origin;
  const found = await readManifestAt(request.storeAt, path, request.onUnreadable);
  assignState(found.manifest, request.graph, allowNonRestoredState);
  const dropped = unclaimedUids(found.manifest, request.graph);
  const manifest = withTimeAgain(without(found.manifest, dropped));
  return { ...found, manifest, origin, dropped };
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
      return { ...subtask, operators: Object.fromEntries(kept) };
    }),
  }));
  return { ...manifest, vertices };
}

/** Event time has ended for who was drained; a new run that reads on from there begins its event time anew. */
function withTimeAgain(manifest: CheckpointManifest): CheckpointManifest {
  if (manifest.kind !== 'drained') return manifest;
  const vertices = manifest.vertices.map((vertex) => ({
    ...vertex,
    subtasks: vertex.subtasks.map((subtask) => {
      if (subtask === 'finished') return subtask;
      const operators = Object.entries(subtask.operators).map(([uid, state]) => {
        const lists = Object.entries(state.lists).filter(([, { mode }]) => mode !== 'watermark');
        return [uid, { ...state, lists: Object.fromEntries(lists) }] as const;
      });
      return { ...subtask, operators: Object.fromEntries(operators) };
    }),
  }));
  return { ...manifest, vertices };
}

async function adopt(
  found: FoundOrigin,
  opened: LedJob<'from-beginning', undefined>,
  { graph }: BeginJobRequest,
): Promise<BegunJob> {
  const { storage, nextCheckpointId: checkpointId } = opened;
  const copies = new StateFileCopies(found.reader, storage.writerFor(checkpointId, 0, 'adopted'));
  const manifest: CheckpointManifest = {
    ...found.manifest,
    kind: 'checkpoint',
    checkpointId,
    epoch: storage.epoch,
    attempt: 0,
    jobName: graph.name,
    fingerprint: graph.fingerprint,
    vertices: await copies.vertices(found.manifest),
  };
  await storage.complete(manifest);
  const { origin, dropped } = found;
  const adopted = { ...origin, foundId: found.manifest.checkpointId, dropped };
  return { ...opened, start: 'restore', manifest, nextCheckpointId: checkpointId + 1, adopted };
}
