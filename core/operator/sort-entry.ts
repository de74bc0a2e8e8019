/**
 * How entries of a sort lie in memory and in its temporary files, which no other process ever reads:
 *
 * ```
 *   entry   orderLength u32 | payloadLength u32 | order bytes | payload bytes
 * ```
 *
 * Entries are sorted by their order bytes, as unsigned bytes.
 */
export const SORT_HEADER_BYTES = 8;

/** Bytes of the entry that begins at `at`; its header must be there. */
export function sortEntryBytes(view: DataView, at: number): number {
  return SORT_HEADER_BYTES + view.getUint32(at) + view.getUint32(at + 4);
}

/** Below, at or above 0 as the first entry comes before, with or after the second one. */
export function compareSortEntries(a: DataView, aAt: number, b: DataView, bAt: number): number {
  const aLength = a.getUint32(aAt);
  const bLength = b.getUint32(bAt);
  const shared = Math.min(aLength, bLength);
  const aFrom = aAt + SORT_HEADER_BYTES;
  const bFrom = bAt + SORT_HEADER_BYTES;
  let i = 0;
  for (; i + 4 <= shared; i += 4) {
    const difference = a.getUint32(aFrom + i) - b.getUint32(bFrom + i);
    if (difference !== 0) return difference;
  }
  for (; i < shared; i++) {
    const difference = a.getUint8(aFrom + i) - b.getUint8(bFrom + i);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** What became of a cursor that was asked for the next entry. */
export const CursorStep = { ENTRY: 0, END: 1, MUST_LOAD: 2 } as const;

export type CursorStep = (typeof CursorStep)[keyof typeof CursorStep];

/** Walks through sorted entries. It begins before the first one. */
export interface SortCursor {
  /** Memory of the present entry, and where it begins; valid until the next call. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly at: number;
  /** MUST_LOAD: it stays where it is; await {@link load}, and ask again. */
  advance(): CursorStep;
  load(): Promise<void>;
  /** {@link load} while the thread waits, for callers of functions that cannot. */
  loadNow(): void;
  /** Idempotent. */
  close(): Promise<void>;
}
