import { fromWireError, MillraceError, toWireError, type WireError } from '../../core/internal.js';
import {
  assertObjectKey,
  assertObjectPrefix,
  type ByteRange,
  CHUNK_BYTES,
  type ObjectStatus,
  type ObjectStore,
} from './object-store.js';

/** What is asked of a store on another thread. */
export type StoreCall =
  | { readonly type: 'get'; readonly key: string; readonly range: ByteRange | undefined }
  | { readonly type: 'put'; readonly key: string; readonly bytes: Uint8Array }
  | { readonly type: 'create'; readonly key: string; readonly bytes: Uint8Array }
  | { readonly type: 'list'; readonly prefix: string }
  | { readonly type: 'head'; readonly key: string }
  | { readonly type: 'delete'; readonly keys: readonly string[] }
  | { readonly type: 'sweep' };

export interface StoreRequest {
  readonly id: number;
  readonly call: StoreCall;
}

export type StoreReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: WireError };

interface StoreAnswers {
  readonly get: Uint8Array;
  readonly put: number;
  readonly create: boolean;
  readonly list: readonly string[];
  readonly head: ObjectStatus | undefined;
  readonly delete: undefined;
  readonly sweep: undefined;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A store that lies on another thread, where {@link answerStoreRequest} answers. Objects cross whole, so they are small
 * ones: what is longer than `limitBytes` is refused here (MR3003).
 *
 * Invariant: each request is answered once, and none is lost, since both threads are of one process.
 */
export class DistantObjectStore implements ObjectStore {
  readonly mayLandLate = false;
  readonly #send: (request: StoreRequest) => void;
  readonly #limitBytes: number;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(limitBytes: number, send: (request: StoreRequest) => void) {
    this.#limitBytes = limitBytes;
    this.#send = send;
  }

  /** Called with each reply. */
  receive(reply: StoreReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(fromWireError(reply.error));
    else waiting?.resolve(reply.value);
  }

  describe(key: string): string {
    return `memory:${key}`;
  }

  async *get(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    assertObjectKey(key);
    const bytes = await this.#ask({ type: 'get', key, range });
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
  }

  async put(key: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    assertObjectKey(key);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of content) {
      length += chunk.length;
      if (length > this.#limitBytes) throw this.#tooLong(key);
      chunks.push(chunk.slice());
    }
    return this.#ask({ type: 'put', key, bytes: joined(chunks, length) });
  }

  async createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    assertObjectKey(key);
    return this.#ask({ type: 'create', key, bytes });
  }

  async list(prefix: string): Promise<readonly string[]> {
    assertObjectPrefix(prefix);
    return this.#ask({ type: 'list', prefix });
  }

  async head(key: string): Promise<ObjectStatus | undefined> {
    assertObjectKey(key);
    return this.#ask({ type: 'head', key });
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#ask({ type: 'delete', keys });
  }

  sweepUnfinished(): Promise<void> {
    return this.#ask({ type: 'sweep' });
  }

  #ask<K extends keyof StoreAnswers>(call: StoreCall & { readonly type: K }): Promise<StoreAnswers[K]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as StoreAnswers[K]), reject });
      this.#send({ id, call });
    });
  }

  #tooLong(key: string): MillraceError {
    return new MillraceError('MR3003', `${key} is too long for the checkpoint memory`, {
      where: { at: this.describe(key) },
      why: `it has more than ${this.#limitBytes} bytes`,
      hint: 'raise execution.checkpointing.jobmanager-storage.max-size, or keep checkpoints in files',
    });
  }
}

/** Carries a request out. Never rejects. */
export async function answerStoreRequest(
  store: ObjectStore,
  { id, call }: StoreRequest,
): Promise<StoreReply> {
  try {
    return { id, value: await carryOut(store, call) };
  } catch (error) {
    return { id, error: toWireError(error) };
  }
}

async function carryOut(store: ObjectStore, call: StoreCall): Promise<StoreAnswers[keyof StoreAnswers]> {
  switch (call.type) {
    case 'get': {
      const chunks: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of store.get(call.key, call.range)) {
        chunks.push(chunk);
        length += chunk.length;
      }
      return joined(chunks, length);
    }
    case 'put':
      return store.put(call.key, once(call.bytes));
    case 'create':
      return store.createIfAbsent(call.key, call.bytes);
    case 'list':
      return store.list(call.prefix);
    case 'head':
      return store.head(call.key);
    case 'delete':
      await store.delete(call.keys);
      return undefined;
    case 'sweep':
      await store.sweepUnfinished();
      return undefined;
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
