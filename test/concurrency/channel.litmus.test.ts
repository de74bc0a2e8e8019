import t from 'tap';
import { Prng } from '../../core/base/prng.js';
import { ElementKind } from '../../core/element/element-kind.js';
import { createPartition } from '../../memory/channel-handle.js';
import { ChannelReader } from '../../memory/channel-reader.js';
import { ThreadCodecFactory } from '../../memory/codec-factory.js';
import { createDoorbells, Doorbell } from '../../memory/doorbell.js';
import { createSegmentPool, SegmentAllocator, SegmentPool } from '../../memory/segment-pool.js';
import { checksum, litmusRecord, makeRecord } from './litmus-records.js';
import { litmusThread } from './litmus-thread.js';

interface ChannelCase {
  readonly segmentBytes: number;
  readonly segments: number;
  readonly count: number;
  readonly startPosition: number;
}

/** Returns what went wrong first, or undefined. */
async function carry(plan: ChannelCase): Promise<string | undefined> {
  const seed = 20_260_131;
  const pool = createSegmentPool(plan.segmentBytes, plan.segments);
  const [producerDoorbell, consumerDoorbell] = createDoorbells(2);
  const segmentIds = new SegmentAllocator(pool).allocate(plan.segments);
  if (producerDoorbell === undefined || consumerDoorbell === undefined || segmentIds === undefined)
    return 'no pool';
  const partition = createPartition({
    pool,
    producerDoorbell,
    consumerDoorbells: [consumerDoorbell],
    exclusivePerChannel: 1,
    segmentIds,
    startPosition: plan.startPosition,
  });
  const handle = partition.channels[0];
  if (handle === undefined) return 'no channel';
  const producer = litmusThread<number>({
    role: 'channelProducer',
    count: plan.count,
    seed,
    shared: partition,
  });
  const codec = new ThreadCodecFactory().codecFor(litmusRecord);
  const reader = new ChannelReader(handle, new SegmentPool(pool), codec);
  const doorbell = new Doorbell(consumerDoorbell);
  const random = new Prng(seed);
  let next = 0;
  for (;;) {
    const ticket = doorbell.ticket();
    const kind = reader.next();
    if (kind === ElementKind.RECORD) {
      const expected = makeRecord(next, random);
      const value = reader.value;
      if (value === undefined || value.id !== next || value.text !== expected.text)
        return `record ${next} differs`;
      if (value.sum !== checksum(value.id, value.text) || reader.timestamp !== next)
        return `record ${next} is torn`;
      next++;
      const watermark = random.chance(0.01);
      random.chance(0.05);
      if (watermark && !(await nextIsWatermark(reader, doorbell, next - 1)))
        return `no watermark after ${next - 1}`;
    } else if (kind === ElementKind.END_OF_PARTITION) break;
    else if (kind !== ElementKind.NONE) return `an element of kind ${kind} after record ${next}`;
    else if (!(await doorbell.wait(ticket, 20_000))) return `nothing came after record ${next}`;
  }
  await producer;
  return next === plan.count ? undefined : `${next} records instead of ${plan.count}`;
}

async function nextIsWatermark(
  reader: ChannelReader<unknown>,
  doorbell: Doorbell,
  time: number,
): Promise<boolean> {
  for (;;) {
    const ticket = doorbell.ticket();
    const kind = reader.next();
    if (kind !== ElementKind.NONE) return kind === ElementKind.WATERMARK && reader.timestamp === time;
    if (!(await doorbell.wait(ticket, 20_000))) return false;
  }
}

t.test(
  'records of all sizes cross between two threads in order and whole, whatever the segments',
  async (t) => {
    const cases: ChannelCase[] = [
      { segmentBytes: 256, segments: 1, count: 5_000, startPosition: 2 ** 32 - 7 },
      { segmentBytes: 256, segments: 3, count: 20_000, startPosition: 2 ** 32 - 300 },
      { segmentBytes: 1024, segments: 4, count: 60_000, startPosition: 2 ** 32 - 5 },
      { segmentBytes: 32_768, segments: 8, count: 200_000, startPosition: 2 ** 31 - 3 },
    ];
    for (const plan of cases) {
      t.equal(
        await carry(plan),
        undefined,
        `${plan.segments} x ${plan.segmentBytes} B, ${plan.count} records`,
      );
    }
  },
);
