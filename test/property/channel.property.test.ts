import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { ElementKind } from '../../core/element/element-kind.js';
import type { ChannelReader } from '../../memory/channel-reader.js';
import type { ChannelWriter } from '../../memory/channel-writer.js';
import { compiledCodec } from '../../memory/compiled-codec.js';
import { DynamicCodec } from '../../memory/dynamic-codec.js';
import { check } from '../check.js';
import { type Element, element, makeWorld, makeWorldOf, type Record, read, write } from './channel-world.js';
import { typedValueList } from './typed-values.js';

type Step =
  | { readonly do: 'write'; readonly channel: number; readonly element: Element }
  | { readonly do: 'flush'; readonly channel: number }
  | { readonly do: 'drain'; readonly channel: number }
  | { readonly do: 'read'; readonly channel: number; readonly count: number };

const step = (channels: number): fc.Arbitrary<Step> => {
  const channel = fc.integer({ min: 0, max: channels - 1 });
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), channel, element }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'drain' as const), channel }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('read' as const),
        channel,
        count: fc.integer({ min: 1, max: 30 }),
      }),
    },
  );
};

const world = fc.integer({ min: 1, max: 3 }).chain((channels) =>
  fc.record({
    channels: fc.constant(channels),
    segmentBytes: fc.constantFrom(256, 264, 512, 4096),
    exclusive: fc.integer({ min: 1, max: 2 }),
    floating: fc.integer({ min: 0, max: 5 }),
    carried: fc.constantFrom('interpreted' as const, 'compiled' as const, 'undeclared' as const),
    startPosition: fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32 - 3, 2 ** 31 - 2),
    steps: fc.array(step(channels), { maxLength: 120, size: 'max' }),
  }),
);

t.test(
  '[scenario 12] a channel gives back what was written, in order, whatever its size and whoever is slow',
  async () => {
    await check(
      'channel fifo',
      fc.property(world, (plan) => {
        const { buffers, channels } = makeWorld(plan);
        for (const step of plan.steps) {
          const channel = channels[step.channel];
          if (channel === undefined) continue;
          if (step.do === 'write') {
            write(channel.writer, step.element);
            channel.expected.push(step.element);
            if (!channel.writer.hasUnflushed) throw new Error('what was written is unflushed or visible');
          } else if (step.do === 'flush') channel.writer.flush();
          else if (step.do === 'drain') channel.writer.drainOverflow();
          else readAndCompare(channel, step.count);
          buffers.audit();
        }
        // Afterwards everything arrives, as long as the consumer goes on: no channel can starve another.
        for (let round = 0; channels.some((channel) => channel.expected.length > 0); round++) {
          if (round > 2000) throw new Error('stuck');
          for (const channel of channels) {
            channel.writer.drainOverflow();
            channel.writer.flush();
            readAndCompare(channel, 7);
            buffers.audit();
          }
        }
        for (const channel of channels) {
          // Asking for room may seal a nearly full segment; the consumer gives it back at its next look.
          channel.writer.hasRoom();
          if (channel.reader.hasData()) throw new Error('something is left');
          if (!channel.writer.hasRoom()) throw new Error('an empty channel has room');
        }
      }),
      { runs: 250 },
    );
  },
);

function readAndCompare(
  channel: { reader: ChannelReader<Record>; expected: Element[] },
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const had = channel.reader.hasData();
    const element = read(channel.reader);
    if (element === undefined) return;
    if (!had) throw new Error('there was data after all');
    const expected = channel.expected.shift();
    if (!isDeepStrictEqual(element, expected)) {
      throw new Error(`read ${fc.stringify(element)} instead of ${fc.stringify(expected)}`);
    }
  }
}

t.test('values of every declared type cross a channel, in blocks and alone', async () => {
  await check(
    'declared types',
    fc.property(
      typedValueList,
      fc.constantFrom(256, 1024, 32_768),
      fc.array(fc.nat({ max: 3 }), { minLength: 8, maxLength: 8 }),
      ([type, values], segmentBytes, pauses) => {
        const codec = () => compiledCodec(type, new DynamicCodec());
        const { buffers, channels } = makeWorldOf(codec, {
          channels: 1,
          segmentBytes,
          exclusive: 1,
          floating: 2,
          startPosition: 0,
        });
        const channel = channels[0];
        if (channel === undefined) throw new Error('no channel');
        for (const [i, value] of values.entries()) {
          channel.writer.writeRecord(value, i);
          if (pauses[i] === 0) channel.writer.flush();
          if (pauses[i] === 1) channel.writer.writeWatermark(i);
          if (pauses[i] === 2) refusedRecord(channel.writer);
        }
        let next = 0;
        for (let round = 0; next < values.length; round++) {
          if (round > 10_000) throw new Error('stuck');
          channel.writer.flush();
          const kind = channel.reader.next();
          if (kind !== ElementKind.RECORD) continue;
          if (channel.reader.timestamp !== next || !isDeepStrictEqual(channel.reader.value, values[next])) {
            throw new Error(`record ${next} is ${fc.stringify(channel.reader.value)}`);
          }
          next++;
        }
        buffers.audit();
      },
    ),
    { runs: 200 },
  );
});

/** A value that no generated type takes, and that is refused after some of its fields may have been written. */
function refusedRecord(writer: ChannelWriter<unknown>): void {
  try {
    writer.writeRecord(Symbol('nothing'), 0);
  } catch (error) {
    if ((error as { code?: string }).code === 'MR2002') return;
    throw error;
  }
  throw new Error('took a symbol');
}

t.test(
  'a producer that asks for room keeps little on the heap, and a consumer that reads frees it',
  async () => {
    await check(
      'back-pressure',
      fc.property(world, fc.integer({ min: 1, max: 60 }), (plan, length) => {
        const { buffers, channels } = makeWorld(plan);
        const value = { id: 1, text: 'z'.repeat(length), raw: undefined };
        let written = 0;
        let received = 0;
        for (let turn = 0; turn < 60; turn++) {
          for (const { writer } of channels) {
            writer.drainOverflow();
            const before = written;
            while (writer.hasRoom()) {
              writer.writeRecord(value, written++);
              if (written - before > 10_000) throw new Error('a ring of few segments took everything');
            }
          }
          buffers.audit();
          if (turn % 3 === 0) continue;
          for (const { reader } of channels) while (reader.next() === ElementKind.RECORD) received++;
        }
        for (const { writer, reader } of channels) {
          for (let round = 0; !writer.drainOverflow(); round++) {
            if (round > 10_000) throw new Error('the overflow does not drain');
            while (reader.next() === ElementKind.RECORD) received++;
          }
          writer.flush();
          while (reader.next() === ElementKind.RECORD) received++;
        }
        return written === received && written > 60;
      }),
      { runs: 60 },
    );
  },
);

t.test(
  'an announced checkpoint is seen before its barrier is reached, at the place where the barrier is',
  async (t) => {
    const { channels, producerBell } = makeWorld({
      channels: 1,
      segmentBytes: 256,
      exclusive: 2,
      floating: 0,
      startPosition: 2 ** 32 - 1,
      carried: 'compiled',
    });
    const [channel] = channels;
    if (channel === undefined) throw new Error('there is no channel');
    const { writer, reader } = channel;
    t.equal(reader.pollAnnouncement(), undefined);
    for (let i = 0; i < 40; i++)
      writer.writeRecord({ id: i, text: 'some text that fills', raw: undefined }, i);
    t.equal(writer.hasRoom(), false, 'the ring is full, and the barrier waits on the heap');
    writer.writeBarrier(7, 123, true);
    const announcement = reader.pollAnnouncement();
    t.match(announcement, { checkpointId: 7, timestamp: 123, isSavepoint: true });
    t.equal(reader.pollAnnouncement(), undefined, 'once');
    let kind = reader.next();
    let records = 0;
    for (let round = 0; kind !== ElementKind.BARRIER && round < 10_000; round++) {
      if (kind === ElementKind.RECORD) records++;
      else writer.flush();
      kind = reader.next();
    }
    t.equal(records, 40);
    t.equal(reader.checkpointId, 7);
    const segmentsBefore = producerBell.ticket();
    t.ok(segmentsBefore > 2);
    t.equal(announcement?.ringPosition, (2 ** 32 - 1 + segmentsBefore) >>> 0);
  },
);

t.test(
  'room that has come back is seen while something waits on the heap: nobody would ring for it again',
  async (t) => {
    const { channels } = makeWorld({
      channels: 1,
      segmentBytes: 256,
      exclusive: 1,
      floating: 0,
      startPosition: 0,
      carried: 'compiled',
    });
    const [channel] = channels;
    if (channel === undefined) throw new Error('there is no channel');
    const { writer, reader } = channel;
    let written = 0;
    do writer.writeRecord({ id: written++, text: 'some text that fills', raw: undefined }, 0);
    while (writer.hasRoom());
    writer.writeRecord({ id: written++, text: 'on the heap', raw: undefined }, 0);
    while (reader.next() !== ElementKind.NONE);
    t.ok(writer.hasRoom());
  },
);
