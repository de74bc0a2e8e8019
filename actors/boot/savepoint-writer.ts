import {
  type CheckpointManifest,
  checkCount,
  expectNoPromise,
  KeyedStateAccess,
  type KeyedStateBackend,
  type KeyedStateHandle,
  type KeyedStateStore,
  keyedStatesOver,
  keyedTimers,
  MillraceError,
  type OperatorStateHandle,
  OperatorStates,
  operatorUids,
  type SnapshotWriter,
  type StateBootstrap,
  type StateBootstrapTransformation,
  type VertexSnapshot,
} from '../../core/internal.js';
import { ThreadCodecFactory } from '../../memory/index.js';
import {
  type CheckpointAtPath,
  copying,
  holdsSavepoint,
  METADATA_KEY,
  ObjectSnapshotWriter,
  readManifestAt,
  StateFileCopies,
  sealSavepoint,
} from '../../storage/index.js';
import { checkpointsAt } from './object-stores.js';
import { OfflineState, type SavepointOptions } from './offline-state.js';
import { SYSTEM_CLOCK } from './system-clock.js';
import { windowState, written } from './window-bootstrap.js';

type Keyed = Extract<StateBootstrap, { kind: 'keyed' }>;
type Operator = Extract<StateBootstrap, { kind: 'operator' }>;

/** Of a savepoint that no job has taken. */
const BOOTSTRAPPED = { checkpointId: 1, epoch: 1, attempt: 0 } as const;

/**
 * Writes a savepoint without a job: a new one, or another one with some operators exchanged. A job begins from it as
 * from any other, at any parallelism, on either backend.
 *
 * @example
 * ```ts
 * let count: ValueState<number>;
 * const counts = OperatorTransformation.bootstrapWith([{ page: '/', clicks: 7 }])
 *   .keyBy('page')
 *   .transform({
 *     open(ctx) {
 *       count = ctx.getState(new ValueStateDescriptor('count', types.int32));
 *     },
 *     processElement: ({ clicks }) => count.update(clicks),
 *   });
 * const writer = await SavepointWriter.fromExistingSavepoint('./savepoints/savepoint-a1b2c3');
 * await writer.removeOperator('counts').withOperator('counts', counts).write('./savepoints/corrected');
 * ```
 */
export class SavepointWriter {
  readonly #state: OfflineState;
  readonly #existing: CheckpointAtPath | undefined;
  readonly #maxParallelism: number;
  readonly #added = new Map<string, StateBootstrapTransformation>();
  #vertices: readonly VertexSnapshot[];

  private constructor(state: OfflineState, existing: CheckpointAtPath | undefined, maxParallelism: number) {
    this.#state = state;
    this.#existing = existing;
    this.#maxParallelism = maxParallelism;
    this.#vertices = existing?.manifest.vertices ?? [];
  }

  /**
   * A savepoint that begins as a copy of another one, or of a completed checkpoint.
   *
   * Rejects with MR3008, MR3004 or MR3005 if there is none that can be read, and with MR2104 if it is an unaligned
   * checkpoint with records under way, which no savepoint holds.
   */
  static async fromExistingSavepoint(path: string, options: SavepointOptions = {}): Promise<SavepointWriter> {
    const state = new OfflineState(options, 'SavepointWriter.fromExistingSavepoint');
    const found = await readManifestAt(
      (folder) => state.storeAt(folder),
      checkpointsAt(path),
      (_checkpointId, error) => {
        throw error;
      },
    );
    refuseInFlight(found);
    const maxParallelism = Math.max(1, ...found.manifest.vertices.map((vertex) => vertex.maxParallelism));
    return new SavepointWriter(state, found, maxParallelism);
  }

  /** An empty one. `maxParallelism`: the number of key groups, as the job will have it. */
  static newSavepoint(maxParallelism: number, options: SavepointOptions = {}): SavepointWriter {
    const state = new OfflineState(options, 'SavepointWriter.newSavepoint');
    return new SavepointWriter(state, undefined, checkCount(maxParallelism, 'maximum parallelism'));
  }

  /** @throws MillraceError MR1001 if there is state of that operator already: {@link removeOperator} first */
  withOperator(uid: string, transformation: StateBootstrapTransformation): this {
    if (uid === '' || this.#added.has(uid) || this.#has(uid)) {
      throw new MillraceError('MR1001', `The savepoint has state of '${uid}' already, or that is no uid.`, {
        hint: 'Take it out with removeOperator first.',
      });
    }
    this.#added.set(uid, transformation);
    return this;
  }

  /** @throws MillraceError MR1001 if there is no such operator */
  removeOperator(uid: string): this {
    if (this.#added.delete(uid)) return this;
    this.#assertHas(uid);
    this.#vertices = this.#vertices.flatMap((vertex) => withoutOperator(vertex, uid));
    return this;
  }

  /**
   * The state of `from` is that of `to` from now on.
   *
   * @throws MillraceError MR1001 if there is no `from`, or there is a `to`
   */
  changeOperatorIdentifier(from: string, to: string): this {
    const added = this.#added.get(from);
    if (to === '' || this.#added.has(to) || this.#has(to)) {
      throw new MillraceError('MR1001', `'${from}' cannot be called '${to}': that is taken, or no uid.`);
    }
    if (added !== undefined) {
      this.#added.delete(from);
      this.#added.set(to, added);
      return this;
    }
    this.#assertHas(from);
    this.#vertices = this.#vertices.map((vertex) => renamedOperator(vertex, from, to));
    return this;
  }

  /**
   * Reads the data of the transformations and writes the savepoint into a new folder, or below an s3:// address.
   *
   * Rejects with MR1001 if there is a savepoint, and with what the data and the functions throw: there is no savepoint
   * then, and perhaps files that would have been part of it.
   */
  async write(path: string): Promise<void> {
    const target = this.#state.storeAt(path);
    if (await holdsSavepoint(target)) {
      throw new MillraceError('MR1001', `There is a savepoint already: ${target.describe(METADATA_KEY)}`, {
        hint: 'Give a new folder.',
      });
    }
    const { checkpointId, epoch, attempt } = this.#existing?.manifest ?? BOOTSTRAPPED;
    const writerOf = (owner: string): SnapshotWriter =>
      new ObjectSnapshotWriter(target, { checkpointId, epoch, attempt, owner });
    const vertices: VertexSnapshot[] = await this.#copied(writerOf('savepoint'));
    const added = this.#state.withBackend((backend) => this.#bootstrap(backend, writerOf));
    for await (const vertex of added) vertices.push(vertex);
    const nowMs = SYSTEM_CLOCK.wallMs();
    const { fingerprint = '', jobName = '', kind = 'savepoint' } = this.#existing?.manifest ?? {};
    await sealSavepoint(target, {
      checkpointId,
      epoch,
      attempt,
      fingerprint,
      jobName,
      triggeredMs: nowMs,
      completedMs: nowMs,
      kind: kind === 'drained' ? 'drained' : 'savepoint',
      vertices,
    });
  }

  async #copied(writer: SnapshotWriter): Promise<VertexSnapshot[]> {
    if (this.#existing === undefined) return [];
    const { manifest, reader } = this.#existing;
    const kept: CheckpointManifest = { ...manifest, vertices: this.#vertices };
    return [...(await new StateFileCopies(copying(reader, writer)).vertices(kept))];
  }

  async *#bootstrap(
    backend: KeyedStateBackend,
    writerOf: (owner: string) => SnapshotWriter,
  ): AsyncIterable<VertexSnapshot> {
    for (const [uid, { bootstrap, maxParallelism = this.#maxParallelism }] of this.#added) {
      const handle = await this.#handleOf(backend, uid, bootstrap, maxParallelism, writerOf(`${uid}-0`));
      yield {
        vertexUid: uid,
        parallelism: 1,
        maxParallelism,
        subtasks: [{ operators: { [uid]: handle } }],
        enumerator: undefined,
      };
    }
  }

  /** One subtask with all key groups: whoever restores it deals them out. */
  async #handleOf(
    backend: KeyedStateBackend,
    uid: string,
    bootstrap: StateBootstrap,
    maxParallelism: number,
    writer: SnapshotWriter,
  ): Promise<OperatorStateHandle> {
    if (bootstrap.kind === 'operator') return { keyed: undefined, lists: await operatorLists(bootstrap) };
    const { managedBytes } = this.#state;
    const store = await backend.open({
      operatorUid: uid,
      subtaskIndex: 0,
      attempt: 1,
      keyGroups: { start: 0, end: maxParallelism - 1 },
      managedBytes,
      restore: undefined,
      reader: NO_FILES,
    });
    try {
      if (bootstrap.kind === 'window')
        return await windowState(bootstrap, { uid, maxParallelism, keyedState: store, managedBytes }, writer);
      return { keyed: await keyedState(store, bootstrap, maxParallelism, writer), lists: {} };
    } finally {
      await store.close();
    }
  }

  #has(uid: string): boolean {
    return this.#vertices.some((vertex) => vertex.vertexUid === uid || operatorUids(vertex).has(uid));
  }

  #assertHas(uid: string): void {
    if (this.#has(uid)) return;
    const uids = [...this.#vertices.flatMap((vertex) => [...operatorUids(vertex)]), ...this.#added.keys()];
    throw new MillraceError('MR1001', `The savepoint has no operator '${uid}'.`, {
      hint: `There are: ${uids.join(', ') || 'none'}.`,
    });
  }
}

const NO_FILES = {
  read(): never {
    throw new MillraceError('MR3008', 'State that is made anew is read from no file.');
  },
};

async function keyedState(
  store: KeyedStateStore,
  { data, keySelector, fn }: Keyed,
  maxParallelism: number,
  writer: SnapshotWriter,
): Promise<KeyedStateHandle> {
  try {
    await store.restore();
    const wallMs = (): number => SYSTEM_CLOCK.wallMs();
    const access = new KeyedStateAccess(store, new ThreadCodecFactory(), maxParallelism, wallMs);
    const timers = keyedTimers(access, wallMs);
    const context = {
      get currentKey(): never {
        return access.keys.currentKey as never;
      },
      get timerService() {
        return timers();
      },
    };
    expectNoPromise(fn.open?.(keyedStatesOver(access)), 'open of a bootstrap function');
    for await (const value of data) {
      access.keys.setCurrentKey(keySelector(value));
      const returned: unknown = fn.processElement(value as never, context);
      expectNoPromise(returned, 'processElement of a bootstrap function');
    }
    return await written(store.snapshot(writer.checkpointId), writer);
  } finally {
    fn.close?.();
  }
}

async function operatorLists({ data, fn }: Operator): Promise<OperatorStateHandle['lists']> {
  const states = new OperatorStates(new ThreadCodecFactory(), {});
  try {
    expectNoPromise(fn.open?.(states), 'open of a bootstrap function');
    for await (const value of data) {
      const returned: unknown = fn.processElement(value as never);
      expectNoPromise(returned, 'processElement of a bootstrap function');
    }
  } finally {
    fn.close?.();
  }
  return states.snapshot();
}

/** What is under way belongs to the state as it is: without it records would be lost, with other state be wrong. */
function refuseInFlight({ manifest, folder }: CheckpointAtPath): void {
  const isUnderWay = manifest.vertices.some(({ subtasks }) =>
    subtasks.some((subtask) => subtask !== 'finished' && subtask.inFlight !== undefined),
  );
  if (!isUnderWay) return;
  throw new MillraceError(
    'MR2104',
    `Checkpoint ${manifest.checkpointId} holds records that were under way.`,
    {
      where: { job: manifest.jobName, at: folder },
      why: 'it is unaligned, and a savepoint holds no such records',
      hint: 'Take a savepoint of the job, and begin with that.',
    },
  );
}

/** Without operators it is gone. A source takes the state of its enumerator along. */
function withoutOperator(vertex: VertexSnapshot, uid: string): readonly VertexSnapshot[] {
  const isHead = vertex.vertexUid === uid;
  const left = [...operatorUids(vertex)].filter((other) => other !== uid);
  const enumerator = isHead ? undefined : vertex.enumerator;
  const [first] = left;
  if (first === undefined && enumerator === undefined) return [];
  const vertexUid = isHead ? (first ?? uid) : vertex.vertexUid;
  const kept = (other: string): string[] => (other === uid ? [] : [other]);
  return [{ ...vertex, vertexUid, enumerator, ...byOperator(vertex, kept) }];
}

function renamedOperator(vertex: VertexSnapshot, from: string, to: string): VertexSnapshot {
  const renamed = (uid: string): string => (uid === from ? to : uid);
  return {
    ...vertex,
    vertexUid: renamed(vertex.vertexUid),
    ...byOperator(vertex, (uid) => [renamed(uid)]),
  };
}

/** What the vertex holds of each operator, under the uids that `uidsOf` gives it. */
function byOperator(
  { subtasks, ended }: VertexSnapshot,
  uidsOf: (uid: string) => readonly string[],
): Pick<VertexSnapshot, 'subtasks' | 'ended'> {
  const placed = <T>(byUid: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(byUid).flatMap(([uid, own]) => uidsOf(uid).map((to) => [to, own])));
  return {
    subtasks: subtasks.map((subtask) =>
      subtask === 'finished' ? subtask : { ...subtask, operators: placed(subtask.operators) },
    ),
    ...(ended && { ended: placed(ended) }),
  };
}
