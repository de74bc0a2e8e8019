import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeUtf8,
  encodeUtf8,
  type KeyedStateHandle,
  type KeyedStateRequest,
  STATE_TABLE_PREFIX,
  StateEntryDecoder,
  stateTableType,
} from '../../../core/internal.js';
import { ThreadCodecFactory } from '../../../memory/index.js';
import {
  BLOCK_HEAD_BYTES,
  FOOTER_MARK,
  HEADER_BYTES,
} from '../../../storage/checkpoint/state-file-layout.js';
import { HeapStateBackend, readManifestAt } from '../../../storage/index.js';
import { readKeyedRows } from '../../../storage/state/keyed-content.js';
import { RowFileReader } from '../../../storage/state/row-file-reader.js';
import { GOLDEN, goldenFormats, storeAt } from '../../golden/golden-folder.js';
import { areSame, type FuzzTarget, found } from '../fuzz-target.js';
import { goldenFiles, uint32At } from './stored-bytes.js';

const KEY_GROUPS = { start: 0, end: 11 };

/** The rows in a state file, without what frames them. */
function rowsIn(file: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = HEADER_BYTES; uint32At(file, at) !== FOOTER_MARK; ) {
    const end = at + BLOCK_HEAD_BYTES + uint32At(file, at);
    blocks.push(file.subarray(at + BLOCK_HEAD_BYTES, end));
    at = end;
  }
  return Uint8Array.from(Buffer.concat(blocks));
}

function rowFiles(): readonly Uint8Array[] {
  return goldenFiles('checkpoints/data').slice(0, 16).map(rowsIn);
}

interface ReadRow {
  readonly table: number;
  readonly keyGroup: number;
  readonly key: string;
  readonly value: string | undefined;
}

/** As the file says them, in pieces of so many bytes; the count is of no interest here. */
function rowsOf(bytes: Uint8Array, pieceBytes: number): ReadRow[] {
  const rows: ReadRow[] = [];
  const reader = new RowFileReader('fuzzed', {
    tables: () => {},
    row: ({ table, keyGroup, bytes: all, keyStart, keyLength, valueStart, valueLength }) => {
      const key = Buffer.from(all.subarray(keyStart, keyStart + keyLength)).toString('latin1');
      const value = Buffer.from(all.subarray(valueStart, valueStart + valueLength)).toString('latin1');
      if (key.length !== keyLength || value.length !== Math.max(0, valueLength))
        found('a row beyond its file');
      rows.push({ table, keyGroup, key, value: valueLength < 0 ? undefined : value });
    },
  });
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.push(bytes.subarray(at, at + pieceBytes));
  reader.end(rows.length);
  return rows;
}

const rowFile: FuzzTarget = {
  name: 'row-file',
  refusals: ['MR3004'],
  seeds: async () => rowFiles(),
  read(bytes) {
    const rows = rowsOf(bytes, 64 * 1024);
    if (bytes.length > 20_000) return;
    const inPieces = rowsOf(bytes, 7);
    if (JSON.stringify(rows) !== JSON.stringify(inPieces))
      found('other rows where they come in other pieces');
  },
};

/** How long the text is that tells what the tables hold, as the first two bytes say; then the text, then the rows. */
const TEXT_LENGTH_BYTES = 2;

const stateRows: FuzzTarget = {
  name: 'state-rows',
  refusals: ['MR3004', 'MR2003', 'MR2001'],
  seeds: async () =>
    (await goldenHandles()).map(({ tables, rows }) => {
      const text = encodeUtf8(JSON.stringify(tables));
      return Uint8Array.of(text.length & 0xff, text.length >>> 8, ...text, ...rows);
    }),
  words: ['value<', ' with ttl', ' per window', 'map<', 'list<', 'dynamic', 'bigint'],
  async read(bytes) {
    const begin = TEXT_LENGTH_BYTES + ((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8));
    const tables = textsIn(bytes.subarray(TEXT_LENGTH_BYTES, begin));
    const rows = bytes.subarray(begin);
    const handle = handleOf(rows, tables);
    let count = 0;
    for (const [name, text] of Object.entries(tables)) {
      if (!name.startsWith(STATE_TABLE_PREFIX)) continue;
      const decoder = new StateEntryDecoder(stateTableType(text), new ThreadCodecFactory());
      for (const { key, value } of await readKeyedRows(handle, readerOf(rows), OWNER, name)) {
        decoder.decode(key, value);
        if (++count > bytes.length) found('more rows than bytes');
      }
    }
  },
};

/** What a manifest would say of the tables; nothing where the text is none. */
function textsIn(bytes: Uint8Array): Readonly<Record<string, string>> {
  try {
    const texts = JSON.parse(decodeUtf8(bytes) ?? '') as Record<string, unknown>;
    return Object.fromEntries(Object.entries(texts ?? {}).map(([name, text]) => [name, String(text)]));
  } catch {
    return {};
  }
}

async function goldenHandles() {
  const handles: { readonly tables: KeyedStateHandle['tables']; readonly rows: Uint8Array }[] = [];
  for (const format of goldenFormats()) {
    const folder = join(GOLDEN, format, 'checkpoints');
    const { manifest } = await readManifestAt(storeAt, folder, () => {});
    const subtasks = manifest.vertices.flatMap((vertex) => vertex.subtasks);
    for (const subtask of subtasks) {
      if (subtask === 'finished') continue;
      for (const { keyed } of Object.values(subtask.operators)) {
        const [file] = keyed?.files ?? [];
        if (keyed === undefined || file === undefined) continue;
        handles.push({
          tables: keyed.tables,
          rows: rowsIn(Uint8Array.from(readFileSync(join(folder, file.key)))),
        });
      }
    }
  }
  return handles.slice(0, 16);
}

const OWNER = { uid: 'fuzzed', subtask: 0 };

function handleOf(bytes: Uint8Array, tables: KeyedStateHandle['tables']): KeyedStateHandle {
  let rows = 0;
  const reader = new RowFileReader('fuzzed', { tables: () => {}, row: () => void rows++ });
  reader.push(bytes);
  const file = { key: 'data/fuzzed', sizeBytes: bytes.length, entryCount: rows, crc32c: 0 };
  return { format: 2, keyGroupStart: KEY_GROUPS.start, keyGroupEnd: KEY_GROUPS.end, files: [file], tables };
}

function readerOf(bytes: Uint8Array): KeyedStateRequest['reader'] {
  return {
    async *read() {
      yield bytes.slice();
    },
  };
}

/** Rows as a store on the heap restores them, which then has to write the same rows. */
const restoredRows: FuzzTarget = {
  name: 'restored-rows',
  refusals: ['MR3004', 'MR2003'],
  seeds: async () => rowFiles(),
  async read(bytes) {
    const restore = handleOf(bytes, {});
    const request = {
      operatorUid: 'fuzzed',
      subtaskIndex: 0,
      attempt: 0,
      keyGroups: KEY_GROUPS,
      managedBytes: 0,
    };
    const store = await new HeapStateBackend().open({ ...request, restore, reader: readerOf(bytes) });
    try {
      await store.restore();
    } finally {
      await store.close();
    }
    if (!areSame(bytes, bytes.slice())) found('the file was changed');
  },
};

export const STATE_TARGETS: readonly FuzzTarget[] = [rowFile, stateRows, restoredRows];
