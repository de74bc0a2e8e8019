import { invariant, MillraceError } from '../../core/internal.js';
import { PAGE_SHIFT } from './inline-layout.js';
import { ChunkPersistence, ChunkState } from './memtable-layout.js';

const CHUNK_BYTES_MAX = 64 * 1024;
const CHUNK_BYTES_MIN = 4 * 1024;
/** Chunks that a budget is divided into, at least. */
const CHUNKS_MIN = 64;

/**
 * The memory of one memtable: one buffer, cut into chunks. The buffer spans more addresses than the budget,
 * so that a moment's need (a scan that deletes what it visits) can exceed it; the operating system gives
 * pages only for what is touched, and free chunks of low number are taken first.
 *
 * Invariants:
 * - chunk 0 is never used, so no row has ref 0;
 * - `usedChunks` counts the chunks that are not FREE;
 * - for each chunk, live words + replaced words = end mark; `liveWords` is the sum of live words, and
 *   `tombstoneWords` that of tombstones, which are live words, too;
 * - a FREE chunk has no pin, no live word and no generation.
 */
export class ChunkArena {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly view: DataView;
  readonly chunkWords: number;
  /** ref >>> chunkShift is the chunk of a row. */
  readonly chunkShift: number;
  readonly chunkCount: number;
  readonly state: Uint8Array;
  /** Generation whose changes the chunk holds; 0: what it holds is in a completed checkpoint, or a copy. */
  readonly generation: Int32Array;
  /** Generation in which rows of the chunk may be changed in place; 0: never. */
  readonly stamp: Int32Array;
  /** Words used from the start of the chunk. */
  readonly end: Int32Array;
  /** Words of rows that are the latest version, tombstones included. */
  readonly live: Int32Array;
  /** Of these, words of tombstones. */
  readonly tombstones: Int32Array;
  /** Snapshots that still have to write the chunk. */
  readonly pins: Uint16Array;
  readonly persistence: Uint8Array;
  /** Chunks of a large row; 1 otherwise. */
  readonly span: Uint16Array;
  /** By page, 2^PAGE_SHIFT words of the buffer, while it is of a region of an inline table: see inline-layout.ts. */
  readonly pages: Int32Array;
  /**
   * A bit for each page, while it is known to be of the present generation. Who changes a row looks at this alone:
   * 27 kB for ten million small rows, which stay beside the processor, where their generations would not.
   */
  readonly pageMarks: Int32Array;
  /** Order in which chunks were opened; tells an old use of a chunk from a new one. */
  readonly sequence: Float64Array;
  liveWords = 0;
  tombstoneWords = 0;
  usedChunks = 0;
  #sequence = 0;
  /** No chunk below this one is free. */
  #freeFrom = 1;
  /** No chunk from this one on was ever used. */
  #freshFrom = 1;

  constructor(budgetBytes: number) {
    let chunkBytes = CHUNK_BYTES_MAX;
    while (chunkBytes > CHUNK_BYTES_MIN && chunkBytes * CHUNKS_MIN > budgetBytes) chunkBytes >>= 1;
    this.chunkWords = chunkBytes / 4;
    this.chunkShift = Math.log2(this.chunkWords);
    this.chunkCount = Math.ceil((2 * budgetBytes) / chunkBytes) + CHUNKS_MIN;
    const buffer = new ArrayBuffer(this.chunkCount * chunkBytes);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.view = new DataView(buffer);
    this.state = new Uint8Array(this.chunkCount);
    this.generation = new Int32Array(this.chunkCount);
    this.stamp = new Int32Array(this.chunkCount);
    this.end = new Int32Array(this.chunkCount);
    this.live = new Int32Array(this.chunkCount);
    this.tombstones = new Int32Array(this.chunkCount);
    this.pins = new Uint16Array(this.chunkCount);
    this.persistence = new Uint8Array(this.chunkCount);
    this.span = new Uint16Array(this.chunkCount);
    this.pages = new Int32Array(this.words.length >> PAGE_SHIFT);
    this.pageMarks = new Int32Array((this.pages.length >> 5) + 1);
    this.sequence = new Float64Array(this.chunkCount);
  }

  get usedBytes(): number {
    return this.usedChunks * this.chunkWords * 4;
  }

  /** Of rows that are the latest version and not deleted. */
  get liveBytes(): number {
    return (this.liveWords - this.tombstoneWords) * 4;
  }

  /** Opens a chunk, or a run of them for one large row. -1 if there is none. */
  take(span: number): number {
    const chunk = span === 1 ? this.#lowestFree() : this.#lowestRun(span);
    if (chunk < 0) return -1;
    this.state[chunk] = ChunkState.OPEN;
    for (let i = 1; i < span; i++) this.state[chunk + i] = ChunkState.CONTINUED;
    this.end[chunk] = 0;
    this.span[chunk] = span;
    this.persistence[chunk] = ChunkPersistence.NONE;
    this.sequence[chunk] = ++this.#sequence;
    this.usedChunks += span;
    this.#freshFrom = Math.max(this.#freshFrom, chunk + span);
    return chunk;
  }

  /** {@link take} with room for a row of so many words. @throws MillraceError MR2008 if there is none */
  takeFor(words: number): number {
    const chunk = this.take(Math.ceil(words / this.chunkWords));
    if (chunk >= 0) return chunk;
    throw new MillraceError('MR2008', `A row of ${words * 4} bytes finds no room in managed memory.`, {
      why: `The state backend has ${this.chunkCount} chunks of ${this.chunkWords * 4} bytes, all in use.`,
      hint: 'Raise taskmanager.memory.managed.size, or keep large values in several smaller rows.',
    });
  }

  /** Counts words of latest versions; negative ones leave. hot path. */
  addLive(chunk: number, words: number): void {
    this.live[chunk] = (this.live[chunk] ?? 0) + words;
    this.liveWords += words;
  }

  addTombstones(chunk: number, words: number): void {
    this.tombstones[chunk] = (this.tombstones[chunk] ?? 0) + words;
    this.tombstoneWords += words;
  }

  /** A snapshot has to write the chunk; -1: no longer. */
  addPin(chunk: number, count: 1 | -1): void {
    this.pins[chunk] = (this.pins[chunk] ?? 0) + count;
  }

  free(chunk: number): void {
    invariant(this.live[chunk] === 0 && this.pins[chunk] === 0, 'only an unused chunk is freed', { chunk });
    const span = this.span[chunk] ?? 1;
    for (let i = 0; i < span; i++) this.state[chunk + i] = ChunkState.FREE;
    this.generation[chunk] = 0;
    this.stamp[chunk] = 0;
    invariant(this.tombstones[chunk] === 0, 'a tombstone is a live row', { chunk });
    this.usedChunks -= span;
    this.#freeFrom = Math.min(this.#freeFrom, chunk);
  }

  /** Full, and needed by no checkpoint. */
  isLoose(chunk: number): boolean {
    return this.state[chunk] === ChunkState.FULL && this.generation[chunk] === 0 && this.pins[chunk] === 0;
  }

  /** Chunks from 1 to this one, excluded, may be in use. */
  get limit(): number {
    return this.#freshFrom;
  }

  /** Chunks with rows, none of them open, in the order in which they were opened. */
  fullChunks(): number[] {
    const found: number[] = [];
    for (let chunk = 1; chunk < this.#freshFrom; chunk++) {
      if (this.state[chunk] === ChunkState.FULL) found.push(chunk);
    }
    return found.sort((a, b) => (this.sequence[a] ?? 0) - (this.sequence[b] ?? 0));
  }

  #lowestFree(): number {
    for (let chunk = this.#freeFrom; chunk < this.chunkCount; chunk++) {
      if (this.state[chunk] !== ChunkState.FREE) continue;
      this.#freeFrom = chunk + 1;
      return chunk;
    }
    return -1;
  }

  #lowestRun(span: number): number {
    let length = 0;
    for (let chunk = this.#freeFrom; chunk < this.chunkCount; chunk++) {
      length = this.state[chunk] === ChunkState.FREE ? length + 1 : 0;
      if (length === span) return chunk - span + 1;
    }
    return -1;
  }
}
