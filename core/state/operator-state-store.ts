import { MillraceError } from '../base/millrace-error.js';
import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import type { CodecFactory, RecordCodec } from '../serde/record-codec.js';
import { type BroadcastState, HeapBroadcastState } from './broadcast-state.js';
import type { ListState } from './list-state.js';
import type { ListStateDescriptor, MapStateDescriptor, StateDescriptor } from './state-descriptor.js';
import { STATE_TABLE_PREFIX, stateTableType } from './state-entry.js';
import { stateTypeOf } from './state-evolution.js';
import { type ItemMigration, itemMigration } from './state-migration.js';

/**
 * State of an operator that belongs to no key. It lives in the memory of its subtask, and goes whole into
 * each checkpoint: it is for little data (offsets, rules, buffers).
 */
export interface OperatorStateStore {
  /**
   * A list whose elements are dealt out over the subtasks when the parallelism changes.
   *
   * @throws MillraceError MR2006 if the name stands for other state of this operator, MR2103 if it was
   *   restored with a type of which this one cannot be made
   */
  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T>;
  /** A list of which every subtask is given all elements of all subtasks when the job is restored. */
  getUnionListState<T>(descriptor: ListStateDescriptor<T>): ListState<T>;
  /** A map that is the same in every subtask. */
  getBroadcastState<K, V>(descriptor: MapStateDescriptor<K, V>): BroadcastState<K, V>;
}

type Mode = OperatorListHandle['mode'];

interface Registered {
  readonly typeId: string;
  readonly mode: Mode;
  readonly state: unknown;
  encode(): Uint8Array[];
}

/**
 * The operator state of one subtask, from a checkpoint and into the next ones. What has another type there is
 * migrated when it is asked for.
 *
 * ```
 *   name of a list in the checkpoint   state:["<name of the state>","<type>"]
 * ```
 *
 * Invariants: what was restored and not asked for yet is part of each snapshot as it was; a name stands for one
 * type.
 */
export class OperatorStates implements OperatorStateStore {
  readonly #codecs: CodecFactory;
  readonly #registered = new Map<string, Registered>();
  readonly #unclaimed = new Map<string, RestoredList>();

  constructor(codecs: CodecFactory, restored: Readonly<Record<string, OperatorListHandle>>) {
    this.#codecs = codecs;
    for (const [key, handle] of Object.entries(restored)) {
      const state = operatorStateOf(key);
      if (state === undefined) continue;
      const { name, typeId } = state;
      const other = this.#unclaimed.get(name);
      if (other !== undefined) throw twoTypes(name, other.typeId, typeId);
      this.#unclaimed.set(name, { typeId, handle });
    }
  }

  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.#list(descriptor, 'split');
  }

  getUnionListState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.#list(descriptor, 'union');
  }

  getBroadcastState<K, V>(descriptor: MapStateDescriptor<K, V>): HeapBroadcastState<K, V> {
    return this.#find(descriptor, 'broadcast', (items) => {
      const state = new HeapBroadcastState<K, V>(this.#codecs.codecFor(descriptor.valueType));
      state.restore(items);
      return state;
    });
  }

  /** All of it, each element encoded apart. */
  snapshot(): Record<string, OperatorListHandle> {
    const lists: Record<string, OperatorListHandle> = {};
    for (const [name, { typeId, handle }] of this.#unclaimed) lists[keyOf(name, typeId)] = handle;
    for (const [name, { typeId, mode, encode }] of this.#registered) {
      lists[keyOf(name, typeId)] = { mode, items: encode() };
    }
    return lists;
  }

  #list<T>(descriptor: ListStateDescriptor<T>, mode: Mode): ListState<T> {
    return this.#find(descriptor, mode, (items) => {
      const state = new HeapOperatorList<T>(this.#codecs.codecFor(descriptor.elementType));
      state.restore(items);
      return state;
    });
  }

  #find<S extends { encode(): Uint8Array[] }>(
    descriptor: StateDescriptor,
    mode: Mode,
    make: (items: readonly Uint8Array[]) => S,
  ): S {
    const { name, typeId } = descriptor;
    if (descriptor.ttl !== undefined) {
      throw new MillraceError('MR1001', `The operator state '${name}' has a time to live.`, {
        hint: 'Only keyed state ends by itself; remove what is too old in snapshotState.',
      });
    }
    const before = this.#registered.get(name);
    if (before !== undefined) {
      if (before.typeId === typeId && before.mode === mode) return before.state as S;
      throw new MillraceError('MR2006', `The operator state '${name}' is asked for as ${mode} ${typeId}.`, {
        why: `This operator has already registered it as ${before.mode} ${before.typeId}.`,
        hint: 'Give each state of an operator a name of its own.',
      });
    }
    const restored = this.#unclaimed.get(name);
    const state = make(restored === undefined ? [] : this.#itemsFor(descriptor, mode, restored));
    this.#unclaimed.delete(name);
    this.#registered.set(name, { typeId, mode, state, encode: () => state.encode() });
    return state;
  }

  /** The items of the checkpoint, as those of the descriptor's type. */
  #itemsFor(
    descriptor: StateDescriptor,
    mode: Mode,
    { typeId, handle }: RestoredList,
  ): readonly Uint8Array[] {
    const { name } = descriptor;
    if (handle.mode !== mode) {
      throw new MillraceError('MR2103', `The operator state '${name}' is declared as ${mode}.`, {
        why: `In the checkpoint it is ${handle.mode}, and its items are dealt out by that.`,
        hint: 'Declare it as before, or give the changed state another name, and it begins empty.',
      });
    }
    if (typeId === descriptor.typeId) return handle.items;
    const migration = itemMigration(
      name,
      stateTableType(typeId),
      stateTypeOf(descriptor, false),
      this.#codecs,
    );
    return migration === undefined ? handle.items : handle.items.map((item) => migrated(item, migration));
  }
}

function migrated(item: Uint8Array, migration: ItemMigration): Uint8Array {
  const writer = new ByteWriter(64);
  migration(new ByteReader(item), writer);
  return writer.bytes.slice(writer.mark, writer.position);
}

function twoTypes(name: string, one: string, other: string): MillraceError {
  return new MillraceError('MR2103', `The subtasks hold the operator state '${name}' with two types.`, {
    why: `They are ${one} and ${other}.`,
    hint: 'Have every subtask declare it in open, and take a savepoint at the former parallelism first.',
  });
}

interface RestoredList {
  readonly typeId: string;
  readonly handle: OperatorListHandle;
}

/**
 * Which state the name of a list in a checkpoint stands for; undefined: a list of the engine's own.
 *
 * @throws MillraceError MR2003 for a name that begins as that of a state, and is none
 */
export function operatorStateOf(key: string): { readonly name: string; readonly typeId: string } | undefined {
  if (!key.startsWith(STATE_TABLE_PREFIX)) return undefined;
  const [name, typeId] = pairIn(key.slice(STATE_TABLE_PREFIX.length));
  if (typeof name === 'string' && typeof typeId === 'string') return { name, typeId };
  throw new MillraceError('MR2003', `'${key.slice(0, 200)}' is not the name of an operator state.`, {
    hint: 'See whether a newer millrace wrote it.',
  });
}

function pairIn(text: string): readonly unknown[] {
  try {
    const pair: unknown = JSON.parse(text);
    return Array.isArray(pair) && pair.length === 2 ? pair : [];
  } catch {
    // Told by who has asked for the two.
    return [];
  }
}

function keyOf(name: string, typeId: string): string {
  return STATE_TABLE_PREFIX + JSON.stringify([name, typeId]);
}

/** A list in memory. Its elements are shared with who asks: they must not be changed, only replaced. */
class HeapOperatorList<T> implements ListState<T> {
  readonly #codec: RecordCodec<T>;
  #elements: T[] = [];

  constructor(codec: RecordCodec<T>) {
    this.#codec = codec;
  }

  get(): T[] {
    return [...this.#elements];
  }

  add(element: T): void {
    this.#elements.push(element);
  }

  addAll(elements: Iterable<T>): void {
    for (const element of elements) this.#elements.push(element);
  }

  update(elements: Iterable<T>): void {
    this.#elements = [...elements];
  }

  clear(): void {
    this.#elements = [];
  }

  encode(): Uint8Array[] {
    const writer = new ByteWriter(64);
    return this.#elements.map((element) => {
      writer.clear();
      this.#codec.encode(element, writer);
      return writer.bytes.slice(writer.mark, writer.position);
    });
  }

  restore(items: readonly Uint8Array[]): void {
    for (const item of items) this.#elements.push(this.#codec.decode(new ByteReader(item)));
  }
}
