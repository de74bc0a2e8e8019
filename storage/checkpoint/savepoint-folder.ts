import { type CheckpointManifest, crc32c, type StateFileReader } from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { DATA_PREFIX } from './checkpoint-paths.js';
import { corruptFile, FieldReader } from './field-reader.js';
import { FieldWriter } from './field-writer.js';
import { BODY_BYTES_MAX } from './log-entry.js';
import { lookingAgain } from './looking-again.js';
import { decodeManifest, encodeManifest, filesOfManifest } from './manifest-codec.js';
import { ObjectSnapshotWriter } from './object-snapshot-writer.js';
import { copying, StateFileCopies } from './state-file-copies.js';

/**
 * A savepoint is a folder of its own: its state files below `data/`, named as a job's are, and `_metadata`, which
 * is written last and makes it whole. Every name in it is relative to the folder, so it may be moved. Numbers in
 * the frame are 32 bits, little endian.
 *
 * ```text
 * +---------------+---------------+------------------+----------------+
 * | magic "MRSP"  | version       | manifest     - - | CRC32C of all  |
 * +---------------+---------------+------------------+----------------+
 * ```
 */
export const METADATA_KEY = '_metadata';

const MAGIC = 0x5053524d;
const VERSION = 1;
const FRAME_BYTES = 8;
const CRC_BYTES = 4;
const OWNER = 'savepoint';

/** Copies the files that the manifest names, then makes the folder a savepoint. `target` is a new folder's. */
export async function writeSavepoint(
  target: ObjectStore,
  manifest: CheckpointManifest,
  reader: StateFileReader,
): Promise<void> {
  const { checkpointId, epoch, attempt } = manifest;
  const writer = new ObjectSnapshotWriter(target, { checkpointId, epoch, attempt, owner: OWNER });
  const vertices = await new StateFileCopies(copying(reader, writer)).vertices(manifest);
  await sealSavepoint(target, { ...manifest, vertices });
}

/** Makes a folder a savepoint in which the files are that the manifest names. */
export async function sealSavepoint(target: ObjectStore, manifest: CheckpointManifest): Promise<void> {
  await target.put(METADATA_KEY, once(encodeMetadata(manifest)));
}

export async function holdsSavepoint(store: ObjectStore): Promise<boolean> {
  return (await store.head(METADATA_KEY)) !== undefined;
}

/**
 * What lies in a folder, or undefined where no savepoint does.
 *
 * @throws MillraceError MR3004 if its metadata are damaged
 */
export function readSavepoint(store: ObjectStore): Promise<CheckpointManifest | undefined> {
  return lookingAgain(() => readSavepointOnce(store));
}

async function readSavepointOnce(store: ObjectStore): Promise<CheckpointManifest | undefined> {
  const status = await store.head(METADATA_KEY);
  if (status === undefined) return undefined;
  const file = store.describe(METADATA_KEY);
  if (status.sizeBytes > BODY_BYTES_MAX + FRAME_BYTES + CRC_BYTES) throw corruptFile(file, 'it is too long');
  const bytes = new Uint8Array(status.sizeBytes);
  let filled = 0;
  for await (const chunk of store.get(METADATA_KEY, { offset: 0, length: bytes.length })) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled < bytes.length) throw corruptFile(file, `it ends after ${filled} bytes`);
  return decodeMetadata(bytes, file);
}

function encodeMetadata(manifest: CheckpointManifest): Uint8Array {
  const out = new FieldWriter();
  out.uint32(MAGIC);
  out.uint32(VERSION);
  out.raw(encodeManifest(manifest));
  out.uint32(crc32c(out.finish()));
  return out.finish();
}

function decodeMetadata(bytes: Uint8Array, file: string): CheckpointManifest {
  if (bytes.length < FRAME_BYTES + CRC_BYTES) throw corruptFile(file, 'it is too short');
  const frame = new FieldReader(bytes, file);
  if (frame.uint32() !== MAGIC) throw corruptFile(file, 'it is no metadata of a savepoint');
  const version = frame.uint32();
  if (version !== VERSION)
    throw corruptFile(file, `its version ${version} is unknown: a newer millrace wrote it`);
  const end = bytes.length - CRC_BYTES;
  if (new FieldReader(bytes, file, end).uint32() !== crc32c(bytes, 0, 0, end))
    throw corruptFile(file, 'its checksum differs');
  const manifest = decodeManifest(bytes.subarray(FRAME_BYTES, end), file);
  for (const key of filesOfManifest(manifest).keys()) {
    // Others may stand for what lies elsewhere: who made the savepoint could have any file read, and removed.
    if (!key.startsWith(DATA_PREFIX))
      throw corruptFile(file, `it names ${key}, which is no file of a savepoint`);
  }
  return manifest;
}

async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}
