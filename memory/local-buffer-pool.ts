import { invariant } from '../core/internal.js';
import type { ChannelHandle, PartitionHandle } from './channel-handle.js';
import type { SegmentPool } from './segment-pool.js';
import { RingProducer } from './spsc-ring.js';

/**
 * What one channel holds of its partition's segments.
 *
 * Invariant: held = free.length + (open >= 0 ? 1 : 0) + ring.inRing; held >= exclusive.
 */
export class ChannelSegments {
  readonly ring: RingProducer;
  readonly exclusive: number;
  readonly free: number[];
  /** Id of the segment that is being filled and has not been published; -1: none. */
  open = -1;
  held: number;

  constructor(ring: RingProducer, exclusiveIds: readonly number[]) {
    this.ring = ring;
    this.exclusive = exclusiveIds.length;
    this.free = [...exclusiveIds];
    this.held = exclusiveIds.length;
  }
}

/** How much of a pool is in use. */
export interface BufferUsage {
  /** Segments in use by some channel, as far as its producer knows. */
  readonly inUse: number;
  /** Segments that there are. */
  readonly size: number;
}

/**
 * The segments that one result partition owns: exclusive ones, which only their channel uses, and floating
 * ones, which go where they are needed. Lives on the thread of the producer.
 *
 * Invariants:
 * - a channel always holds at least its exclusive segments, so no other can starve it;
 * - at every step each segment of the plan is in exactly one place: floating, free with a channel, being
 *   filled, or in a ring ({@link auditPartition}).
 *
 * hot path: once per segment
 */
export class LocalBufferPool implements BufferUsage {
  readonly pool: SegmentPool;
  readonly #plan: PartitionHandle;
  readonly #channels: readonly ChannelSegments[];
  readonly #floating: number[];

  constructor(handle: PartitionHandle, pool: SegmentPool) {
    this.pool = pool;
    this.#plan = handle;
    this.#channels = handle.channels.map((channel, index) => {
      const words = new Int32Array(channel.control);
      const ring = new RingProducer(words, channel.controlBase, channel.capacity);
      return new ChannelSegments(ring, handle.exclusive[index] ?? []);
    });
    this.#floating = [...handle.floating];
  }

  /** The part of a channel of this partition. */
  segmentsOf(handle: ChannelHandle): ChannelSegments {
    const segments = this.#channels[handle.index];
    invariant(
      segments !== undefined && this.#plan.channels[handle.index]?.control === handle.control,
      'a writer is given the pool of its own partition',
      { channel: handle.index },
    );
    return segments;
  }

  /** True if {@link take} would find a segment. */
  canTake(channel: ChannelSegments): boolean {
    if (channel.free.length > 0 || this.#floating.length > 0) return true;
    this.#reclaim(channel);
    if (channel.free.length > 0 || this.#floating.length > 0) return true;
    for (const other of this.#channels) this.#reclaim(other);
    return this.#floating.length > 0;
  }

  /** An id to fill for the channel; -1: every segment it may have is in use. */
  take(channel: ChannelSegments): number {
    if (!this.canTake(channel)) return -1;
    const own = channel.free.pop();
    if (own !== undefined) return own;
    const id = this.#floating.pop();
    invariant(id !== undefined, 'what can be taken is there');
    channel.held++;
    return id;
  }

  /** Segments in use by some channel: filled, in a ring, or being read. */
  get inUse(): number {
    let free = this.#floating.length;
    for (const channel of this.#channels) free += channel.free.length;
    return this.size - free;
  }

  get size(): number {
    return this.#plan.floating.length + this.#plan.exclusive.reduce((sum, ids) => sum + ids.length, 0);
  }

  #reclaim(channel: ChannelSegments): void {
    for (let id = channel.ring.reclaim(); id >= 0; id = channel.ring.reclaim()) {
      if (channel.held > channel.exclusive) {
        channel.held--;
        this.#floating.push(id);
      } else channel.free.push(id);
    }
  }

  /** @throws MillraceError MR9001 if a segment is lost, doubled, or a channel's count is wrong */
  audit(): void {
    const places = new Uint8Array(this.pool.segmentCount);
    let found = markFound(this.#floating, places);
    for (const channel of this.#channels) {
      const open = channel.open >= 0 ? 1 : 0;
      const inRing = channel.ring.inRing;
      invariant(
        channel.held === channel.free.length + open + inRing && channel.held >= channel.exclusive,
        'a channel holds what it has',
        { held: channel.held, free: channel.free.length, open, inRing, exclusive: channel.exclusive },
      );
      found += markFound(channel.free, places) + markFound(channel.ring.ids(), places);
      if (open === 1) found += markFound([channel.open], places);
    }
    const isPlanned = (id: number): boolean => places[id] === 1;
    const { exclusive, floating } = this.#plan;
    invariant(
      found === this.size && floating.every(isPlanned) && exclusive.every((ids) => ids.every(isPlanned)),
      'every segment of the plan is in exactly one place',
      { planned: this.size, found },
    );
  }
}

/** Counts one more segment in each of these places; how many they are. */
function markFound(ids: readonly number[], places: Uint8Array): number {
  for (const id of ids) places[id] = (places[id] ?? 0) + 1;
  return ids.length;
}
