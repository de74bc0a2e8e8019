import { types } from '../core/serde/types.js';
import { createPartition } from '../memory/channel-handle.js';
import { ChannelReader } from '../memory/channel-reader.js';
import { ChannelWriter } from '../memory/channel-writer.js';
import { compiledCodec } from '../memory/compiled-codec.js';
import { createDoorbells } from '../memory/doorbell.js';
import { DynamicCodec } from '../memory/dynamic-codec.js';
import { LocalBufferPool } from '../memory/local-buffer-pool.js';
import { createSegmentPool, SegmentAllocator, SegmentPool } from '../memory/segment-pool.js';

const SEGMENT_BYTES = 256;

export interface OneThreadChannel {
  readonly writer: ChannelWriter<unknown>;
  readonly reader: ChannelReader<unknown>;
}

/** The channels of one partition, both ends of them on this thread; their records are numbers. `floating`: segments. */
export function oneThreadChannels(count: number, segmentsEach = 4, floating = 0): OneThreadChannel[] {
  const sum = count * segmentsEach + floating;
  const pool = createSegmentPool(SEGMENT_BYTES, sum);
  const [producerDoorbell, ...consumerDoorbells] = createDoorbells(count + 1);
  const segmentIds = new SegmentAllocator(pool).allocate(sum);
  if (producerDoorbell === undefined || segmentIds === undefined) throw new Error('no segments');
  const partition = createPartition({
    pool,
    producerDoorbell,
    consumerDoorbells,
    exclusivePerChannel: segmentsEach,
    segmentIds,
  });
  const segments = new SegmentPool(pool);
  const buffers = new LocalBufferPool(partition, segments);
  const codec = compiledCodec(types.float64, new DynamicCodec());
  return partition.channels.map((handle) => ({
    writer: new ChannelWriter<unknown>(handle, buffers, codec as never),
    reader: new ChannelReader<unknown>(handle, segments, codec as never),
  }));
}
