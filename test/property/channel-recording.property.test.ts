import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { ElementKind } from '../../core/element/element-kind.js';
import { ElementReader } from '../../memory/element-reader.js';
import { RecordedSegments } from '../../memory/segment-queue.js';
import { SegmentReader } from '../../memory/segment-reader.js';
import { check } from '../check.js';
import { codecOf, type Element, element, makeWorld, read, write } from './channel-world.js';

/** Of the checkpoint that is recorded; drawn barriers have others. */
const CHECKPOINT = 2 ** 40;

type Step =
  | { readonly do: 'write'; readonly element: Element }
  | { readonly do: 'flush' | 'drain' | 'record' }
  | { readonly do: 'read'; readonly count: number };

/** Of IN_FLIGHT_FORMAT 1, and of 2 without latency markers: the rest of a block, and two segments. */
const FORMAT_1: readonly string[] = [
  '810119000000160000000100000000000018400002000000051101030000000602010270006c00610069006e' +
    '00770069006400650020003604',
  `020000000000001c400304413c0100000100000000000020400004000000b009${'79'.repeat(122)}`,
  `${'79'.repeat(178)}06`,
];

const ordinary = element.filter(([kind]) => kind !== ElementKind.END_OF_PARTITION);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), element: ordinary }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'drain' as const, 'record' as const) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('read' as const), count: fc.integer({ min: 1, max: 30 }) }),
  },
);
const steps = fc.array(step, { maxLength: 60, size: 'max' });
/** A newer checkpoint would end the recording. */
const withoutBarriers = fc.array(
  step.filter((one) => one.do !== 'write' || one.element[0] !== ElementKind.BARRIER),
  { maxLength: 60, size: 'max' },
);

const world = fc.record({
  channels: fc.constant(1),
  segmentBytes: fc.constantFrom(256, 264, 512, 4096),
  exclusive: fc.integer({ min: 1, max: 2 }),
  floating: fc.integer({ min: 0, max: 5 }),
  carried: fc.constantFrom('interpreted' as const, 'compiled' as const, 'undeclared' as const),
  startPosition: fc.constantFrom(0, 2 ** 32 - 1, 2 ** 31 - 2),
  /** Before the recording begins, before the barrier is written, and after it. */
  phases: fc.tuple(steps, withoutBarriers, withoutBarriers),
  /** The barrier is there before the recording begins, or the channel ends without one. */
  order: fc.constantFrom('recording first' as const, 'barrier first' as const, 'no barrier' as const),
});

t.test(
  '[scenario 11] what is recorded of a channel is what comes before the barrier, whoever is ahead',
  async () => {
    await check(
      'channel recording',
      fc.property(world, (plan) => {
        const [channel] = makeWorld(plan).channels;
        if (channel === undefined) throw new Error('no channel');
        const { writer, reader } = channel;
        const pieces: Uint8Array[] = [];
        const expected: Element[] = [];
        let recording = false;
        let isRecorded = false;
        let passed = false;
        const readOne = (): boolean => {
          const taken = read(reader);
          if (taken === undefined) return false;
          if (taken[0] === ElementKind.BARRIER && taken[1] === CHECKPOINT) passed = true;
          else if (taken[0] === ElementKind.END_OF_PARTITION) passed = true;
          else if (recording && !passed) expected.push(taken);
          return true;
        };
        const perform = (drawn: readonly Step[]): void => {
          for (const one of drawn) {
            if (one.do === 'write') write(writer, one.element);
            else if (one.do === 'flush') writer.flush();
            else if (one.do === 'drain') writer.drainOverflow();
            else if (one.do === 'record') isRecorded ||= recording && reader.record();
            else if (one.do === 'read') for (let left = one.count; left > 0 && readOne(); left--);
          }
        };
        const begin = (): void => {
          if (passed) return;
          recording = true;
          reader.beginRecording(CHECKPOINT, (piece) => pieces.push(piece));
        };
        const finish = (): void => {
          if (plan.order === 'no barrier') writer.writeEndOfPartition();
          else writer.writeBarrier(CHECKPOINT, 1, false);
        };
        const [first, second, third] = plan.phases;
        perform(first);
        if (plan.order === 'barrier first') finish();
        else begin();
        perform(second);
        if (plan.order === 'barrier first') begin();
        else finish();
        if (plan.order !== 'no barrier') perform(third);
        for (let round = 0; recording && !(isRecorded && passed); round++) {
          if (round > 5000) throw new Error('stuck');
          writer.drainOverflow();
          writer.flush();
          isRecorded ||= reader.record();
          readOne();
        }
        const again = new ElementReader(new SegmentReader(new RecordedSegments(pieces)), codecOf(plan));
        const recorded: Element[] = [];
        for (let one = read(again); one !== undefined; one = read(again)) recorded.push(one);
        if (!isDeepStrictEqual(recorded, expected))
          throw new Error(`recorded ${JSON.stringify(recorded)}, came ${JSON.stringify(expected)}`);
      }),
      { runs: 400 },
    );
  },
);

t.test('a barrier that finds no room is recorded up to while nobody reads', async (t) => {
  const plan = {
    channels: 1,
    segmentBytes: 256,
    exclusive: 2,
    floating: 0,
    carried: 'compiled' as const,
    startPosition: 0,
  };
  const [channel] = makeWorld(plan).channels;
  if (channel === undefined) throw new Error('there is no channel');
  const { writer, reader } = channel;
  let written = 0;
  do writer.writeRecord({ id: written++, text: 'some text that fills', raw: undefined }, 0);
  while (writer.hasRoom());
  writer.writeBarrier(7, 123, false);
  t.ok(writer.hasUnflushed, 'it waits on the heap');
  const pieces: Uint8Array[] = [];
  reader.beginRecording(7, (piece) => pieces.push(piece));
  t.ok(reader.record());
  const again = new ElementReader(new SegmentReader(new RecordedSegments(pieces)), codecOf(plan));
  for (let i = 0; i < written; i++) t.equal(again.next(), ElementKind.RECORD);
  t.equal(again.next(), ElementKind.NONE);
});

t.test('what checkpoints hold of channels does not change by accident', async (t) => {
  const plan = {
    channels: 1,
    segmentBytes: 256,
    exclusive: 8,
    floating: 0,
    carried: 'compiled' as const,
    startPosition: 0,
  };
  const [channel] = makeWorld(plan).channels;
  if (channel === undefined) throw new Error('there is no channel');
  const { writer, reader } = channel;
  const elements: Element[] = [
    [ElementKind.RECORD, { id: 1, text: 'left behind', raw: undefined }, 5],
    [ElementKind.RECORD, { id: 2, text: 'plain', raw: undefined }, 6],
    [ElementKind.RECORD, { id: 3, text: 'wide ж', raw: new Uint8Array([1, 2]) }, Number.MIN_SAFE_INTEGER],
    [ElementKind.WATERMARK, 7],
    [ElementKind.IDLE],
    [ElementKind.ACTIVE],
    [ElementKind.RECORD, { id: 4, text: 'y'.repeat(300), raw: undefined }, 8],
    [ElementKind.END_OF_DATA],
  ];
  for (const each of elements) write(writer, each);
  writer.writeBarrier(7, 123, false);
  writer.flush();
  read(reader);
  const pieces: Uint8Array[] = [];
  reader.beginRecording(7, (piece) => pieces.push(piece));
  t.strictSame(
    pieces.map((piece) => Buffer.from(piece).toString('hex')),
    FORMAT_1,
  );
  const kept = FORMAT_1.map((piece) => new Uint8Array(Buffer.from(piece, 'hex')));
  const again = new ElementReader(new SegmentReader(new RecordedSegments(kept)), codecOf(plan));
  const recorded: Element[] = [];
  for (let one = read(again); one !== undefined; one = read(again)) recorded.push(one);
  t.same(recorded, elements.slice(1));
});
