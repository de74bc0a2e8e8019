import type { KeyedStateHandle } from '../core/checkpoint/snapshot-handle.js';
import type { KeyedStateBackend, KeyedStateRequest } from '../core/ports/keyed-state-store.js';
import type { ByteReader } from '../core/serde/byte-reader.js';
import type { ByteWriter } from '../core/serde/byte-writer.js';
import { interpretedCodec } from '../core/serde/interpreted-codec.js';
import { decodeKey } from '../core/serde/key-decoding.js';
import { encodeKey } from '../core/serde/key-encoding.js';
import type { CodecFactory, RecordCodec } from '../core/serde/record-codec.js';
import { KeyedStateAccess } from '../core/state/keyed-state-access.js';
import { HeapStateBackend } from '../storage/state/heap-state-backend.js';
import { MemoryStateFiles } from './state-files.js';

/** Undeclared values travel as keys do, which is enough for plain data. */
const dynamicCodec: RecordCodec<unknown> = {
  encode: (value: unknown, out: ByteWriter) => encodeKey(value, out),
  decode: (input: ByteReader) => decodeKey(input),
};

export const interpretedCodecs: CodecFactory = {
  codecFor: (type) => interpretedCodec(type, dynamicCodec),
};

export const MAX_PARALLELISM = 128;

/** The keyed state of one operator of a job of parallelism 1, on any backend, that can be taken down and restored. */
export class KeyedStateLife {
  readonly files = new MemoryStateFiles();
  /** Of the clock by which state ends. */
  wallMs = 0;
  readonly #backend: KeyedStateBackend;
  #checkpointId = 0;
  #attempt = 0;

  constructor(backend: KeyedStateBackend = new HeapStateBackend()) {
    this.#backend = backend;
  }

  /** `declare`: asks for states before the rows are restored. */
  async open(
    restore?: KeyedStateHandle,
    changes: Partial<KeyedStateRequest> = {},
    declare: (access: KeyedStateAccess) => void = () => {},
  ): Promise<KeyedStateAccess> {
    const store = await this.#backend.open({
      operatorUid: 'operator',
      subtaskIndex: 0,
      attempt: ++this.#attempt,
      keyGroups: { start: 0, end: MAX_PARALLELISM - 1 },
      managedBytes: 4 * 1024 * 1024,
      restore,
      reader: this.files,
      ...changes,
    });
    const access = new KeyedStateAccess(store, interpretedCodecs, MAX_PARALLELISM, () => this.wallMs);
    declare(access);
    await store.restore();
    return access;
  }

  /** Takes a checkpoint and completes it; one that is `full` builds on no other. */
  async checkpoint(access: KeyedStateAccess, full = false): Promise<KeyedStateHandle> {
    const id = ++this.#checkpointId;
    if (full) access.store.requestBase(id);
    const snapshot = access.store.snapshot(id);
    const handle = await snapshot.write(this.files.writerFor(id));
    snapshot.discard();
    access.store.notifyCheckpointComplete(id);
    return structuredClone(handle);
  }

  /** Takes a checkpoint that is written, and given up. */
  async abort(access: KeyedStateAccess): Promise<void> {
    const id = ++this.#checkpointId;
    const snapshot = access.store.snapshot(id);
    await snapshot.write(this.files.writerFor(id));
    snapshot.discard();
    access.store.notifyCheckpointAborted(id);
  }
}
