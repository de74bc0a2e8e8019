import t from 'tap';
import { OutputRoom, resultPartition, TaskOutputs } from '../../../actors/task/result-partition.js';
import { ElementKind } from '../../../core/element/element-kind.js';
import type { StreamPartitioner } from '../../../core/graph/stream-partitioner.js';
import { type OneThreadChannel, oneThreadChannels } from '../../one-thread-channels.js';

const TO_ALL: StreamPartitioner<unknown> = {
  isBroadcast: true,
  selectChannel: () => {
    throw new Error('nobody asks');
  },
};
const BY_REMAINDER = (channels: number): StreamPartitioner<unknown> => ({
  isBroadcast: false,
  selectChannel: (value) => Number(value) % channels,
});

/** Elements that the consumer sees now: records as numbers, all else by kind. */
function read({ reader }: OneThreadChannel, limit = Number.POSITIVE_INFINITY): (number | string)[] {
  const seen: (number | string)[] = [];
  for (let kind = reader.next(); kind !== ElementKind.NONE; kind = reader.next()) {
    seen.push(kind === ElementKind.RECORD ? Number(reader.value) : `kind ${kind}`);
    if (seen.length >= limit) break;
  }
  return seen;
}

function partitionOf(
  channels: readonly (OneThreadChannel | undefined)[],
  partitioner = TO_ALL,
  bufferTimeoutMs = 10,
) {
  const room = new OutputRoom();
  const writers = channels.map((channel) => channel?.writer);
  const partition = resultPartition(writers, partitioner, room, bufferTimeoutMs);
  return { room, partition, outputs: new TaskOutputs([partition], room) };
}

t.test('each record goes where the partitioner says', async (t) => {
  const channels = oneThreadChannels(3);
  const { partition } = partitionOf(channels, BY_REMAINDER(3));
  for (let i = 0; i < 9; i++) partition.collect(i, 0);
  t.same(
    channels.map((channel) => read(channel)),
    [[], [], []],
    'nothing is seen before it is published',
  );
  partition.flush();
  t.same(
    channels.map((channel) => read(channel)),
    [
      [0, 3, 6],
      [1, 4, 7],
      [2, 5, 8],
    ],
  );
});

t.test('a broadcast record goes to every channel', async (t) => {
  const channels = oneThreadChannels(2);
  const { partition } = partitionOf(channels);
  partition.collect(1, 0);
  partition.flush();
  t.same(
    channels.map((channel) => read(channel)),
    [[1], [1]],
  );
});

t.test('what is no record goes to every channel, barriers and ends at once', async (t) => {
  const channels = oneThreadChannels(2);
  const { partition, room } = partitionOf(channels, BY_REMAINDER(2));
  partition.emitWatermark(17);
  partition.emitIdle();
  partition.emitActive();
  t.equal(room.watermark, 17);
  t.same(read(channels[0] as OneThreadChannel), []);
  partition.writeBarrier(1, 1000, false);
  partition.writeEndOfData();
  partition.writeEndOfPartition();
  const kinds = [
    ElementKind.WATERMARK,
    ElementKind.IDLE,
    ElementKind.ACTIVE,
    ElementKind.BARRIER,
    ElementKind.END_OF_DATA,
    ElementKind.END_OF_PARTITION,
  ].map((kind) => `kind ${kind}`);
  t.same(
    channels.map((channel) => read(channel)),
    [kinds, kinds],
  );
});

t.test('a record waits for the buffer timeout at most', async (t) => {
  const [channel] = oneThreadChannels(1);
  if (channel === undefined) throw new Error('there is no channel');
  const { partition, outputs } = partitionOf([channel], BY_REMAINDER(1), 10);
  outputs.flushDue(1000);
  partition.collect(1, 0);
  outputs.flushDue(1009);
  t.same(read(channel), []);
  outputs.flushDue(1010);
  t.same(read(channel), [1]);
  partition.collect(2, 0);
  outputs.flushDue(1019);
  t.same(read(channel), []);
  outputs.flushDue(1020);
  t.same(read(channel), [2]);
});

t.test('without a buffer timeout it waits until the segment is full', async (t) => {
  const [channel] = oneThreadChannels(1);
  if (channel === undefined) throw new Error('there is no channel');
  const { partition, outputs } = partitionOf([channel], BY_REMAINDER(1), Number.POSITIVE_INFINITY);
  partition.collect(1, 0);
  outputs.flushDue(1e12);
  t.same(read(channel), []);
  outputs.flush();
  t.same(read(channel), [1]);
});

t.test('with a buffer timeout of 0 nothing waits', async (t) => {
  const channels = oneThreadChannels(2);
  const { partition } = partitionOf(channels, BY_REMAINDER(2), 0);
  const seen = (): unknown[] => channels.map((channel) => read(channel));
  partition.collect(1, 0);
  t.same(seen(), [[], [1]]);
  partition.collect(2, 0);
  t.same(seen(), [[2], []]);
  partition.emitWatermark(3);
  t.same(seen(), [[`kind ${ElementKind.WATERMARK}`], [`kind ${ElementKind.WATERMARK}`]]);
});

t.test('what is meant for a finished consumer is dropped', async (t) => {
  const [channel] = oneThreadChannels(1);
  if (channel === undefined) throw new Error('there is no channel');
  const { partition, room } = partitionOf([undefined, channel], BY_REMAINDER(2));
  for (let i = 0; i < 4; i++) partition.collect(i, 0);
  partition.emitWatermark(5);
  partition.flush();
  t.same(read(channel), [1, 3, `kind ${ElementKind.WATERMARK}`]);
  t.notOk(room.full);
});

t.test('one full channel makes the task wait, and nothing is lost beyond', async (t) => {
  const channels = oneThreadChannels(2);
  const { partition, room, outputs } = partitionOf(channels, BY_REMAINDER(2));
  let sent = 0;
  for (; !room.full && sent < 1000; sent += 2) partition.collect(sent, 0);
  t.ok(room.full, 'channel 0 is full, channel 1 empty');
  partition.collect(sent, 0);
  partition.writeBarrier(1, 1000, false);
  t.notOk(outputs.drain());
  t.ok(room.full);
  const [first] = channels as [OneThreadChannel, OneThreadChannel];
  const seen: (number | string)[] = [];
  while (!outputs.drain()) seen.push(...read(first, 5));
  t.notOk(room.full);
  outputs.flush();
  seen.push(...read(first));
  const expected = Array.from({ length: sent / 2 + 1 }, (_, i) => 2 * i);
  t.same(seen, [...expected, `kind ${ElementKind.BARRIER}`]);
});

t.test('branches of a chain that are behind do not take the watermark of the task back', async (t) => {
  const room = new OutputRoom();
  const [ahead, behind] = oneThreadChannels(2).map(({ writer }) =>
    resultPartition([writer], TO_ALL, room, 10),
  );
  ahead?.emitWatermark(30);
  behind?.emitWatermark(10);
  t.equal(room.watermark, 30);
  behind?.emitWatermark(40);
  t.equal(room.watermark, 40);
});
