import { invariant } from '../core/internal.js';
import type { DoorbellHandle } from './doorbell.js';
import { RingWord, ringCapacity, ringWords } from './ring-layout.js';
import type { SegmentPoolHandle } from './segment-pool.js';

/** One channel, from one producer subtask to one consumer subtask. Plain and structured-cloneable. */
export interface ChannelHandle {
  /** Its number within the partition. */
  readonly index: number;
  readonly pool: SegmentPoolHandle;
  /** Shared memory with the control blocks of the partition's channels. */
  readonly control: SharedArrayBuffer;
  /** First int32 word of this channel's control block. */
  readonly controlBase: number;
  /** Slots of the ring: one for each segment that the partition could put into it. */
  readonly capacity: number;
  readonly producerDoorbell: DoorbellHandle;
  readonly consumerDoorbell: DoorbellHandle;
}

/** All channels of one output edge of one producer subtask, and the segments that it owns. */
export interface PartitionHandle {
  readonly channels: readonly ChannelHandle[];
  /** Ids that only this channel uses, by channel. */
  readonly exclusive: readonly (readonly number[])[];
  /** Ids for whichever channel needs them. */
  readonly floating: readonly number[];
}

export interface PartitionPlan {
  readonly pool: SegmentPoolHandle;
  readonly producerDoorbell: DoorbellHandle;
  /** One for each channel. */
  readonly consumerDoorbells: readonly DoorbellHandle[];
  readonly exclusivePerChannel: number;
  /** The segments of the partition: exclusive ones for each channel first, the rest floats. */
  readonly segmentIds: readonly number[];
  /** Where positions begin; they are unsigned 32-bit and wrap. Default 0. */
  readonly startPosition?: number;
}

/** Lays out the channels of a partition in fresh shared memory. The TaskManager does it before threads start. */
export function createPartition(plan: PartitionPlan): PartitionHandle {
  const count = plan.consumerDoorbells.length;
  const exclusiveCount = count * plan.exclusivePerChannel;
  invariant(
    plan.exclusivePerChannel >= 1 && plan.segmentIds.length >= exclusiveCount,
    'a partition has the exclusive segments of its channels',
    { segments: plan.segmentIds.length, channels: count, exclusivePerChannel: plan.exclusivePerChannel },
  );
  const floating = plan.segmentIds.slice(exclusiveCount);
  const capacity = ringCapacity(plan.exclusivePerChannel + floating.length);
  const words = ringWords(capacity);
  const control = new SharedArrayBuffer(count * words * 4);
  const view = new Int32Array(control);
  const channels = plan.consumerDoorbells.map((consumerDoorbell, index): ChannelHandle => {
    const controlBase = index * words;
    view[controlBase + RingWord.TAIL] = (plan.startPosition ?? 0) | 0;
    view[controlBase + RingWord.HEAD] = (plan.startPosition ?? 0) | 0;
    return {
      index,
      pool: plan.pool,
      control,
      controlBase,
      capacity,
      producerDoorbell: plan.producerDoorbell,
      consumerDoorbell,
    };
  });
  const exclusive = channels.map((channel) =>
    plan.segmentIds.slice(
      channel.index * plan.exclusivePerChannel,
      (channel.index + 1) * plan.exclusivePerChannel,
    ),
  );
  return { channels, exclusive, floating };
}
