import { MillraceError, type StoredDataFile } from '../../core/internal.js';
import {
  type ByteRange,
  isObjectKey,
  type ObjectStatus,
  type ObjectStore,
} from '../object-store/object-store.js';
import { CLAIMED_PREFIX, claimName, claimOrigin, dataKeyOrigin } from './checkpoint-paths.js';
import { readSealedText, sealedText } from './sealed-text.js';
import type { PlaceFile } from './state-file-copies.js';

/** In the folder that a job has claimed, so that nobody else takes its files for lasting: whose they are now. */
const MARKER_KEY = '_claimed';
/** In the folder of the job: what it has claimed, by name. */
const RECORDS_PREFIX = 'claims/';
const HINT = 'restore the file from a copy; without it nobody knows whose files these are';

/** Files of a folder that a job has made its own. Plain data. */
export interface Claim {
  /** By which the job knows the folder: it stands in the keys of the files. */
  readonly name: string;
  /** Where they lie. */
  readonly folder: string;
  /** Keys in that folder. */
  readonly keys: readonly string[];
  /** What makes the folder a savepoint, and goes before any of the files does. */
  readonly metadataKey: string | undefined;
  /** Folder or address of the job, and its name for people. */
  readonly owner: string;
  readonly jobName: string;
}

/** The store of a folder or address. */
export type StoreAt = (folder: string) => ObjectStore;

/** Who owns the files of a folder, if some job has claimed them. */
export function claimOn(store: ObjectStore): Promise<Claim | undefined> {
  return readClaim(store, MARKER_KEY);
}

/** Whether what was claimed is of runs before this one, which needs nothing of it. Its number is its first epoch. */
export function isOlderThan(run: number, { keys }: Claim): boolean {
  return keys.length > 0 && keys.every((key) => (dataKeyOrigin(key)?.epoch ?? run) < run);
}

export function claimedByAnother({ folder, jobName }: Claim): MillraceError {
  return new MillraceError('MR3010', `The state at ${folder} belongs to the job '${jobName}'.`, {
    where: { at: folder, job: jobName },
    why: 'that job was started from it with claim mode CLAIM, and removes it when it needs it no more',
    hint: `Take a savepoint of '${jobName}', and begin from that.`,
  });
}

/**
 * Makes the files of a checkpoint in another folder those of a job. Done again by the same job, after a death in
 * between or by a later run, it gives the same claim.
 *
 * First the marker, which keeps others from starting there; then `mayStand` looks for those who had started before,
 * and rejects if there are any; only then the record, by which the job removes the files one day. A claim that may not
 * stand is withdrawn.
 *
 * Rejects with MR3010 if another job has them, or this one has claimed others in that folder, or these before its own
 * folder was removed.
 */
export async function claimFiles(
  own: ObjectStore,
  foreign: ObjectStore,
  claim: Claim,
  mayStand: () => Promise<void>,
): Promise<Claim> {
  const isFirst = await foreign.createIfAbsent(MARKER_KEY, sealedText(claim));
  const held = isFirst ? claim : await claimOn(foreign);
  if (held === undefined || held.owner !== claim.owner) throw claimedByAnother(held ?? claim);
  if (claim.keys.some((key) => !held.keys.includes(key))) throw claimedOthers(held);
  if (claimOrigin(held.name).epoch > claimOrigin(claim.name).epoch) throw claimedBefore(held);
  const record = RECORDS_PREFIX + held.name;
  if ((await own.head(record)) === undefined) {
    try {
      await mayStand();
    } catch (error) {
      await foreign.delete([MARKER_KEY]);
      throw error;
    }
  }
  // Also where it is there already: who wrote it may have died, or failed, before its name would outlast a power loss.
  await own.createIfAbsent(record, sealedText(held));
  return held;
}

/** Of all that the job deletes the epoch tells whether it is its own to delete. */
function claimedBefore({ folder, jobName }: Claim): MillraceError {
  return new MillraceError(
    'MR3010',
    `The state at ${folder} was claimed by '${jobName}' in an earlier life.`,
    {
      where: { at: folder, job: jobName },
      why: 'the folder of the job was removed since, and with it what it knew of the claim',
      hint: `Use NO_CLAIM, or remove ${MARKER_KEY} there first.`,
    },
  );
}

function claimedOthers({ folder, jobName }: Claim): MillraceError {
  return new MillraceError('MR3010', `The job '${jobName}' has claimed an older checkpoint at ${folder}.`, {
    where: { at: folder, job: jobName },
    why: 'the job of that folder has begun anew since, and one folder is claimed once at a time',
    hint: 'Take a savepoint of what runs there now and claim that, or use NO_CLAIM.',
  });
}

/** The names that files have for the job which claimed them. */
export function claimedBy({ name }: Claim): PlaceFile {
  return async (handle) => ({ ...handle, key: `${CLAIMED_PREFIX}${name}/${handle.key}` });
}

/**
 * What a job has claimed, and what of its own another job has claimed, for its leader.
 *
 * Invariants: of a claimed savepoint the metadata go before its first file; the marker and the record go after the last
 * one, so that whoever leads next finds what is left; files that another job has claimed are nobody's here.
 */
export class Claims {
  readonly #store: ObjectStore;
  readonly #storeAt: StoreAt;
  readonly #left = new Map<string, { readonly claim: Claim; readonly keys: Set<string> }>();
  #givenAway: ReadonlySet<string> = new Set();

  constructor(store: ObjectStore, storeAt: StoreAt) {
    this.#store = store;
    this.#storeAt = (folder) => new ClaimingStore(storeAt(folder), storeAt);
  }

  /** Once, by who leads: a claim on what is here comes before that, or sees that somebody leads. */
  async load(): Promise<void> {
    this.#givenAway = new Set((await claimOn(this.#store))?.keys ?? []);
    for (const key of await this.#store.list(RECORDS_PREFIX)) {
      const claim = await readClaim(this.#store, key);
      if (claim !== undefined) this.add(claim);
    }
  }

  add(claim: Claim): void {
    this.#left.set(claim.name, { claim, keys: new Set(claim.keys) });
  }

  isGivenAway(key: string): boolean {
    return this.#givenAway.has(key);
  }

  files(): readonly StoredDataFile[] {
    const files: StoredDataFile[] = [];
    for (const [name, { keys }] of this.#left) {
      for (const foreignKey of keys) {
        const key = `${CLAIMED_PREFIX}${name}/${foreignKey}`;
        const origin = dataKeyOrigin(key);
        if (origin !== undefined) files.push({ key, ...origin });
      }
    }
    return files;
  }

  /** Of the job's data files: its own ones, and claimed ones. */
  async delete(keys: readonly string[]): Promise<void> {
    await this.#store.delete(keys.filter((key) => claimName(key) === undefined));
    for (const [name, { claim, keys: left }] of [...this.#left]) {
      const prefix = `${CLAIMED_PREFIX}${name}/`;
      const gone = keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
      if (gone.length === 0 && left.size > 0) continue;
      const foreign = this.#storeAt(claim.folder);
      if (claim.metadataKey !== undefined) await foreign.delete([claim.metadataKey]);
      await foreign.delete(gone);
      for (const key of gone) left.delete(key);
      if (left.size > 0) continue;
      await foreign.delete([MARKER_KEY]);
      await this.#store.delete([RECORDS_PREFIX + name]);
      this.#left.delete(name);
    }
  }
}

/**
 * A job's store in which the files that it has claimed are found where they lie.
 *
 * Invariant: only reading and deleting goes elsewhere; what is written is the job's own.
 */
export class ClaimingStore implements ObjectStore {
  readonly mayLandLate: boolean;
  readonly #store: ObjectStore;
  readonly #storeAt: StoreAt;
  readonly #foreign = new Map<string, Promise<ObjectStore>>();

  constructor(store: ObjectStore, storeAt: StoreAt) {
    this.#store = store;
    this.#storeAt = (folder) => new ClaimingStore(storeAt(folder), storeAt);
    this.mayLandLate = store.mayLandLate;
  }

  describe(key: string): string {
    return this.#store.describe(key);
  }

  async *get(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    const { store, key: inner } = await this.#whereIs(key);
    yield* store.get(inner, range);
  }

  async head(key: string): Promise<ObjectStatus | undefined> {
    const { store, key: inner } = await this.#whereIs(key);
    return store.head(inner);
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#store.delete(keys.filter((key) => claimName(key) === undefined));
    for (const key of keys.filter((each) => claimName(each) !== undefined)) {
      const { store, key: inner } = await this.#whereIs(key);
      await store.delete([inner]);
    }
  }

  put(key: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#store.put(key, content);
  }

  createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    return this.#store.createIfAbsent(key, bytes);
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#store.list(prefix);
  }

  sweepUnfinished(): Promise<void> {
    return this.#store.sweepUnfinished();
  }

  async #whereIs(key: string): Promise<{ readonly store: ObjectStore; readonly key: string }> {
    const name = claimName(key);
    if (name === undefined) return { store: this.#store, key };
    let foreign = this.#foreign.get(name);
    if (foreign === undefined) {
      foreign = this.#open(name);
      this.#foreign.set(name, foreign);
      // A failure is told to who asked, and the next one asks again.
      foreign.catch(() => this.#foreign.delete(name));
    }
    return { store: await foreign, key: key.slice(`${CLAIMED_PREFIX}${name}/`.length) };
  }

  async #open(name: string): Promise<ObjectStore> {
    const claim = await readClaim(this.#store, RECORDS_PREFIX + name);
    if (claim !== undefined) return this.#storeAt(claim.folder);
    const at = this.#store.describe(RECORDS_PREFIX + name);
    throw new MillraceError('MR3008', `Where the claimed files ${name} lie is not known: ${at} is missing`, {
      where: { at },
      why: 'a completed checkpoint names them',
      hint: 'see whether something else removed files of the checkpoint folder',
    });
  }
}

function readClaim(store: ObjectStore, key: string): Promise<Claim | undefined> {
  const isHere = ({ name }: Claim): boolean => key === MARKER_KEY || key === RECORDS_PREFIX + name;
  return readSealedText(store, key, (value) => (isClaim(value) && isHere(value) ? value : undefined), HINT);
}

/** What is named here is deleted one day: nothing that could lead out of its folder passes. */
function isClaim(value: unknown): value is Claim {
  if (typeof value !== 'object' || value === null) return false;
  const { name, folder, keys, metadataKey, owner, jobName } = value as Partial<Claim>;
  return (
    [name, folder, owner, jobName].every((text) => typeof text === 'string') &&
    claimName(`${CLAIMED_PREFIX}${name}/x`) === name &&
    Array.isArray(keys) &&
    [...keys, ...(metadataKey === undefined ? [] : [metadataKey])].every(
      (each: unknown) => typeof each === 'string' && isObjectKey(each),
    )
  );
}
