import type { ChannelHandle } from './channel-handle.js';
import { AnnouncementWord, RingWord } from './ring-layout.js';

/** Where something lies, or will lie, in a channel. */
export interface ChannelPlace {
  /** Position in the ring of the segment. */
  readonly ringPosition: number;
  /** Offset in it. */
  readonly offset: number;
}

/** Tells the consumer of a barrier that lies, or will lie, somewhere ahead in the channel. */
export interface CheckpointAnnouncement extends ChannelPlace {
  readonly checkpointId: number;
  readonly timestamp: number;
  readonly isSavepoint: boolean;
}

const Kind = { NONE: 0, CHECKPOINT: 1, SAVEPOINT: 2 } as const;

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
    this.#store(AnnouncementWord.KIND, announcement.isSavepoint ? Kind.SAVEPOINT : Kind.CHECKPOINT);
    this.#storeFloat(AnnouncementWord.CHECKPOINT_LOW, announcement.checkpointId);
    this.#storeFloat(AnnouncementWord.TIMESTAMP_LOW, announcement.timestamp);
    this.#step();
  }

  /** The channel ends there; the checkpoint that was announced last stays announced. */
  announceEnd(place: ChannelPlace): void {
    this.#step();
    this.#store(AnnouncementWord.END_POSITION, place.ringPosition);
    this.#store(AnnouncementWord.END_OFFSET, place.offset);
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

/** Reads announcements on the consumer's thread. An unchanged one costs one load. */
export class AnnouncementReader {
  /** The newest announcement that was seen. */
  latest: CheckpointAnnouncement | undefined = undefined;
  /** The end of the channel, once it was seen to be announced. */
  end: ChannelPlace | undefined = undefined;
  readonly #words: Int32Array;
  readonly #base: number;
  #seenVersion = 0;

  constructor(handle: ChannelHandle) {
    this.#words = new Int32Array(handle.control);
    this.#base = handle.controlBase + RingWord.ANNOUNCEMENT;
  }

  /** Takes over what has been announced by now. False: something is just being announced; try again. */
  refresh(): boolean {
    const version = this.#load(AnnouncementWord.VERSION);
    if (version === this.#seenVersion) return true;
    if ((version & 1) === 1) return false;
    const latest = this.#readLatest();
    const end = this.#readEnd();
    if (this.#load(AnnouncementWord.VERSION) !== version) return false;
    this.#seenVersion = version;
    this.latest = latest;
    this.end = end;
    return true;
  }

  #readLatest(): CheckpointAnnouncement | undefined {
    const kind = this.#load(AnnouncementWord.KIND);
    if (kind === Kind.NONE) return undefined;
    return {
      checkpointId: this.#loadFloat(AnnouncementWord.CHECKPOINT_LOW),
      timestamp: this.#loadFloat(AnnouncementWord.TIMESTAMP_LOW),
      isSavepoint: kind === Kind.SAVEPOINT,
      ringPosition: this.#load(AnnouncementWord.POSITION) >>> 0,
      offset: this.#load(AnnouncementWord.OFFSET),
    };
  }

  #readEnd(): ChannelPlace | undefined {
    const offset = this.#load(AnnouncementWord.END_OFFSET);
    if (offset === 0) return undefined;
    return { ringPosition: this.#load(AnnouncementWord.END_POSITION) >>> 0, offset };
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
