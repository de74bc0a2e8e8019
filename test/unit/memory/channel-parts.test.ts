import { MessageChannel } from 'node:worker_threads';
import t from 'tap';
import { interpretedCodec } from '../../../core/serde/interpreted-codec.js';
import { types } from '../../../core/serde/types.js';
import { createPartition } from '../../../memory/channel-handle.js';
import { ChannelReader } from '../../../memory/channel-reader.js';
import { ChannelWriter } from '../../../memory/channel-writer.js';
import { compiledCodec } from '../../../memory/compiled-codec.js';
import { createDoorbells, Doorbell } from '../../../memory/doorbell.js';
import { DynamicCodec } from '../../../memory/dynamic-codec.js';
import { IdleAction, IdleStrategy } from '../../../memory/idle-strategy.js';
import { LocalBufferPool } from '../../../memory/local-buffer-pool.js';
import { createSegmentPool, SegmentAllocator, SegmentPool } from '../../../memory/segment-pool.js';

t.test('a pool deals out each segment once, and takes it back once', async (t) => {
  const handle = createSegmentPool(256, 10);
  const allocator = new SegmentAllocator(handle);
  t.same(allocator.allocate(3), [0, 1, 2]);
  t.equal(allocator.allocate(8), undefined, 'too many: nothing is taken');
  t.equal(allocator.available, 7);
  allocator.release([1]);
  t.throws(() => allocator.release([1]), { code: 'MR9001' });
  t.throws(() => allocator.release([10]), { code: 'MR9001' });
  t.equal(allocator.allocate(8)?.length, 8);
  t.throws(() => createSegmentPool(128, 1), { code: 'MR9001' });
  t.throws(() => new SegmentPool(handle).segment(10), { code: 'MR9001' });
});

t.test('segments of a large pool lie in several chunks and do not overlap', async (t) => {
  const handle = createSegmentPool(1 << 20, 130);
  t.ok(handle.chunks.length > 1);
  const [one, two] = [new SegmentPool(handle), new SegmentPool(handle)];
  for (let id = 0; id < 130; id++) one.segment(id).bytes[one.segment(id).base] = id;
  for (let id = 0; id < 130; id++) {
    const segment = two.segment(id);
    if (segment.bytes[segment.base] !== id || segment.end - segment.base !== 1 << 20) t.fail(`segment ${id}`);
  }
});

t.test('a doorbell that was rung since the ticket does not sleep', async (t) => {
  const [handle] = createDoorbells(1);
  if (handle === undefined) throw new Error('there is no handle');
  // A pending wait alone does not keep the process alive; a port that listens does.
  const { port1 } = new MessageChannel();
  port1.on('message', () => {});
  t.teardown(() => port1.close());
  const doorbell = new Doorbell(handle);
  const ticket = doorbell.ticket();
  t.equal(await doorbell.wait(ticket, 1), false, 'nobody rang');
  doorbell.ring();
  t.equal(await doorbell.wait(ticket, 60_000), true);
  const wait = doorbell.wait(doorbell.ticket(), 60_000);
  new Doorbell(handle).ring();
  t.equal(await wait, true);
});

t.test('an idle thread spins, then yields, then parks, and begins anew after work', async (t) => {
  const idle = new IdleStrategy(2, 1);
  const { SPIN, YIELD, PARK } = IdleAction;
  t.same([idle.next(), idle.next(), idle.next(), idle.next(), idle.next()], [SPIN, SPIN, YIELD, PARK, PARK]);
  idle.reset();
  t.equal(idle.next(), SPIN);
});

function makePartition(channels: number, segments: number) {
  const pool = createSegmentPool(256, segments);
  const [producerDoorbell, ...consumerDoorbells] = createDoorbells(channels + 1);
  const segmentIds = new SegmentAllocator(pool).allocate(segments);
  if (producerDoorbell === undefined || segmentIds === undefined) throw new Error('no pool');
  const handle = createPartition({
    pool,
    producerDoorbell,
    consumerDoorbells,
    exclusivePerChannel: 2,
    segmentIds,
  });
  return { handle, pool: new SegmentPool(pool) };
}

t.test(
  'a slow consumer takes floating segments, but never the exclusive ones of another channel',
  async (t) => {
    const { handle, pool } = makePartition(2, 6);
    const buffers = new LocalBufferPool(handle, pool);
    const [slow, fast] = handle.channels.map(
      (channel) => new ChannelWriter(channel, buffers, interpretedCodec(types.float64)),
    );
    while (slow?.hasRoom()) slow.writeRecord(1, 1);
    t.equal(buffers.inUse, 4, 'its two exclusive ones and both that float');
    t.equal(fast?.hasRoom(), true);
    while (fast?.hasRoom()) fast.writeRecord(1, 1);
    t.equal(buffers.inUse, 6);
    buffers.audit();
  },
);

t.test('a partition without its exclusive segments is refused', async (t) => {
  t.throws(() => makePartition(2, 3), { code: 'MR9001', message: /exclusive/ });
  const { handle, pool } = makePartition(1, 2);
  const other = makePartition(1, 2);
  const buffers = new LocalBufferPool(handle, pool);
  const [foreign] = other.handle.channels;
  if (foreign === undefined) throw new Error('there is no foreign');
  t.throws(() => new ChannelWriter(foreign, buffers, interpretedCodec(types.int32)), { code: 'MR9001' });
});

t.test('a record that is refused leaves the channel as it was', async (t) => {
  const type = types.object({ a: types.string, b: types.int32 });
  for (const makeCodec of [() => interpretedCodec(type), () => compiledCodec(type, new DynamicCodec())]) {
    const { handle, pool } = makePartition(1, 2);
    const [channel] = handle.channels;
    if (channel === undefined) throw new Error('there is no channel');
    const buffers = new LocalBufferPool(handle, pool);
    const writer = new ChannelWriter(channel, buffers, makeCodec());
    const reader = new ChannelReader(channel, pool, makeCodec());
    writer.writeRecord({ a: 'first', b: 1 }, 1);
    t.throws(() => writer.writeRecord({ a: 'x'.repeat(1000), b: 'no' as never }, 2), { code: 'MR2002' });
    t.throws(() => writer.writeRecord({ a: 'short', b: 0.5 }, 2), { code: 'MR2002' });
    writer.writeRecord({ a: 'second', b: 2 }, 3);
    writer.flush();
    t.equal(reader.next(), 1);
    t.same([reader.value, reader.timestamp], [{ a: 'first', b: 1 }, 1]);
    t.equal(reader.next(), 1);
    t.same([reader.value, reader.timestamp], [{ a: 'second', b: 2 }, 3]);
    t.equal(reader.next(), 0);
    t.equal(writer.hasUnflushed, false);
  }
});

t.test('a record is what it was when it was written, whatever becomes of it before it is sent', async (t) => {
  const type = types.object({ a: types.string, list: types.array(types.string) });
  for (const makeCodec of [() => compiledCodec(type, new DynamicCodec()), () => new DynamicCodec()]) {
    const { handle, pool } = makePartition(1, 2);
    const [channel] = handle.channels;
    if (channel === undefined) throw new Error('there is no channel');
    const writer = new ChannelWriter<unknown>(
      channel,
      new LocalBufferPool(handle, pool),
      makeCodec() as never,
    );
    const reader = new ChannelReader<unknown>(channel, pool, makeCodec() as never);
    const reused = { a: 'one', list: ['x'] };
    writer.writeRecord(reused, 1);
    reused.a = 'two';
    reused.list.push('y');
    writer.writeRecord(reused, 2);
    reused.list.length = 0;
    writer.flush();
    reader.next();
    t.same(reader.value, { a: 'one', list: ['x'] });
    reader.next();
    t.same(reader.value, { a: 'two', list: ['x', 'y'] });
  }
});
