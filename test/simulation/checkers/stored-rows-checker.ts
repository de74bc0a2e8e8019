import { redistributeState, withUnionLists } from '../../../core/checkpoint/state-redistribution.js';
import {
  type CheckpointManifest,
  isMillraceError,
  type KeyedStateHandle,
  operatorUids,
  type VertexSnapshot,
} from '../../../core/internal.js';
import {
  ClaimingStore,
  HeapStateBackend,
  ObjectStateFileReader,
  type ObjectStore,
} from '../../../storage/index.js';
import { digestsByGroup, type SeenRows } from '../observed-rows.js';
import type { StorageAnswer, StorageCall } from '../observed-storage.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import type { DiskPicture } from './disk-picture.js';
import { difference, digestsOf, type FrozenRows, isSame, mayExpire } from './frozen-rows.js';
import { PictureStore } from './picture-store.js';

/** Checkpoints are also dealt out to one subtask, two, three and so on up to here. */
const MOST_SUBTASKS = 5;
/** A file that is damaged or missing, and a state that subtasks hold with two types, as it was evolved in some. */
const PASSED_OVER: ReadonlySet<string> = new Set(['MR2103', 'MR3004', 'MR3008']);

/**
 * What a checkpoint holds is what was frozen for it, to the byte, whether anybody begins from it or not. The newest one
 * is read as a task would that begins from it, in turn by as many subtasks as wrote it, and by another number of them.
 *
 * Fair: what nobody saw frozen. Of files that are missing or damaged others tell.
 */
export class StoredRowsChecker implements WorldListener {
  readonly #store: ObjectStore;
  readonly #frozen: FrozenRows;
  readonly #verdict: WorldVerdict;
  readonly #backend = new HeapStateBackend();
  #newest: CheckpointManifest | undefined;
  #isRead = true;

  constructor(picture: DiskPicture, folder: string, frozen: FrozenRows, verdict: WorldVerdict) {
    const storeAt = (root: string): ObjectStore => new PictureStore(picture, root);
    this.#store = new ClaimingStore(storeAt(folder), storeAt);
    this.#frozen = frozen;
    this.#verdict = verdict;
  }

  onStorageAnswered(_process: string, call: StorageCall, answer: StorageAnswer): void {
    if (call.type !== 'complete' || answer.type === 'failed') return;
    if (call.manifest.checkpointId <= (this.#newest?.checkpointId ?? 0)) return;
    this.#newest = call.manifest;
    this.#isRead = false;
  }

  async onStandstill(): Promise<void> {
    if (this.#newest === undefined || this.#isRead) return;
    this.#isRead = true;
    try {
      await this.#read(this.#newest);
    } catch (error) {
      if (!isMillraceError(error) || !PASSED_OVER.has(error.code)) throw error;
    }
  }

  async #read(manifest: CheckpointManifest): Promise<void> {
    const { checkpointId } = manifest;
    const parallelism = checkpointId % 2 === 0 ? undefined : 1 + (((checkpointId - 1) / 2) % MOST_SUBTASKS);
    for (const vertex of manifest.vertices)
      for (const uid of operatorUids(vertex))
        for (const [subtask, handle] of keyedParts(vertex, uid, parallelism).entries())
          if (handle !== undefined) await this.#readPart(manifest, uid, subtask, handle);
  }

  async #readPart(
    manifest: CheckpointManifest,
    operatorUid: string,
    subtaskIndex: number,
    handle: KeyedStateHandle,
  ): Promise<void> {
    const keyGroups = { start: handle.keyGroupStart, end: handle.keyGroupEnd };
    const store = await this.#backend.open({
      ...{ operatorUid, subtaskIndex, attempt: 1, keyGroups, managedBytes: 0, restore: handle },
      reader: new ObjectStateFileReader(this.#store),
    });
    const tables = Object.entries(handle.tables).map(([name, typeId]) => {
      const table = store.table(name, { typeId, ordered: true, fixedValueBytes: 0 });
      return { uid: operatorUid, table: name, typeId, rows: table };
    });
    await store.restore();
    for (const { rows, ...name } of tables) {
      const frozen = this.#frozen.of(manifest, name);
      const groups = digestsByGroup(rows, keyGroups, mayExpire(frozen));
      this.#compare(manifest, frozen, { ...name, groups });
    }
    await store.close();
  }

  #compare({ checkpointId }: CheckpointManifest, frozen: readonly SeenRows[], rows: SeenRows): void {
    const { uid, table, typeId, groups } = rows;
    if (frozen.some((each) => each.typeId !== typeId)) return;
    for (const [group, stored] of groups) {
      const digests = digestsOf(frozen, group);
      const [first] = digests;
      if (first === undefined || digests.some((digest) => isSame(digest, stored))) continue;
      this.#verdict.fail(
        'wrong',
        `Of key group ${group} of '${table}' of '${uid}', ${first.count} rows were frozen for checkpoint ` +
          `${checkpointId}, and it holds ${difference(first, stored)}.`,
      );
    }
  }
}

/** What each subtask of an operator begins from. Where some had finished, their keys went with them. */
function keyedParts(
  vertex: VertexSnapshot,
  uid: string,
  parallelism: number | undefined,
): readonly (KeyedStateHandle | undefined)[] {
  const { subtasks, maxParallelism } = vertex;
  const former = subtasks.map((each) => (each === 'finished' ? undefined : each.operators[uid]));
  const isWhole = former.every((state) => state !== undefined);
  const parts =
    parallelism === undefined || !isWhole
      ? withUnionLists(former)
      : redistributeState(former, Math.min(parallelism, maxParallelism), maxParallelism);
  return parts.map((state) => state?.keyed);
}
