import { invariant } from '../base/invariant.js';
import { CursorStep, compareSortEntries, type SortCursor } from './sort-entry.js';

/**
 * The entries of several sorted cursors in one order: a binary heap of them, the least present entry at its
 * top. It closes its cursors as they end.
 *
 * Invariants: every cursor of the heap stands at an entry, and no parent's comes after its child's; `#fresh`
 * until the first of them has been shown.
 */
export class SortMerge implements SortCursor {
  readonly #heap: SortCursor[];
  readonly #all: readonly SortCursor[];
  #fresh = true;

  private constructor(all: readonly SortCursor[]) {
    this.#all = all;
    this.#heap = [];
  }

  /** Takes the cursors over, each before its first entry. */
  static async open(cursors: readonly SortCursor[]): Promise<SortMerge> {
    const merge = new SortMerge(cursors);
    for (const cursor of cursors) {
      let step = cursor.advance();
      while (step === CursorStep.MUST_LOAD) {
        await cursor.load();
        step = cursor.advance();
      }
      if (step === CursorStep.ENTRY) merge.#add(cursor);
    }
    return merge;
  }

  get bytes(): Uint8Array {
    return this.#top().bytes;
  }

  get view(): DataView {
    return this.#top().view;
  }

  get at(): number {
    return this.#top().at;
  }

  advance(): CursorStep {
    const heap = this.#heap;
    if (this.#fresh || heap.length === 0) {
      this.#fresh = false;
      return heap.length === 0 ? CursorStep.END : CursorStep.ENTRY;
    }
    const step = this.#top().advance();
    if (step === CursorStep.MUST_LOAD) return step;
    if (step === CursorStep.END) {
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) return CursorStep.END;
      heap[0] = last;
    }
    this.#siftDown();
    return CursorStep.ENTRY;
  }

  load(): Promise<void> {
    return this.#top().load();
  }

  loadNow(): void {
    this.#top().loadNow();
  }

  async close(): Promise<void> {
    for (const cursor of this.#all) await cursor.close();
  }

  #top(): SortCursor {
    const top = this.#heap[0];
    invariant(top !== undefined, 'a merge stands at an entry');
    return top;
  }

  #add(cursor: SortCursor): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(cursor);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(cursor, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = cursor;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const moved = this.#top();
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        below = right;
        child++;
      }
      if (!isBefore(below, moved)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = moved;
  }
}

function isBefore(a: SortCursor, b: SortCursor): boolean {
  return compareSortEntries(a.view, a.at, b.view, b.at) < 0;
}
