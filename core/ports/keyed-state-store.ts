import type { KeyedStateHandle } from '../checkpoint/snapshot-handle.js';
import type { ByteReader } from '../serde/byte-reader.js';
import type { ByteWriter } from '../serde/byte-writer.js';
import type { TypeNode } from '../serde/type-descriptor.js';

/**
 * Keyed state as bytes, of one operator of one subtask. The typed states (value, list, map, ...) stand on
 * this in core/state, so that every backend has the same semantics and the same snapshot.
 *
 * A row is addressed by table, key group and row key. The row key is composed by core/state:
 * `key | namespace | element`, each part order-preserving and self-delimiting, so that all rows of a
 * (key, namespace) share a prefix and rows sort as their parts do.
 *
 * All methods but the snapshot's own are synchronous and are called on the thread of the task only.
 */
export interface KeyedStateStore {
  /**
   * Declares a table before its first use. The same name gives the same table.
   * @throws MillraceError MR2103 if the checkpoint has a table of that name with another `typeId`, of which nothing
   *   is to be made, or whose rows would have to be changed and are restored already
   */
  table(name: string, options: TableOptions): StateTable;
  /**
   * Reads the rows of the checkpoint: once, before the first of them is asked for, and after the tables were
   * declared whose type may have changed; rows that are to be migrated are as they come. Rows of tables that were
   * not declared are kept for who declares them later, and for the next checkpoints.
   *
   * Rejects with MR2102 if key groups are missing, MR2103 for a row of which nothing can be made, MR3004 or MR3008
   * for what cannot be read.
   */
  restore(): Promise<void>;
  /** The key groups that this subtask owns; rows outside are never stored. */
  readonly keyGroups: KeyGroupRange;
  /**
   * The synchronous part of a checkpoint: freezes the present content at once (copy on write, or a copy)
   * and returns what writes it out later while processing goes on.
   */
  snapshot(checkpointId: number): KeyedSnapshot;
  /** The snapshot of that checkpoint, which is to come, holds everything: it builds on no other. */
  requestBase(checkpointId: number): void;
  /** The checkpoint is complete everywhere: frozen content and increments up to it may be dropped or kept. */
  notifyCheckpointComplete(checkpointId: number): void;
  /** The checkpoint will never complete; its changes belong to the next one. */
  notifyCheckpointAborted(checkpointId: number): void;
  /** May wait for what still runs (a writer, a file). Idempotent. */
  close(): Promise<void>;
}

export interface TableOptions {
  /** Canonical text of the type of the values (and elements), stored in the checkpoint and compared. */
  readonly typeId: string;
  /** Whether {@link StateTable.scan} will be used (map state, timers); point access alone is cheaper. */
  readonly ordered: boolean;
  /** Bytes of a value when every value has the same size, otherwise 0. */
  readonly fixedValueBytes: number;
  /**
   * Whether the value that begins at `at` has outlived its time: a snapshot of the whole state may leave such
   * rows out. Undefined: rows live for ever.
   */
  isExpired?(bytes: Uint8Array, at: number): boolean;
  /**
   * What is to be done with rows that a checkpoint holds under another `typeId`; undefined: nothing, the bytes mean
   * the same. Throws MR2103 if nothing can be done. Without this, any other type is refused.
   */
  evolve?(storedTypeId: string): RowMigration | undefined;
  /** The rows of the checkpoint are in the table. Called once, and at once if they were there already. */
  onRestored?(table: StateTable): void;
}

/** Makes the values of restored rows what the job declares now. Used for one row after another. */
export interface RowMigration {
  /** Appends the new value of the row to `out`. @throws MillraceError MR2103 if it cannot be made */
  migrate(key: ByteReader, value: ByteReader, out: ByteWriter): void;
}

/** What is said of a row beside its bytes, so that most rows are hashed and compared without them. */
export const RowForm = {
  /** It is being composed: no store may see it. */
  OPEN: 0,
  /** A key that is an integer of 32 bits: `int`. */
  INT: 1,
  /** Such a key and a window: `int`, and the words of the times. */
  INT_WINDOW: 2,
  /** Anything else: `words`. */
  BYTES: 3,
} as const;

export type RowForm = (typeof RowForm)[keyof typeof RowForm];

/** The address of a row in a table. Reused by its owner: valid only during the call. */
export interface RowKey {
  /** Not OPEN. A row of the same bytes always has the same form. */
  readonly form: RowForm;
  readonly keyGroup: number;
  /** Zeros follow bytes[0, length) up to the next multiple of 8. Asking for them may cost the writing of them. */
  readonly bytes: Uint8Array;
  readonly length: number;
  /** `rowHash` of bytes[0, length), of 32 bits and signed; computed by the owner. */
  readonly hash: number;
  readonly int: number;
  /** Start and end of the window, ms: high words, signed, and low words. */
  readonly startHigh: number;
  readonly startLow: number;
  readonly endHigh: number;
  readonly endLow: number;
  /** The same memory as `bytes`, as words: those of bytes[0, length) have zeros beyond it. */
  readonly words: Int32Array;
  /**
   * Length of the prefix by which rows of this kind are scanned (`key | namespace`), at most `length`; the
   * same for every row of that prefix. 0: rows of this kind are scanned by key group only.
   */
  readonly prefixLength: number;
}

/** Rows as far as they are told by numbers, as in {@link RowKey}. */
export interface RowBatch {
  readonly hashes: Int32Array;
  readonly keyGroups: Int32Array;
}

export interface StateTable {
  /** Points `into` at the value's bytes, valid until the next call on the store. False: no such row. */
  get(row: RowKey, into: ByteReader): boolean;
  /** Stores bytes[from, position) of `value` under the row; they are copied before this returns. */
  put(row: RowKey, value: ByteWriter, from: number): void;
  /** {@link get} of a value that is one little-endian int32: the number, or undefined without such a row. */
  getInt32(row: RowKey): number | undefined;
  /** {@link put} of such a value. `value` is an integer of 32 bits. */
  putInt32(row: RowKey, value: number): void;
  /** True if there was such a row. */
  delete(row: RowKey): boolean;
  /** Whether its rows are more than a cache of the processor holds. */
  readonly isLarge: boolean;
  /**
   * Reads what {@link get} of the first `count` rows would read first, so that it is in a cache when it is wanted.
   * What comes back says nothing, but is to be used: otherwise nothing is read.
   */
  touch(rows: RowBatch, count: number): number;
  /**
   * Visits rows whose key begins with the given row's bytes (its `prefixLength` is its `length`, and that of
   * the rows looked for), ascending by row key, until the visitor returns false. The visitor may delete the
   * row it is shown, and must not otherwise write. Only on tables declared `ordered`.
   */
  scan(prefix: RowKey, visit: RowVisitor): void;
  /** Visits all rows of a key group in ascending order (timers after a restore, savepoints, all keys). */
  scanKeyGroup(keyGroup: number, visit: RowVisitor): void;
}

/** `key` and `value` are valid only during the call. Returning false ends the scan. */
export type RowVisitor = (key: Uint8Array, value: Uint8Array) => boolean;

export interface KeyGroupRange {
  /** First key group, included. */
  readonly start: number;
  /** Last key group, included. */
  readonly end: number;
}

export interface KeyedSnapshot {
  /**
   * Writes what was frozen by way of `writer` and resolves to what the manifest will hold; called once,
   * off the record path. Rejects with MR3007 (or what the storage threw).
   */
  write(writer: SnapshotWriter): Promise<KeyedStateHandle>;
  /** Frees what was frozen; after `write` settled, or instead of it. Idempotent. */
  discard(): void;
}

/** Writes the data files of one subtask's part of one checkpoint. Supplied by the checkpoint storage. */
export interface SnapshotWriter {
  readonly checkpointId: number;
  /** Opens a new data file; its name is unique among epochs, attempts, subtasks and checkpoints. */
  createFile(purpose: string): SnapshotFile;
}

export interface SnapshotFile {
  /** Appends a block; bytes are copied or written before the promise resolves. Awaiting it is the back-pressure. */
  append(block: Uint8Array): Promise<void>;
  /** Seals the file with its length, entry count and CRC32C, durable when this resolves. */
  finish(entryCount: number): Promise<StateFileHandle>;
  /** Gives up; what was written is removed if it can be. Never rejects. */
  abandon(): Promise<void>;
}

/** A durable state file, as a manifest names it. */
export interface StateFileHandle {
  /** Object key below the job's folder. */
  readonly key: string;
  readonly sizeBytes: number;
  readonly entryCount: number;
  readonly crc32c: number;
}

/** Opens keyed state for one operator of a subtask. Supplied by boot. */
export interface KeyedStateBackend {
  /** `heap` or `lmdb`; for messages. */
  readonly name: string;
  /** The store is empty until its `restore` has resolved. */
  open(request: KeyedStateRequest): Promise<KeyedStateStore>;
}

export interface KeyedStateRequest {
  readonly operatorUid: string;
  readonly subtaskIndex: number;
  readonly attempt: number;
  readonly keyGroups: KeyGroupRange;
  /** Of the keys, where it is known. */
  readonly keyType?: TypeNode | undefined;
  /** Managed memory of this operator, bytes. */
  readonly managedBytes: number;
  readonly restore: KeyedStateHandle | undefined;
  readonly reader: StateFileReader;
}

export interface StateFileReader {
  /** Streams the blocks of a file as they were appended, verifying length and CRC32C; rejects with MR3004 or MR3008. */
  read(handle: StateFileHandle): AsyncIterable<Uint8Array>;
}
