import {
  checkFunctionObject,
  expectNoPromise,
  KEY_TIMER_TYPE,
  KeyedStateAccess,
  type KeyedStateBackend,
  type KeyedStateHandle,
  type KeyedStateReaderFunction,
  KeyTimers,
  keyedStatesOver,
  ListStateDescriptor,
  MapStateDescriptor,
  MillraceError,
  type OperatorStateHandle,
  OperatorStates,
  operatorStateOf,
  operatorUids,
  ownEntry,
  stateTableType,
  type TypeDescriptor,
  USER_TIMERS,
  type WindowReaderFunction,
} from '../../core/internal.js';
import { ThreadCodecFactory } from '../../memory/index.js';
import { type CheckpointAtPath, readManifestAt } from '../../storage/index.js';
import { checkpointsAt } from './object-stores.js';
import { OfflineState, type SavepointOptions } from './offline-state.js';
import { SYSTEM_CLOCK } from './system-clock.js';
import { hasWindows, readWindowsOf, windowContents } from './window-state.js';

type ListMode = 'split' | 'union' | 'broadcast';

interface OperatorPart {
  readonly subtask: number;
  readonly maxParallelism: number;
  readonly handle: OperatorStateHandle;
}

/**
 * Reads the state in a savepoint, or in a completed checkpoint, without a job: on the thread of who asks, in bounded
 * memory, as fast as it is asked for. Nothing in the savepoint changes. Types that have changed are migrated as in a
 * job.
 *
 * @example
 * ```ts
 * const reader = await SavepointReader.read('./savepoints/savepoint-a1b2c3');
 * let count: ValueState<number>;
 * const counts = reader.readKeyedState<string, { page: string; clicks: number }>('counts', {
 *   open(ctx) {
 *     count = ctx.getState(new ValueStateDescriptor('count', types.int32));
 *   },
 *   readKey: (page, _ctx, out) => out.collect({ page, clicks: count.value() ?? 0 }),
 * });
 * for await (const { page, clicks } of counts) console.log(page, clicks);
 * ```
 */
export class SavepointReader {
  readonly #found: CheckpointAtPath;
  readonly #state: OfflineState;

  private constructor(found: CheckpointAtPath, state: OfflineState) {
    this.#found = found;
    this.#state = state;
  }

  /**
   * @param path a savepoint, a job's checkpoint folder, or an entry of its log; also at an s3:// address
   *
   * Rejects with MR3008, MR3004 or MR3005 if there is none that can be read.
   */
  static async read(path: string, options: SavepointOptions = {}): Promise<SavepointReader> {
    const state = new OfflineState(options, 'SavepointReader.read');
    const warn = (checkpointId: number, error: unknown): void => {
      process.emitWarning(`Checkpoint ${checkpointId} cannot be read, an older one is: ${String(error)}`);
    };
    const found = await readManifestAt((folder) => state.storeAt(folder), checkpointsAt(path), warn);
    return new SavepointReader(found, state);
  }

  /** Operators that have state. */
  get uids(): readonly string[] {
    return [...new Set(this.#found.manifest.vertices.flatMap((vertex) => [...operatorUids(vertex)]))];
  }

  /**
   * What `fn` collects for each key that has something in one of the states which its `open` asks for, by key group.
   * Iterating rejects with MR2103 if a state has another type.
   *
   * @throws MillraceError MR1001 if the operator has no keyed state
   */
  readKeyedState<K, R>(uid: string, fn: KeyedStateReaderFunction<K, R>): AsyncIterable<R> {
    checkFunctionObject(fn, 'The function object given to readKeyedState', ['open', 'readKey']);
    const parts = this.#partsOf(uid).filter(({ handle }) => handle.keyed !== undefined);
    if (parts.length === 0) throw noState(uid, 'keyed state', this.uids);
    return this.#state.withBackend((backend) =>
      this.#readKeyed(backend, uid, parts, (access, handle) => {
        expectNoPromise(fn.open(keyedStatesOver(access)), 'open of a keyed state reader function');
        const timers = timersOf(access, handle);
        return (keyGroup) => readGroup(access, timers, fn, keyGroup);
      }),
    );
  }

  /**
   * What `fn` collects for each window that holds something, by key group and key. It is read by the types that it has.
   *
   * @throws MillraceError MR1001 if the operator has no windows with contents
   */
  readWindowState<K, E, R>(uid: string, fn: WindowReaderFunction<K, E, R>): AsyncIterable<R> {
    checkFunctionObject(fn, 'The function object given to readWindowState', ['readWindow']);
    const parts = this.#partsOf(uid).filter(({ handle }) => handle.keyed && hasWindows(handle.keyed));
    if (parts.length === 0) throw noState(uid, 'windows', this.uids);
    return this.#state.withBackend((backend) =>
      this.#readKeyed(backend, uid, parts, (access, handle) => {
        const contents = windowContents<E>(access, handle);
        return (keyGroup) => readWindowsOf(access, contents, fn, keyGroup);
      }),
    );
  }

  /** The elements of a list of the operator, of all its subtasks. Without a type they are read by the one they have. */
  async *readListState<T>(uid: string, name: string, type?: TypeDescriptor<T>): AsyncIterable<T> {
    for (const [states, stored] of this.#lists<T>(uid, name, 'split'))
      yield* states.getListState(new ListStateDescriptor<T>(name, type ?? stored)).get();
  }

  /** As {@link readListState}, of a union list: each element once. */
  async *readUnionState<T>(uid: string, name: string, type?: TypeDescriptor<T>): AsyncIterable<T> {
    for (const [states, stored] of this.#lists<T>(uid, name, 'union'))
      yield* states.getUnionListState(new ListStateDescriptor<T>(name, type ?? stored)).get();
  }

  /** The entries of a broadcast state, which are the same in each subtask. */
  async *readBroadcastState<K, V>(
    uid: string,
    name: string,
    keyType?: TypeDescriptor<K>,
    valueType?: TypeDescriptor<V>,
  ): AsyncIterable<[K, V]> {
    for (const [states, storedValue, storedKey] of this.#lists<V>(uid, name, 'broadcast')) {
      const [key, value] = [keyType ?? storedKey, valueType ?? storedValue];
      yield* states
        .getBroadcastState(new MapStateDescriptor<K, V>(name, key as TypeDescriptor<K>, value))
        .entries();
      return;
    }
  }

  async *#readKeyed<R>(
    backend: KeyedStateBackend,
    uid: string,
    parts: readonly OperatorPart[],
    open: OpenGroups<R>,
  ): AsyncIterable<R> {
    for (const { handle, subtask, maxParallelism } of parts) {
      if (handle.keyed === undefined) continue;
      const { keyGroupStart: start, keyGroupEnd: end } = handle.keyed;
      const store = await backend.open({
        operatorUid: uid,
        subtaskIndex: subtask,
        attempt: 1,
        keyGroups: { start, end },
        managedBytes: this.#state.managedBytes,
        restore: handle.keyed,
        reader: this.#found.reader,
      });
      try {
        const codecs = new ThreadCodecFactory();
        const access = new KeyedStateAccess(store, codecs, maxParallelism, () => SYSTEM_CLOCK.wallMs());
        const readGroup = open(access, handle.keyed);
        await store.restore();
        for (let keyGroup = start; keyGroup <= end; keyGroup++) yield* readGroup(keyGroup);
      } finally {
        await store.close();
      }
    }
  }

  /** The states of each subtask that has the list, and the types of what is in it (and of its keys). */
  *#lists<T>(
    uid: string,
    name: string,
    mode: ListMode,
  ): Iterable<[OperatorStates, TypeDescriptor<T>, TypeDescriptor<unknown> | undefined]> {
    let found = false;
    for (const { handle } of this.#partsOf(uid)) {
      for (const [key, list] of Object.entries(handle.lists)) {
        const state = list.mode === mode ? operatorStateOf(key) : undefined;
        if (state?.name !== name) continue;
        found = true;
        const { valueType, keyType } = stateTableType(state.typeId);
        yield [
          new OperatorStates(new ThreadCodecFactory(), { [key]: list }),
          valueType as TypeDescriptor<T>,
          keyType as TypeDescriptor<unknown> | undefined,
        ];
      }
    }
    if (!found) throw noState(uid, `${mode} state '${name}'`, this.uids);
  }

  #partsOf(uid: string): readonly OperatorPart[] {
    return this.#found.manifest.vertices.flatMap(({ subtasks, maxParallelism }) =>
      subtasks.flatMap((snapshot, subtask) => {
        const handle = snapshot === 'finished' ? undefined : ownEntry(snapshot.operators, uid);
        return handle === undefined ? [] : [{ handle, subtask, maxParallelism }];
      }),
    );
  }
}

/** Asks for state, and gives what reads a key group when it has been restored. */
type OpenGroups<R> = (
  access: KeyedStateAccess,
  handle: KeyedStateHandle,
) => (keyGroup: number) => Iterable<R>;

interface Timers {
  readonly eventTime: KeyTimers | undefined;
  readonly processingTime: KeyTimers | undefined;
}

function timersOf({ store, keys }: KeyedStateAccess, { tables }: KeyedStateHandle): Timers {
  const of = (name: string): KeyTimers | undefined =>
    tables[name] === KEY_TIMER_TYPE ? new KeyTimers(store, name, keys) : undefined;
  return { eventTime: of(USER_TIMERS.eventTime), processingTime: of(USER_TIMERS.processingTime) };
}

function* readGroup<K, R>(
  access: KeyedStateAccess,
  timers: Timers,
  fn: KeyedStateReaderFunction<K, R>,
  keyGroup: number,
): Iterable<R> {
  timers.eventTime?.load(keyGroup);
  timers.processingTime?.load(keyGroup);
  const context = {
    registeredEventTimeTimers: () => timers.eventTime?.ofCurrentKey() ?? [],
    registeredProcessingTimeTimers: () => timers.processingTime?.ofCurrentKey() ?? [],
  };
  const collected: R[] = [];
  const collector = { collect: (value: R) => void collected.push(value) };
  for (const key of access.keysIn(keyGroup)) {
    access.keys.setCurrentKey(key);
    const returned: unknown = fn.readKey(key as K, context, collector);
    expectNoPromise(returned, 'readKey of a keyed state reader function');
    yield* collected;
    collected.length = 0;
  }
}

function noState(uid: string, what: string, uids: readonly string[]): MillraceError {
  return new MillraceError('MR1001', `The savepoint holds no ${what} of '${uid}'.`, {
    hint: `Operators with state: ${uids.join(', ') || 'none'}. \`millrace savepoint inspect\` lists their states.`,
  });
}
