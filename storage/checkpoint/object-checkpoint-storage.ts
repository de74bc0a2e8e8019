import {
  type CheckpointManifest,
  type CheckpointStorage,
  decideRetention,
  invariant,
  isMillraceError,
  type LoggedSlot,
  MillraceError,
  type SnapshotWriter,
  type StateFileHandle,
  type StoredDataFile,
  type StoredJobResult,
} from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { claimName, DATA_PREFIX, dataKeyOrigin, slotKey } from './checkpoint-paths.js';
import type { Claim, Claims } from './claimed-files.js';
import { findNewestCheckpoint, nextBelow, type OnUnreadable, readSlot } from './job-log.js';
import type { LeaderLog } from './leader-log.js';
import { decodeManifest, encodeManifest, filesOfManifest } from './manifest-codec.js';
import { ObjectSnapshotWriter } from './object-snapshot-writer.js';
import { ObjectStateFileReader } from './object-state-file-reader.js';
import { writeSavepoint } from './savepoint-folder.js';

/** Where savepoints go. */
export interface SavepointFolders {
  /** The job's own folder, as people name it; undefined: nobody can reach what lies there. */
  readonly own: string | undefined;
  /** A new folder below the given one: its path, and a store rooted at it. */
  create(folder: string): { readonly path: string; readonly store: ObjectStore };
}

interface KnownSlot extends LoggedSlot {
  /** The first slot below it that may hold a checkpoint of its run. */
  readonly next: number;
}

/**
 * Checkpoint storage of a leader over any object store: the job's log (job-log.ts, leader-log.ts) and the
 * data files beside it.
 *
 * Invariants:
 * - what changes the log or deletes goes one call after another, in the order of the calls;
 * - nothing is deleted before the log has shown that this leader still leads, slots are deleted (durably)
 *   before data files, and only data files of this epoch and earlier ones;
 * - a manifest that names a data file which this leader has deleted is refused (MR3007), so a completed
 *   checkpoint is whole: tasks hear of completions late and may build on files that are just going;
 * - completed checkpoint ids strictly grow through all epochs and runs;
 * - a file that is being copied into a savepoint is not removed, nor one that another job has claimed.
 */
export class ObjectCheckpointStorage implements CheckpointStorage {
  readonly epoch: number;
  readonly #store: ObjectStore;
  readonly #log: LeaderLog;
  readonly #reader: ObjectStateFileReader;
  readonly #onWarning: (error: unknown) => void;
  /** Settles when the call before has; never rejects. */
  #previous: Promise<unknown> = Promise.resolve();
  /** What slots hold, as far as known: they never change. What this leader completed and is kept is among them. */
  readonly #slots = new Map<number, KnownSlot>();
  /** Checkpoints that this leader has completed. */
  readonly #completed = new Set<number>();
  /** The checkpoint that is being completed, until it is known whether it was. */
  #claimed: (LoggedSlot & { readonly checkpointId: number }) | undefined;
  #spared: ReturnType<typeof decideRetention>['spared'] = new Map();
  /** Data files of checkpoints up to this one are there only if they are among `#kept`. */
  #sweptThrough = 0;
  #kept: ReadonlySet<string> = new Set();
  readonly #discarded = new Set<string>();
  /** Files that are being copied, and how often. */
  readonly #pinned = new Map<string, number>();
  readonly #savepoints: SavepointFolders | undefined;
  readonly #claims: Claims;
  #newestPath: string | undefined;

  /** `onWarning` is told what could not be cleaned up. */
  constructor(
    store: ObjectStore,
    log: LeaderLog,
    onWarning: (error: unknown) => void,
    savepoints: SavepointFolders | undefined,
    claims: Claims,
  ) {
    this.#claims = claims;
    this.#savepoints = savepoints;
    this.epoch = log.epoch;
    this.#store = store;
    this.#log = log;
    this.#reader = new ObjectStateFileReader(store);
    this.#onWarning = onWarning;
  }

  read(handle: StateFileHandle): AsyncIterable<Uint8Array> {
    return this.#reader.read(handle);
  }

  writerFor(checkpointId: number, attempt: number, owner: string): SnapshotWriter {
    return new ObjectSnapshotWriter(this.#store, { checkpointId, epoch: this.epoch, attempt, owner });
  }

  /**
   * Files that lie elsewhere are this job's from here on. Rejects with MR8003 for who leads no more: the claim may be
   * that of a later leader, which began from the same place.
   */
  adoptClaim(claim: Claim): Promise<void> {
    return this.#inTurn(async () => {
      await this.#log.slots();
      this.#claims.add(claim);
    });
  }

  complete(manifest: CheckpointManifest): Promise<string | undefined> {
    return this.#inTurn(async () => {
      const { checkpointId } = manifest;
      invariant(manifest.epoch === this.epoch, 'a manifest is of its leader', {
        leader: this.epoch,
        manifest: manifest.epoch,
      });
      await this.#settle();
      const fileKeys = [...filesOfManifest(manifest).keys()];
      for (const key of fileKeys) this.#assertKept(key, checkpointId);
      const slot = this.#log.head.slot + 1;
      this.#claimed = { slot, run: this.#log.run, checkpointId, fileKeys };
      await this.#log.append({ kind: 'checkpoint', checkpointId, body: encodeManifest(manifest) }, false);
      await this.#settle();
      this.#newestPath = this.#pathOf(slot);
      return this.#newestPath;
    });
  }

  /** Where the checkpoint lies, as `-s` takes it, to which {@link complete} or {@link latest} has resolved last. */
  get newestPath(): string | undefined {
    return this.#newestPath;
  }

  #pathOf(slot: number): string | undefined {
    const own = this.#savepoints?.own;
    return own && `${own}/${slotKey(slot)}`;
  }

  resolveUnknown(checkpointId: number): Promise<boolean> {
    return this.#inTurn(async () => {
      await this.#settle();
      return this.#completed.has(checkpointId);
    });
  }

  latest(onUnreadable: OnUnreadable): Promise<CheckpointManifest | undefined> {
    return this.#inTurn(async () => {
      const passedOver: [number, unknown][] = [];
      const search = findNewestCheckpoint(this.#store, (id, error) => passedOver.push([id, error]));
      // Whoever has taken over removes what was being read: that is no damage, but the end of this leader.
      await Promise.allSettled([search]);
      await this.#log.slots();
      for (const [checkpointId, error] of passedOver) onUnreadable(checkpointId, error);
      const found = await search;
      this.#newestPath = found && this.#pathOf(found.slot);
      return found?.manifest;
    });
  }

  /**
   * Removes what earlier leaders wrote for checkpoints that none of them completed, and none will: a job that dies in
   * its first checkpoint again and again would leave it all. Rejects for who leads no more; what is left over otherwise
   * is only space. Before this leader writes any.
   */
  sweepUncompleted(): Promise<void> {
    return this.#inTurn(async () => {
      const newestId = this.#log.head.newestCheckpointId;
      const isUncompleted = ({ key, checkpointId, epoch }: StoredDataFile): boolean =>
        claimName(key) === undefined && epoch < this.epoch && checkpointId > newestId;
      try {
        const left = (await this.#dataFiles()).filter(isUncompleted);
        if (left.length === 0) return;
        await this.#log.slots();
        await this.#store.delete(left.map(({ key }) => key));
      } catch (error) {
        if (isMillraceError(error) && error.code === 'MR8003') throw error;
        this.#onWarning(error);
      }
    });
  }

  retain(count: number, underWay: readonly number[]): Promise<void> {
    return this.#inTurn(async () => {
      invariant(Number.isSafeInteger(count) && count >= 1, 'at least one checkpoint is kept', { count });
      await this.#settle();
      const slots = await this.#loggedSlots(count);
      const decision = decideRetention({
        keptCount: count,
        epoch: this.epoch,
        run: this.#log.run,
        slots,
        dataFiles: await this.#dataFiles(),
        underWay,
        spared: this.#spared,
      });
      // Also where this pass comes to nothing: what it has found referenced is spared anew when it no longer is.
      const { kept, spared } = decision;
      this.#spared = new Map([...this.#spared].filter(([key]) => spared.has(key) || !kept.has(key)));
      // Whoever takes over from here on starts from what was just found to stay.
      await this.#log.slots();
      await this.#deleteSlots(decision.slots);
      this.#spared = spared;
      if (decision.newestCheckpointId > 0) {
        this.#sweptThrough = decision.newestCheckpointId;
        this.#kept = kept;
        this.#forgetThrough(decision.newestCheckpointId);
      }
      await this.#claims.delete(decision.dataKeys.filter((key) => !this.#pinned.has(key)));
    });
  }

  discard(checkpointId: number, files: readonly StateFileHandle[]): Promise<void> {
    return this.#inTurn(async () => {
      const written = files.filter(({ key }) => {
        const origin = dataKeyOrigin(key);
        return origin?.checkpointId === checkpointId && origin.epoch === this.epoch;
      });
      if (written.length === 0) return;
      await this.#settle();
      await this.#log.slots();
      const named = new Set([...this.#slots.values()].flatMap(({ fileKeys }) => fileKeys));
      const keys = written.map(({ key }) => key).filter((key) => !named.has(key) && !this.#pinned.has(key));
      for (const key of keys) this.#discarded.add(key);
      await this.#store.delete(keys);
    });
  }

  async exportSavepoint(manifest: CheckpointManifest, folder: string): Promise<string> {
    const savepoints = this.#savepoints;
    invariant(savepoints !== undefined, 'whoever exports has somewhere to export to');
    const keys = [...filesOfManifest(manifest).keys()];
    await this.#inTurn(async () => {
      for (const key of keys) this.#assertKept(key, manifest.checkpointId);
      for (const key of keys) this.#pinned.set(key, (this.#pinned.get(key) ?? 0) + 1);
    });
    try {
      const { path, store } = savepoints.create(folder);
      await writeSavepoint(store, manifest, this.#reader);
      return path;
    } finally {
      for (const key of keys) this.#unpin(key);
    }
  }

  finish(result: StoredJobResult, keepCheckpoints: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const logged = { ...result, checkpointsKept: keepCheckpoints };
      // It is asked again after a call that rejected, which may have recorded the result all the same.
      await this.#log.settle();
      if (this.#log.head.kind !== 'result') await this.#log.append({ kind: 'result', result: logged }, true);
      if (keepCheckpoints) return;
      try {
        const slots = await this.#log.slots();
        await this.#deleteSlots(slots.slice(0, -1));
        const files = (await this.#dataFiles()).filter(({ epoch }) => epoch <= this.epoch);
        await this.#claims.delete(files.map(({ key }) => key));
      } catch (error) {
        // The result is recorded, so the job has ended; what is left over is only space.
        this.#onWarning(error);
      }
    });
  }

  /**
   * Gives the job back, so that the next start need not find out whether this process lives. After `finish`
   * there is nothing to give back, and who was fenced off has nothing either. Called last.
   */
  release(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#log.settle();
        const { kind } = this.#log.head;
        if (kind !== 'result' && kind !== 'release') await this.#log.append({ kind: 'release' }, true);
      } catch (error) {
        if (!isMillraceError(error) || error.code !== 'MR8003') throw error;
      }
    });
  }

  /** Decides a claim whose outcome is unknown, and takes note of the checkpoint if it was completed. */
  async #settle(): Promise<void> {
    await this.#log.settle();
    const claimed = this.#claimed;
    this.#claimed = undefined;
    if (claimed === undefined || this.#log.head.newestCheckpointId !== claimed.checkpointId) return;
    this.#slots.set(claimed.slot, { ...claimed, next: nextBelow(claimed.slot, this.#log.head) });
    this.#completed.add(claimed.checkpointId);
  }

  #assertKept(key: string, checkpointId: number): void {
    const origin = dataKeyOrigin(key);
    invariant(
      origin !== undefined && origin.epoch <= this.epoch && origin.checkpointId <= checkpointId,
      'a manifest names data files of its own and of earlier checkpoints',
      { key, checkpointId, epoch: this.epoch },
    );
    const deleted =
      this.#discarded.has(key) || (origin.checkpointId <= this.#sweptThrough && !this.#kept.has(key));
    if (!deleted) return;
    throw new MillraceError('MR3007', `Checkpoint ${checkpointId} names a data file that was removed`, {
      where: { at: this.#store.describe(key) },
      why: 'a task had not yet heard that a newer checkpoint was complete, and built on files of an older one',
      hint: 'nothing; the next checkpoint does without it',
    });
  }

  #unpin(key: string): void {
    const count = this.#pinned.get(key) ?? 0;
    if (count > 1) this.#pinned.set(key, count - 1);
    else this.#pinned.delete(key);
  }

  /**
   * All slots, with the newest `count` checkpoints of the run. The others are not read: a job that failed at each of a
   * thousand starts has left as many.
   */
  async #loggedSlots(count: number): Promise<readonly LoggedSlot[]> {
    const slots = await this.#log.slots();
    const { run } = this.#log;
    let next = slots.at(-1) ?? 0;
    let found = 0;
    const logged: LoggedSlot[] = [];
    for (const slot of slots.toReversed()) {
      const isLookedAt = slot === next && slot > run && found < count;
      const seen = isLookedAt ? await this.#slot(slot) : undefined;
      if (seen?.run === run && seen.checkpointId !== undefined) found++;
      next = seen?.next ?? next;
      logged.push(seen ?? { slot, run, checkpointId: undefined, fileKeys: [] });
    }
    return logged.toReversed();
  }

  async #slot(slot: number): Promise<KnownSlot> {
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const read = { slot, ...(await this.#readSlot(slot)) };
    this.#slots.set(slot, read);
    return read;
  }

  async #readSlot(slot: number): Promise<Omit<KnownSlot, 'slot'>> {
    const reading = await readSlot(this.#store, slot);
    if (reading === undefined) {
      // It was there a moment ago, and this leader removes none meanwhile: somebody else does.
      await this.#log.slots();
      throw new MillraceError('MR3008', `The log entry ${this.#store.describe(slotKey(slot))} is missing`);
    }
    const run = reading.head?.run ?? 0;
    const next = nextBelow(slot, reading.head);
    const nothing = { run, checkpointId: undefined, fileKeys: [], next };
    if (reading.head?.kind !== 'checkpoint' || reading.body === undefined) return nothing;
    try {
      const manifest = decodeManifest(reading.body, this.#store.describe(slotKey(slot)));
      const fileKeys = [...filesOfManifest(manifest).keys()];
      return { run, checkpointId: manifest.checkpointId, fileKeys, next };
    } catch (error) {
      // Its checksum is good and its form is not: of a version that nobody here can restore from.
      this.#onWarning(error);
      return nothing;
    }
  }

  async #deleteSlots(slots: readonly number[]): Promise<void> {
    await this.#store.delete(slots.map(slotKey));
    for (const slot of slots) this.#slots.delete(slot);
  }

  async #dataFiles(): Promise<readonly StoredDataFile[]> {
    const files: StoredDataFile[] = [...this.#claims.files()];
    for (const key of await this.#store.list(DATA_PREFIX)) {
      const origin = dataKeyOrigin(key);
      if (origin !== undefined && !this.#claims.isGivenAway(key)) files.push({ key, ...origin });
    }
    return files;
  }

  #forgetThrough(checkpointId: number): void {
    for (const key of this.#discarded) {
      if ((dataKeyOrigin(key)?.checkpointId ?? 0) <= checkpointId) this.#discarded.delete(key);
    }
    for (const id of this.#completed) if (id < checkpointId) this.#completed.delete(id);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#previous.then(work);
    this.#previous = turn.catch(() => undefined);
    return turn;
  }
}
