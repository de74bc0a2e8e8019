import { type CheckpointManifest, isMillraceError, MillraceError } from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { slotOfKey } from './checkpoint-paths.js';
import { ClaimingStore } from './claimed-files.js';
import { findNewestCheckpoint, type OnUnreadable, readSlot, surveyLog } from './job-log.js';
import { decodeManifest } from './manifest-codec.js';
import { ObjectStateFileReader } from './object-state-file-reader.js';
import { METADATA_KEY, readSavepoint } from './savepoint-folder.js';

/** A checkpoint found by its path, with what reads its files. */
export interface CheckpointAtPath {
  readonly manifest: CheckpointManifest;
  /** In a folder of its own; otherwise in the log of a job. */
  readonly isSavepoint: boolean;
  /** The job's folder, to which the manifest's file names are relative. */
  readonly folder: string;
  readonly reader: ObjectStateFileReader;
}

/**
 * Reads a savepoint (its folder, or the `_metadata` in it), or a completed checkpoint without taking the lead: of
 * a job's folder the newest one that is whole, of an entry of its log (`<folder>/log/<number>`) that very one. The
 * path may be an address.
 *
 * Rejects with MR3008 if there is none at that path, or none any more since the job has ended, MR3004 if the entry is
 * damaged, MR3005 if the folder has checkpoints and none is whole.
 */
export async function readManifestAt(
  plainStoreAt: (folder: string) => ObjectStore,
  path: string,
  onUnreadable: OnUnreadable,
): Promise<CheckpointAtPath> {
  const storeAt = (folder: string): ObjectStore => new ClaimingStore(plainStoreAt(folder), plainStoreAt);
  const savepoint = await savepointAt(storeAt, path);
  if (savepoint !== undefined) return savepoint;
  const match = /^(.*)\/(log\/\d+)$/.exec(path);
  const slot = slotOfKey(match?.[2] ?? '');
  const folder = slot === undefined ? path : (match?.[1] ?? '');
  const store = storeAt(folder);
  const manifest =
    slot === undefined ? await newestIn(store, path, onUnreadable) : await readOne(store, slot, path);
  return { manifest, isSavepoint: false, folder, reader: new ObjectStateFileReader(store) };
}

async function newestIn(
  store: ObjectStore,
  path: string,
  onUnreadable: OnUnreadable,
): Promise<CheckpointManifest> {
  try {
    const found = await findNewestCheckpoint(store, onUnreadable);
    if (found !== undefined) return found.manifest;
  } catch (error) {
    const isGone = isMillraceError(error) && error.code === 'MR3005';
    const ended = isGone ? await noneSinceEnded(store, path) : undefined;
    throw ended ?? error;
  }
  throw (await noneSinceEnded(store, path)) ?? noCheckpoint(path, 'no completed checkpoint lies there');
}

/** What to say of a job that has ended and keeps no checkpoint: nothing is lost. Undefined of any other one. */
async function noneSinceEnded(store: ObjectStore, path: string): Promise<MillraceError | undefined> {
  const { head } = await surveyLog(store);
  if (head?.result === undefined || head.result.checkpointsKept) return undefined;
  const { state, savepointPath } = head.result;
  const isCancelled = state === 'CANCELED';
  const ended =
    savepointPath === undefined ? (isCancelled ? 'was cancelled' : 'has finished') : 'was stopped';
  return new MillraceError('MR3008', `There is no checkpoint at ${path}: the job ${ended}`, {
    where: { at: path },
    why: 'its checkpoints were removed when it ended',
    hint:
      savepointPath !== undefined
        ? `name the savepoint that it was stopped with: ${savepointPath}`
        : isCancelled
          ? 'have jobs keep theirs with execution.checkpointing.externalized-checkpoint-retention: RETAIN_ON_CANCELLATION'
          : 'take a savepoint of a job while it runs: millrace savepoint JOB DIR',
  });
}

async function savepointAt(
  storeAt: (folder: string) => ObjectStore,
  path: string,
): Promise<CheckpointAtPath | undefined> {
  const folder = path.endsWith(`/${METADATA_KEY}`) ? path.slice(0, -METADATA_KEY.length - 1) : path;
  const store = storeAt(folder);
  const manifest = await readSavepoint(store);
  return manifest && { manifest, isSavepoint: true, folder, reader: new ObjectStateFileReader(store) };
}

async function readOne(store: ObjectStore, slot: number, path: string): Promise<CheckpointManifest> {
  const reading = await readSlot(store, slot);
  if (reading === undefined) throw noCheckpoint(path, 'there is no such file');
  if (reading.body === undefined) throw reading.error;
  if (reading.head?.kind !== 'checkpoint') {
    throw noCheckpoint(path, `this entry of the log is a ${reading.head?.kind}`);
  }
  return decodeManifest(reading.body, path);
}

function noCheckpoint(path: string, why: string): MillraceError {
  return new MillraceError('MR3008', `There is no checkpoint at ${path}`, {
    where: { at: path },
    why,
    hint: "name a savepoint, a job's checkpoint folder, or an entry of its log",
  });
}
