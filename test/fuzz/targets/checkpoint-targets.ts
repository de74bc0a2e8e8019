import { isDeepStrictEqual } from 'node:util';
import { crc32c, type StateFileHandle } from '../../../core/internal.js';
import { decodeLogEntry, encodeLogEntry } from '../../../storage/checkpoint/log-entry.js';
import {
  decodeManifest,
  encodeManifest,
  filesOfManifest,
} from '../../../storage/checkpoint/manifest-codec.js';
import { METADATA_KEY, readSavepoint } from '../../../storage/checkpoint/savepoint-folder.js';
import { decodeFooter, FOOTER_BYTES } from '../../../storage/checkpoint/state-file-layout.js';
import { MemoryObjectStore, ObjectStateFileReader } from '../../../storage/index.js';
import { areSame, type FuzzTarget, found } from '../fuzz-target.js';
import { goldenFiles, setUint32, uint32At, withFileChecksums, withLastChecksum } from './stored-bytes.js';

const FRAME_BYTES = 8;

const manifest: FuzzTarget = {
  name: 'manifest',
  refusals: ['MR3004'],
  seeds: async () => goldenFiles('savepoint').map((bytes) => bytes.slice(FRAME_BYTES, -4)),
  words: ['data/../../', 'claimed/0000000001-0000000001/data/x', 'log/0000000001'],
  read(bytes) {
    const decoded = decodeManifest(bytes, 'fuzzed');
    const again = decodeManifest(encodeManifest(decoded), 'fuzzed');
    if (!isDeepStrictEqual(again, decoded)) found('what was read becomes another manifest', decoded);
    for (const key of filesOfManifest(decoded).keys())
      if (/(?:^|\/)\.\.?(?:\/|$)|^\/|\\/.test(key)) found('a file outside of the folder', key);
    for (const { subtasks } of decoded.vertices) {
      for (const subtask of subtasks) {
        if (subtask === 'finished') continue;
        for (const { keyed } of Object.values(subtask.operators)) {
          if (keyed === undefined) continue;
          if (keyed.keyGroupStart > keyed.keyGroupEnd) found('key groups that end before they begin', keyed);
          for (const { keyGroups } of keyed.files)
            if (keyGroups !== undefined && keyGroups.start > keyGroups.end)
              found('a range reversed', keyGroups);
        }
      }
    }
  },
};

const metadata: FuzzTarget = {
  name: 'savepoint-metadata',
  refusals: ['MR3004'],
  seeds: async () => goldenFiles('savepoint'),
  words: ['data/../../', 'claimed/0000000001-0000000001/data/x', 'log/0000000001'],
  checksummed: true,
  repaired: withLastChecksum,
  async read(bytes) {
    const store = new MemoryObjectStore();
    await store.put(METADATA_KEY, once(bytes));
    const decoded = await readSavepoint(store);
    if (decoded === undefined) found('there is a savepoint');
    // What begins with another folder may lie elsewhere: a savepoint holds its own files.
    for (const key of filesOfManifest(decoded).keys())
      if (!key.startsWith('data/')) found('a file that is none of the savepoint', key);
  },
};

const logEntry: FuzzTarget = {
  name: 'log-entry',
  refusals: ['MR3004'],
  seeds: async () => goldenFiles('checkpoints/log'),
  checksummed: true,
  repaired(bytes) {
    const repaired = bytes.slice();
    if (repaired.length < 16) return repaired;
    const headEnd = 12 + (uint32At(repaired, 4) >>> 8);
    if (headEnd + 8 > repaired.length) return repaired;
    setUint32(repaired, 8, repaired.length - headEnd - 8);
    setUint32(repaired, headEnd, crc32c(repaired, 0, 0, headEnd));
    setUint32(repaired, repaired.length - 4, crc32c(repaired, 0, headEnd + 4, repaired.length - 4));
    return repaired;
  },
  read(bytes) {
    for (const slot of [1, 2, 3]) {
      const entry = slotEntry(bytes, slot);
      if (entry === undefined) continue;
      const again = encodeLogEntry(entry.head, entry.body);
      if (versionOf(bytes) === versionOf(again) && !areSame(again, bytes))
        found('other bytes say the same entry', entry.head);
      return;
    }
    decodeLogEntry(bytes, 1, 'fuzzed');
  },
};

function versionOf(entry: Uint8Array): number {
  return uint32At(entry, 4) & 0xff;
}

function slotEntry(bytes: Uint8Array, slot: number) {
  try {
    const entry = decodeLogEntry(bytes, slot, 'fuzzed');
    if ('error' in entry) throw entry.error;
    return entry;
  } catch (error) {
    if (slot === 3) throw error;
    return undefined;
  }
}

const KEY = 'data/0000000001-0000000001-0-fuzzed.0.base';

const stateFile: FuzzTarget = {
  name: 'state-file',
  refusals: ['MR3004'],
  seeds: async () => goldenFiles('checkpoints/data').slice(0, 12),
  checksummed: true,
  repaired: withFileChecksums,
  async read(bytes) {
    const store = new MemoryObjectStore();
    await store.put(KEY, once(bytes));
    const blocks: Uint8Array[] = [];
    for await (const block of new ObjectStateFileReader(store).read(handleOf(bytes))) blocks.push(block);
    const length = blocks.reduce((sum, block) => sum + block.length, 0);
    if (length > bytes.length) found('more was read than there is', length);
  },
};

/** As a manifest would name the file if these bytes had been written. */
export function handleOf(bytes: Uint8Array): StateFileHandle {
  const footer = bytes.length < FOOTER_BYTES ? undefined : decodeFooter(bytes.slice(-FOOTER_BYTES));
  const { entryCount = 0, crc32c: crc = 0 } = footer ?? {};
  return { key: KEY, sizeBytes: bytes.length, entryCount, crc32c: crc };
}

export async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}

export const CHECKPOINT_TARGETS: readonly FuzzTarget[] = [manifest, metadata, logEntry, stateFile];
