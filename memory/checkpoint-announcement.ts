import type { ChannelHandle } from './channel-handle.js';
import { AnnouncementWord, RingWord } from './ring-layout.js';

/** Tells the consumer of a barrier that lies, or will lie, somewhere ahead in the channel. */
export interface CheckpointAnnouncement {
  readonly checkpointId: number;
  readonly timestamp: number;
  readonly isSavepoint: boolean;
  /** Position in the ring of the segment that holds the barrier. */
  readonly ringPosition: number;
  /** Offset of the barrier in it. */
  readonly offset: number;
}

/** Writes announcements on the producer's thread, each over the one before; needs no room. */
export class CheckpointAnnouncer {
  readonly #words: Int32Array;
  readonly #base: number;

  constructor(handle: ChannelHandle) {
    this.#words = new Int32Array(handle.control);
    this.#base = handle.controlBase + RingWord.ANNOUNCEMENT;
  }

  announce(announcement: CheckpointAnnouncement): void {
    this.#step();
    this.#store(AnnouncementWord.POSITION, announcement.ringPosition);
    this.#store(AnnouncementWord.OFFSET, announcement.offset);
    this.#store(AnnouncementWord.KIND, announcement.isSavepoint ? 1 : 0);
    this.#storeFloat(AnnouncementWord.CHECKPOINT_LOW, announcement.checkpointId);
    this.#storeFloat(AnnouncementWord.TIMESTAMP_LOW, announcement.timestamp);
    this.#step();
  }

  #step(): void {
    Atomics.add(this.#words, this.#base + AnnouncementWord.VERSION, 1);
  }

  #store(word: number, value: number): void {
    Atomics.store(this.#words, this.#base + word, value | 0);
  }

  #storeFloat(lowWord: number, value: number): void {
    float64[0] = value;
    this.#store(lowWord, halves[0] ?? 0);
    this.#store(lowWord + 1, halves[1] ?? 0);
  }
}

/** Reads announcements on the consumer's thread. */
export class AnnouncementReader {
  readonly #words: Int32Array;
  readonly #base: number;
  #seenVersion = 0;

  constructor(handle: ChannelHandle) {
    this.#words = new Int32Array(handle.control);
    this.#base = handle.controlBase + RingWord.ANNOUNCEMENT;
  }

  /** The newest announcement, once; undefined: none since the last call, or one is being written. */
  poll(): CheckpointAnnouncement | undefined {
    const version = this.#load(AnnouncementWord.VERSION);
    if (version === this.#seenVersion || (version & 1) === 1) return undefined;
    const announcement = {
      checkpointId: this.#loadFloat(AnnouncementWord.CHECKPOINT_LOW),
      timestamp: this.#loadFloat(AnnouncementWord.TIMESTAMP_LOW),
      isSavepoint: this.#load(AnnouncementWord.KIND) === 1,
      ringPosition: this.#load(AnnouncementWord.POSITION) >>> 0,
      offset: this.#load(AnnouncementWord.OFFSET),
    };
    if (this.#load(AnnouncementWord.VERSION) !== version) return undefined;
    this.#seenVersion = version;
    return announcement;
  }

  #load(word: number): number {
    return Atomics.load(this.#words, this.#base + word);
  }

  #loadFloat(lowWord: number): number {
    halves[0] = this.#load(lowWord);
    halves[1] = this.#load(lowWord + 1);
    return float64[0] ?? 0;
  }
}

/** A number and its two words; both ends run on machines of the same byte order. */
const float64 = new Float64Array(1);
const halves = new Int32Array(float64.buffer);
