import { invariant } from '../../core/internal.js';

/**
 * Named, immutable blobs. Stores know nothing of checkpoints: what is written where is decided above them.
 *
 * A key is written once and never changed; it may be deleted. So a reader sees an object whole or not at
 * all, and what it has read of a key stays true until the key is deleted.
 *
 * Every method rejects with a MillraceError: MR3008 where an object is missing that must be there, MR3003
 * when there is no more space, MR3002 when not permitted, MR3001 otherwise. Keys are checked by
 * {@link assertObjectKey}; the store's own root never shows in them.
 */
export interface ObjectStore {
  /**
   * Whether a write that was rejected may still take effect later, because its request is on its way. Where
   * this is false, looking whether the object exists tells the outcome for good.
   */
  readonly mayLandLate: boolean;
  /** For messages: where a person finds the object, without credentials. */
  describe(key: string): string;
  /**
   * Streams an object, or the part of it that the range names; a range beyond the end gives what there is.
   * Chunks have at most {@link CHUNK_BYTES} and belong to the caller; memory is bounded, however long the
   * object is. Rejects with MR3008 if the object is missing. Consistency: reads what the one writer of the key
   * wrote; over a network it may come damaged, which is for the checksums in it to find.
   */
  get(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /**
   * Writes an object from a stream; durable, and visible as a whole, when this resolves. A chunk belongs to
   * the store until the next one is asked for, so awaiting is the back-pressure; a stream that throws gives
   * the write up, and its error is what this rejects with. The caller never writes a key twice: a store may
   * refuse (MR3001). After a rejection the object may exist, whole.
   *
   * @returns the number of bytes
   */
  put(key: string, content: AsyncIterable<Uint8Array>): Promise<number>;
  /**
   * Writes a small object unless the key exists; exactly one of several callers, in whatever process, wins.
   * The object that exists then is durable when this resolves, to true or to false. After a rejection the
   * outcome is unknown.
   */
  createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  /**
   * The keys under a folder (`log/`; the empty string for all), sorted. Consistency: holds every object
   * whose write had resolved before the call and which was not deleted since; of those being written or
   * deleted meanwhile it may hold any.
   */
  list(prefix: string): Promise<readonly string[]>;
  /** undefined if the object is missing. Consistency: as `list`. */
  head(key: string): Promise<ObjectStatus | undefined>;
  /**
   * Deletes objects, durably when this resolves; missing ones are no error. The order among them is not
   * defined: who needs an order calls twice. After a rejection any of them may be gone.
   */
  delete(keys: readonly string[]): Promise<void>;
  /**
   * Removes what unfinished writes left behind. For a leader that has fenced all others off: it makes
   * writes fail that others have under way, and touches none of this instance.
   */
  sweepUnfinished(): Promise<void>;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface ObjectStatus {
  readonly sizeBytes: number;
}

/** The most bytes that a store hands out at once. */
export const CHUNK_BYTES = 256 * 1024;

/** Keys are relative paths of plain names, so that they mean the same on every store and leave no folder. */
const KEY = /^(?:[A-Za-z0-9_%=+~-][A-Za-z0-9._%=+~-]*\/)*[A-Za-z0-9_%=+~-][A-Za-z0-9._%=+~-]*$/;
const KEY_LENGTH_MAX = 900;

export function isObjectKey(key: string): boolean {
  return KEY.test(key) && key.length <= KEY_LENGTH_MAX;
}

export function assertObjectKey(key: string): void {
  invariant(isObjectKey(key), 'an object key is a relative path of plain names', {
    key,
  });
}

/** A prefix is a folder: empty, or a key with a slash behind it. */
export function assertObjectPrefix(prefix: string): void {
  if (prefix === '') return;
  invariant(prefix.endsWith('/'), 'a prefix names a folder', { prefix });
  assertObjectKey(prefix.slice(0, -1));
}
