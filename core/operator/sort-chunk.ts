import { invariant } from '../base/invariant.js';
import type { ByteWriter } from '../serde/byte-writer.js';
import { CursorStep, compareSortEntries, SORT_HEADER_BYTES, type SortCursor } from './sort-entry.js';

const REF_BYTES = 4;

/**
 * A piece of memory that takes entries in any order and gives them sorted. Entries grow from its start, their
 * places from its end.
 *
 * ```
 *   entry 0 | entry 1 | ... | free | place of the last entry u32 | ... | place of entry 0
 * ```
 *
 * Invariants: `#end + count * 4 <= capacity`; nothing is added once it is sorted.
 */
export class SortChunk implements SortCursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Entries in it. */
  count = 0;
  #end = 0;
  #sorted: Uint32Array | undefined;
  #next = 0;
  at = 0;

  constructor(capacity: number) {
    invariant(capacity % REF_BYTES === 0, 'places are aligned', { capacity });
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Bytes that an entry needs in a chunk. */
  static bytesFor(order: ByteWriter, payload: ByteWriter): number {
    return SORT_HEADER_BYTES + order.position + payload.position + REF_BYTES;
  }

  /** Copies what both writers hold from their beginnings on. False: no room. */
  add(order: ByteWriter, payload: ByteWriter): boolean {
    const at = this.#end;
    const { bytes, view } = this;
    const places = bytes.length - this.count * REF_BYTES;
    if (at + SortChunk.bytesFor(order, payload) > places) return false;
    invariant(this.#sorted === undefined, 'nothing is added to a sorted chunk');
    view.setUint32(at, order.position);
    view.setUint32(at + 4, payload.position);
    bytes.set(order.bytes.subarray(0, order.position), at + SORT_HEADER_BYTES);
    bytes.set(payload.bytes.subarray(0, payload.position), at + SORT_HEADER_BYTES + order.position);
    this.#end = at + SORT_HEADER_BYTES + order.position + payload.position;
    this.count++;
    new Uint32Array(bytes.buffer, places - REF_BYTES, 1)[0] = at;
    return true;
  }

  sort(): void {
    const { view, bytes, count } = this;
    const places = new Uint32Array(bytes.buffer, bytes.length - count * REF_BYTES, count);
    places.sort((a, b) => compareSortEntries(view, a, view, b));
    this.#sorted = places;
  }

  advance(): CursorStep {
    const sorted = this.#sorted;
    invariant(sorted !== undefined, 'a chunk is read once it is sorted');
    if (this.#next >= sorted.length) return CursorStep.END;
    this.at = sorted[this.#next++] ?? 0;
    return CursorStep.ENTRY;
  }

  async load(): Promise<void> {}

  loadNow(): void {}

  async close(): Promise<void> {}
}
