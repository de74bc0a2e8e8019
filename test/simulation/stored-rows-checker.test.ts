import t from 'tap';
import type { CheckpointManifest, KeyedStateHandle } from '../../core/internal.js';
import { types } from '../../core/serde/types.js';
import { KeyedStateAccess } from '../../core/state/keyed-state-access.js';
import { ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import { HeapStateBackend } from '../../storage/index.js';
import { interpretedCodecs, MAX_PARALLELISM } from '../keyed-state.js';
import { type Led, manifestOf } from '../unit/storage/led-job.js';
import { FOLDER, filesIn, jobOn, type MakeChecker, type Story, says } from './checker-story.js';
import { FrozenRows } from './checkers/frozen-rows.js';
import { StoredRowsChecker } from './checkers/stored-rows-checker.js';
import { observeRows } from './observed-rows.js';

/** Of a job that counts for one key, anew with each checkpoint. */
class Counting {
  readonly #job: Led;
  readonly #told: Story;
  readonly #access: KeyedStateAccess;

  private constructor(job: Led, told: Story, access: KeyedStateAccess) {
    this.#job = job;
    this.#told = told;
    this.#access = access;
  }

  static async begin(told: Story): Promise<Counting> {
    const job = await jobOn(told);
    const store = await new HeapStateBackend().open({
      operatorUid: 'op',
      subtaskIndex: 0,
      attempt: 1,
      keyGroups: { start: 0, end: MAX_PARALLELISM - 1 },
      managedBytes: 1 << 20,
      restore: undefined,
      reader: { read: () => t.fail('nothing is restored') as never },
    });
    observeRows('op', store, { epoch: job.epoch, restore: undefined }, told.listeners, () => {});
    await store.restore();
    return new Counting(job, told, new KeyedStateAccess(store, interpretedCodecs, MAX_PARALLELISM, () => 0));
  }

  /** Completes a checkpoint, of which `change` makes another one. */
  async checkpoint(id: number, change: (handle: KeyedStateHandle) => KeyedStateHandle): Promise<void> {
    const { store, keys } = this.#access;
    keys.setCurrentKey('a');
    this.#access.getState(new ValueStateDescriptor('count', types.int32)).update(id);
    const snapshot = store.snapshot(id);
    const keyed = change(await snapshot.write(this.#job.storage.writerFor(id, 0, 'op-0')));
    snapshot.discard();
    store.notifyCheckpointComplete(id);
    const manifest = manifestWith(id, this.#job.epoch, keyed);
    await this.#job.storage.complete(manifest);
    const { listeners } = this.#told;
    listeners.onStorageAnswered('p1', { type: 'complete', manifest }, { type: 'done', value: undefined });
  }
}

function manifestWith(id: number, epoch: number, keyed: KeyedStateHandle): CheckpointManifest {
  const manifest = manifestOf(id, epoch, []);
  const vertices = manifest.vertices.map((vertex) => ({
    ...vertex,
    subtasks: [{ operators: { op: { keyed, lists: {} } } }],
  }));
  return { ...manifest, vertices };
}

const storedRows: MakeChecker = (verdict, picture, listeners) => {
  const frozen = new FrozenRows();
  listeners.add(frozen);
  return new StoredRowsChecker(picture, FOLDER, frozen, verdict);
};

const asItIs = (handle: KeyedStateHandle): KeyedStateHandle => handle;
const withoutLast = (handle: KeyedStateHandle): KeyedStateHandle => ({
  ...handle,
  files: handle.files.slice(0, -1),
});

t.test('what a checkpoint holds is what was frozen for it, whoever would begin from it', async (t) => {
  // By one subtask, by two, by as many as wrote it.
  for (const id of [1, 3, 4]) {
    await says(t, storedRows, (told) => tell(told, id, asItIs), undefined);
    const lost =
      /Of key group \d+ of 'state:count' of 'op', 1 rows were frozen for checkpoint \d, and it holds 0\./;
    await says(t, storedRows, (told) => tell(told, id, withoutLast), lost);
  }
});

async function tell(told: Story, id: number, change: typeof asItIs): Promise<void> {
  const job = await Counting.begin(told);
  await job.checkpoint(id, change);
  await told.listeners.onStandstill();
}

t.test('rows that an older checkpoint has in their place are others', async (t) => {
  const others = /1 rows were frozen for checkpoint 2, and it holds 1 others\./;
  for (const [change, expected] of [
    [asItIs, undefined],
    [withoutLast, others],
  ] as const)
    await says(
      t,
      storedRows,
      async (told) => {
        const job = await Counting.begin(told);
        await job.checkpoint(1, asItIs);
        await job.checkpoint(2, change);
        await told.listeners.onStandstill();
      },
      expected,
    );
});

t.test('the newest one is looked at, once, and of files that are gone others tell', async (t) => {
  await says(
    t,
    storedRows,
    async (told) => {
      const job = await Counting.begin(told);
      await job.checkpoint(1, withoutLast);
      await job.checkpoint(2, asItIs);
      await told.listeners.onStandstill();
      for (const path of filesIn(told.disk, 'data')) told.disk.remove(path);
      await told.listeners.onStandstill();
      await job.checkpoint(3, asItIs);
      for (const path of filesIn(told.disk, 'data')) told.disk.remove(path);
      await told.listeners.onStandstill();
    },
    undefined,
  );
});
