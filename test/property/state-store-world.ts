import { deepStrictEqual, strictEqual } from 'node:assert';
import type { KeyedStateHandle } from '../../core/checkpoint/snapshot-handle.js';
import type {
  KeyedSnapshot,
  KeyedStateBackend,
  KeyedStateRequest,
  KeyedStateStore,
  StateTable,
} from '../../core/ports/keyed-state-store.js';
import { ByteReader } from '../../core/serde/byte-reader.js';
import { ByteWriter } from '../../core/serde/byte-writer.js';
import { StateRow } from '../../core/state/state-row.js';
import { MemoryStateFiles, settle } from '../state-files.js';
import { ELEMENTS, KEY_GROUPS, type StateCommand } from './state-commands.js';

/** Rows by table, then by the hexadecimal text of key group and key: it sorts as the rows of a key group do. */
type Content = readonly [Map<string, string>, Map<string, string>, Map<string, string>];

interface Pending {
  readonly id: number;
  readonly snapshot: KeyedSnapshot;
  readonly content: Content;
  writing: Promise<void> | undefined;
  handle: KeyedStateHandle | undefined;
  failed: boolean;
}

/** A few dozen of them are more than the smallest store holds in memory. */
const GROWN_ROW_BYTES = 24_000;

/** A store of the backend with the rows of the request's checkpoint. */
export async function restoredStore(
  backend: KeyedStateBackend,
  request: KeyedStateRequest,
): Promise<KeyedStateStore> {
  const store = await backend.open(request);
  await store.restore();
  return store;
}

/**
 * Runs commands over a store and over plain maps, and compares all that can be seen. A snapshot is compared
 * with the maps as they were when it was frozen, by restoring it.
 */
export class StateStoreWorld {
  readonly files = new MemoryStateFiles();
  readonly #open: (request: KeyedStateRequest) => Promise<KeyedStateStore>;
  readonly #row = new StateRow();
  #store: KeyedStateStore | undefined;
  #tables: readonly StateTable[] = [];
  #content: Content = [new Map(), new Map(), new Map()];
  #pending: Pending[] = [];
  #completed: { readonly handle: KeyedStateHandle; readonly content: Content } | undefined;
  #nextId = 1;
  #attempt = 0;

  readonly #managedBytes: number;
  /** Bytes of every value of table 2. Where they are 4, half of them are stored as the number that they are. */
  readonly #fixedBytes: 4 | 8;

  constructor(
    open: (request: KeyedStateRequest) => Promise<KeyedStateStore>,
    managedBytes: number,
    fixedBytes: 4 | 8,
  ) {
    this.#open = open;
    this.#managedBytes = managedBytes;
    this.#fixedBytes = fixedBytes;
  }

  async run(commands: readonly StateCommand[]): Promise<void> {
    this.files.held = true;
    await this.#reopen();
    for (const command of commands) await this.#apply(command);
    this.#compareAll();
    await this.#checkpointAndRestore();
    await this.#store?.close();
  }

  /** All rows by table, in canonical order. */
  get content(): Content {
    return this.#content;
  }

  async #apply(command: StateCommand): Promise<void> {
    switch (command.op) {
      case 'put':
        return this.#put(command);
      case 'get':
      case 'delete':
        return this.#getOrDelete(command);
      case 'fill':
        return this.#fill(command);
      case 'scan':
        return this.#scan(command);
      case 'scanKeyGroup':
        return this.#compareKeyGroup(command.table, command.keyGroup);
      case 'snapshot':
        this.#freeze();
        if (command.write) this.#startWrite();
        return;
      case 'write':
        return this.#startWrite();
      case 'step':
        await this.files.step();
        return;
      case 'failNext':
        this.files.failNext = true;
        return;
      case 'complete':
        return this.#complete();
      case 'abort':
        return this.#abort(command.which);
      case 'checkpoint':
        return this.#checkpoint(command.completes);
      case 'restore':
        return this.#reopen();
    }
  }

  #put(command: StateCommand & { op: 'put' }): void {
    const row = this.#compose(command.table, command.key, command.element);
    const size = command.table === 2 ? this.#fixedBytes : command.size;
    const value = new ByteWriter(8);
    value.reserve(size + 7);
    // The value does not begin at the start of its writer.
    value.position = 3 + size;
    value.bytes.fill(command.seed, 3, value.position);
    this.#putValue(command.table, row, value, 3);
    this.#content[command.table].set(hexRow(row), hex(value.bytes.subarray(3, value.position)));
    value.bytes.fill(99);
  }

  /** Many rows at once. The values of table 2 all have 8 bytes; some keys are longer than an LMDB key may be. */
  #fill(command: StateCommand & { op: 'fill' }): void {
    const { table, seed } = command;
    const value = new ByteWriter(256);
    const known = this.#content[table];
    for (let i = 0; i < command.count; i++) {
      const row = this.#composeNumbered(table, command.from + i * command.step);
      if (command.deleting && i % 2 === 0) {
        strictEqual(this.#tables[table]?.delete(row), known.delete(hexRow(row)));
        continue;
      }
      if (i % 3 === 0) strictEqual(this.#read(table, row), known.get(hexRow(row)));
      value.position = table === 2 ? this.#fixedBytes : (seed + i) % 200;
      value.bytes.fill(seed + i);
      this.#putValue(table, row, value, 0);
      known.set(hexRow(row), hex(value.bytes.subarray(0, value.position)));
    }
  }

  #putValue(tableNumber: 0 | 1 | 2, row: StateRow, value: ByteWriter, from: number): void {
    const number = value.view.getInt32(from, true);
    const table = this.#tables[tableNumber];
    if (tableNumber === 2 && this.#fixedBytes === 4 && number % 2 === 0) table?.putInt32(row, number);
    else table?.put(row, value, from);
  }

  #composeNumbered(table: 0 | 1 | 2, number: number): StateRow {
    const row = this.#row;
    const isLong = table !== 2 && number % 97 === 0;
    const length = isLong ? 1910 : number % 50 === 0 ? 11 : 4 + (number % 3);
    const out = row.begin(keyGroupOf(number));
    out.reserve(length);
    out.bytes.fill(1, 0, length);
    // The first byte is the prefix in table 1.
    out.view.setUint8(0, number % 16);
    out.view.setUint16(isLong ? length - 2 : 1, number);
    out.position = length;
    row.prefixLength = table === 1 ? 1 : 0;
    row.seal();
    return row;
  }

  #getOrDelete(command: StateCommand & { op: 'get' | 'delete' }): void {
    const row = this.#compose(command.table, command.key, command.element);
    const known = this.#content[command.table];
    if (command.op === 'delete') {
      strictEqual(this.#tables[command.table]?.delete(row), known.delete(hexRow(row)));
      return;
    }
    strictEqual(this.#read(command.table, row), known.get(hexRow(row)));
  }

  #read(tableNumber: 0 | 1 | 2, row: StateRow): string | undefined {
    const into = new ByteReader();
    if (!this.#tables[tableNumber]?.get(row, into)) {
      if (tableNumber === 2) strictEqual(this.#tables[tableNumber]?.getInt32(row), undefined);
      return undefined;
    }
    strictEqual(into.view.buffer, into.bytes.buffer);
    if (tableNumber === 2 && this.#fixedBytes === 4) {
      const number = into.view.getInt32(into.position, true);
      strictEqual(this.#tables[tableNumber]?.getInt32(row), number);
    }
    return hex(into.bytes.subarray(into.position, into.limit));
  }

  #scan({ key: keyNumber, deleting, limit, growth }: StateCommand & { op: 'scan' }): void {
    const prefix = new StateRow();
    prefix.begin(keyGroupOf(keyNumber)).bytes[0] = keyNumber;
    prefix.writer.position = 1;
    prefix.sealPrefix();
    const known = this.#content[1];
    const expected = [...known].filter(([row]) => row.startsWith(hexRow(prefix))).sort();
    const seen: [string, string][] = [];
    const shown = new StateRow();
    this.#tables[1]?.scan(prefix, (rowKey, value) => {
      shown.setTo(prefix.keyGroup, rowKey);
      shown.prefixLength = 1;
      seen.push([hexRow(shown), hex(value)]);
      if (deleting) {
        strictEqual(this.#tables[1]?.delete(shown), true);
        known.delete(hexRow(shown));
      }
      for (let i = 0; i < growth; i++) this.#grow(seen.length * growth + i);
      return seen.length < limit;
    });
    deepStrictEqual(seen, expected.slice(0, Math.max(1, limit)));
  }

  #grow(number: number): void {
    const row = this.#composeNumbered(0, number);
    const value = new ByteWriter(GROWN_ROW_BYTES);
    value.position = GROWN_ROW_BYTES;
    value.bytes.fill(number);
    this.#tables[0]?.put(row, value, 0);
    this.#content[0].set(hexRow(row), hex(value.bytes));
  }

  #compareKeyGroup(tableNumber: 0 | 1 | 2, keyGroup: number): void {
    const seen: [string, string][] = [];
    const shown = new StateRow();
    this.#tables[tableNumber]?.scanKeyGroup(keyGroup, (rowKey, value) => {
      shown.setTo(keyGroup, rowKey);
      seen.push([hexRow(shown), hex(value)]);
      return true;
    });
    const start = keyGroup.toString(16).padStart(4, '0');
    const expected = [...this.#content[tableNumber]].filter(([row]) => row.startsWith(start)).sort();
    deepStrictEqual(seen, expected);
  }

  #compareAll(): void {
    for (const tableNumber of [0, 1, 2] as const) {
      for (let keyGroup = KEY_GROUPS.start; keyGroup <= KEY_GROUPS.end; keyGroup++) {
        this.#compareKeyGroup(tableNumber, keyGroup);
      }
    }
  }

  #freeze(): void {
    const store = this.#store;
    if (store === undefined) throw new Error('no store');
    const id = this.#nextId++;
    const content = copyOf(this.#content);
    const snapshot = store.snapshot(id);
    this.#pending.push({ id, snapshot, content, writing: undefined, handle: undefined, failed: false });
  }

  #startWrite(): void {
    const pending = this.#pending.find(({ writing }) => writing === undefined);
    if (pending === undefined) return;
    pending.writing = pending.snapshot.write(this.files.writerFor(pending.id)).then(
      (handle) => {
        pending.handle = structuredClone(handle);
        pending.snapshot.discard();
      },
      () => {
        pending.failed = true;
        pending.snapshot.discard();
      },
    );
  }

  /** The newest checkpoint that is written completes; older ones are subsumed. */
  async #complete(): Promise<void> {
    await settle();
    const done = this.#pending.findLast(({ handle }) => handle !== undefined);
    if (done?.handle === undefined) return;
    this.#completed = { handle: done.handle, content: done.content };
    this.#store?.notifyCheckpointComplete(done.id);
    this.#pending = this.#pending.filter(({ id }) => id > done.id);
  }

  #abort(which: number): void {
    const pending = this.#pending[which];
    if (pending === undefined) return;
    if (pending.writing === undefined) pending.snapshot.discard();
    this.#store?.notifyCheckpointAborted(pending.id);
    this.#pending.splice(which, 1);
  }

  /** The store is lost; a new one begins from the last completed checkpoint. */
  async #reopen(): Promise<void> {
    const old = this.#store;
    await this.files.release();
    await old?.close();
    this.files.held = true;
    this.files.failNext = false;
    this.#pending = [];
    this.#content = copyOf(this.#completed?.content ?? [new Map(), new Map(), new Map()]);
    const store = await this.#open({
      operatorUid: 'counts',
      subtaskIndex: 1,
      attempt: ++this.#attempt,
      keyGroups: KEY_GROUPS,
      managedBytes: this.#managedBytes,
      restore: this.#completed?.handle,
      reader: this.files,
    });
    this.#store = store;
    this.#tables = [
      store.table('state:plain', { typeId: 'value<dynamic>', ordered: false, fixedValueBytes: 0 }),
      store.table('state:sorted', { typeId: 'map<dynamic,dynamic>', ordered: true, fixedValueBytes: 0 }),
      store.table('state:fixed', { typeId: 'value<any>', ordered: false, fixedValueBytes: this.#fixedBytes }),
    ];
    this.#compareAll();
  }

  /** Whatever happened before, a checkpoint that is let through holds the present content. */
  async #checkpointAndRestore(): Promise<void> {
    await this.#checkpoint(true);
    await this.#reopen();
  }

  async #checkpoint(completes: boolean): Promise<void> {
    await this.files.release();
    this.files.failNext = false;
    this.#freeze();
    const last = this.#pending.at(-1);
    while (last?.writing === undefined) this.#startWrite();
    await this.files.release();
    await last.writing;
    strictEqual(last.failed, false);
    if (completes) await this.#complete();
    else this.#abort(this.#pending.length - 1);
    this.files.held = true;
  }

  #compose(tableNumber: 0 | 1 | 2, keyNumber: number, elementNumber: number): StateRow {
    const row = this.#row;
    // Table 2 has short keys, so that it is an inline table.
    const bytes = ELEMENTS[tableNumber === 2 ? elementNumber % 7 : elementNumber] ?? new Uint8Array(0);
    const out = row.begin(keyGroupOf(keyNumber));
    out.reserve(1 + bytes.length);
    out.bytes[0] = keyNumber;
    out.bytes.set(bytes, 1);
    out.position = 1 + bytes.length;
    row.prefixLength = tableNumber === 1 ? 1 : 0;
    row.seal();
    return row;
  }
}

function copyOf(content: Content): Content {
  return [new Map(content[0]), new Map(content[1]), new Map(content[2])];
}

function keyGroupOf(keyNumber: number): number {
  return KEY_GROUPS.start + (keyNumber % 4);
}

function hexRow(row: StateRow): string {
  return row.keyGroup.toString(16).padStart(4, '0') + hex(row.bytes.subarray(0, row.length));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
