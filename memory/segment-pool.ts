import { invariant } from '../core/internal.js';
import { SEGMENT_BYTES_MIN } from './segment-layout.js';

/** Shared memory is allocated in chunks of about this size, so that offsets stay small integers. */
const CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * The segments of a TaskManager: its network memory. Plain and structured-cloneable; every thread makes a
 * {@link SegmentPool} of it and sees the same bytes.
 */
export interface SegmentPoolHandle {
  readonly segmentBytes: number;
  readonly segmentCount: number;
  /** A power of two, except that a pool of one chunk may have any number. */
  readonly segmentsPerChunk: number;
  readonly chunks: readonly SharedArrayBuffer[];
}

/** Allocates the pool. `segmentBytes` is a multiple of 8, at least 256. Pages cost nothing until written. */
export function createSegmentPool(segmentBytes: number, segmentCount: number): SegmentPoolHandle {
  invariant(
    segmentBytes >= SEGMENT_BYTES_MIN && segmentBytes % 8 === 0,
    'a segment has at least 256 bytes, a multiple of 8',
    { segmentBytes },
  );
  let segmentsPerChunk = 1;
  while (segmentsPerChunk * 2 * segmentBytes <= CHUNK_BYTES) segmentsPerChunk *= 2;
  const chunks: SharedArrayBuffer[] = [];
  for (let left = segmentCount; left > 0; left -= segmentsPerChunk) {
    chunks.push(new SharedArrayBuffer(Math.min(left, segmentsPerChunk) * segmentBytes));
  }
  return { segmentBytes, segmentCount, segmentsPerChunk, chunks };
}

/**
 * One segment as a thread sees it: `bytes` and `view` span the whole chunk, the segment is [base, end) of
 * them. `id` is its number in the pool; -1: it lies on the heap of this thread.
 */
export interface Segment {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Int32Array;
  readonly base: number;
  readonly end: number;
}

/** A segment of the same form on the heap, for what no shared segment was free for. */
export function heapSegment(segmentBytes: number): Segment {
  const buffer = new ArrayBuffer(segmentBytes);
  return {
    id: -1,
    bytes: new Uint8Array(buffer),
    view: new DataView(buffer),
    words: new Int32Array(buffer),
    base: 0,
    end: segmentBytes,
  };
}

/**
 * A thread's view of the pool.
 *
 * Invariants: one view of each kind per chunk and thread; one {@link Segment} object per id, made when first
 * asked for.
 */
export class SegmentPool {
  readonly segmentBytes: number;
  readonly segmentCount: number;
  readonly #segmentsPerChunk: number;
  readonly #chunks: readonly { bytes: Uint8Array; view: DataView; words: Int32Array }[];
  readonly #segments: (Segment | undefined)[];

  constructor(handle: SegmentPoolHandle) {
    this.segmentBytes = handle.segmentBytes;
    this.segmentCount = handle.segmentCount;
    this.#segmentsPerChunk = handle.segmentsPerChunk;
    this.#chunks = handle.chunks.map((chunk) => ({
      bytes: new Uint8Array(chunk),
      view: new DataView(chunk),
      words: new Int32Array(chunk),
    }));
    this.#segments = [];
  }

  segment(id: number): Segment {
    return this.#segments[id] ?? this.#attach(id);
  }

  #attach(id: number): Segment {
    const chunk = this.#chunks[Math.floor(id / this.#segmentsPerChunk)];
    invariant(chunk !== undefined && id >= 0 && id < this.segmentCount, 'a segment id is within the pool', {
      id,
      segmentCount: this.segmentCount,
    });
    const base = (id % this.#segmentsPerChunk) * this.segmentBytes;
    const segment: Segment = {
      id,
      bytes: chunk.bytes,
      view: chunk.view,
      words: chunk.words,
      base,
      end: base + this.segmentBytes,
    };
    while (this.#segments.length < id) this.#segments.push(undefined);
    this.#segments[id] = segment;
    return segment;
  }
}

/**
 * Deals out the ids of a pool; kept by the TaskManager alone.
 *
 * Invariants: every id is free or with exactly one holder; ids come back only when both ends of every
 * channel that could touch them have ended.
 */
export class SegmentAllocator {
  readonly #segmentCount: number;
  readonly #free: number[];
  readonly #isFree: Uint8Array;

  constructor(handle: SegmentPoolHandle) {
    this.#segmentCount = handle.segmentCount;
    this.#free = Array.from({ length: handle.segmentCount }, (_, i) => handle.segmentCount - 1 - i);
    this.#isFree = new Uint8Array(handle.segmentCount).fill(1);
  }

  get available(): number {
    return this.#free.length;
  }

  /** So many ids, or undefined if there are fewer; then nothing is taken. */
  allocate(count: number): number[] | undefined {
    if (count > this.#free.length) return undefined;
    const ids = this.#free.splice(this.#free.length - count, count).reverse();
    for (const id of ids) this.#isFree[id] = 0;
    return ids;
  }

  release(ids: readonly number[]): void {
    for (const id of ids) {
      invariant(
        id >= 0 && id < this.#segmentCount && this.#isFree[id] === 0,
        'a segment comes back once, from its holder',
        { id },
      );
      this.#isFree[id] = 1;
      this.#free.push(id);
    }
  }
}
