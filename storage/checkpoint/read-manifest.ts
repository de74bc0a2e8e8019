import { type CheckpointManifest, MillraceError } from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { slotOfKey } from './checkpoint-paths.js';
import { ClaimingStore } from './claimed-files.js';
import { findNewestCheckpoint, type OnUnreadable, readSlot } from './job-log.js';
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
 * Rejects with MR3008 if there is none at that path, MR3004 if the entry is damaged, MR3005 if the folder
 * has checkpoints and none is whole.
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
    slot === undefined
      ? (await findNewestCheckpoint(store, onUnreadable))?.manifest
      : await readOne(store, slot, path);
  if (manifest === undefined) throw noCheckpoint(path, 'no completed checkpoint lies there');
  return { manifest, isSavepoint: false, folder, reader: new ObjectStateFileReader(store) };
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
