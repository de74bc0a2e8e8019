import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { LookAheadReader } from '../../../actors/task/look-ahead-reader.js';
import { ElementKind } from '../../../core/element/element-kind.js';
import type { RecordCodec } from '../../../core/serde/record-codec.js';
import { types } from '../../../core/serde/types.js';
import { compiledCodec } from '../../../memory/compiled-codec.js';
import { DynamicCodec } from '../../../memory/dynamic-codec.js';
import { ElementReader } from '../../../memory/element-reader.js';
import { RecordedSegments } from '../../../memory/segment-queue.js';
import { SegmentReader } from '../../../memory/segment-reader.js';
import { check } from '../../check.js';
import { oneThreadChannels } from '../../one-thread-channels.js';

type Step =
  | { readonly do: 'record'; readonly value: number }
  | { readonly do: 'watermark'; readonly time: number }
  | { readonly do: 'barrier'; readonly id: number }
  | { readonly do: 'read'; readonly count: number }
  /** Whether the input wants to look ahead from now on. */
  | { readonly do: 'want'; readonly ahead: boolean };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.record({ do: fc.constant('record' as const), value: fc.integer() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('watermark' as const), time: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('barrier' as const), id: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), count: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('want' as const), ahead: fc.boolean() }) },
  ),
  { maxLength: 200 },
);

const CODEC = compiledCodec(types.float64, new DynamicCodec()) as never as RecordCodec<unknown>;

/** A channel that is read by way of a {@link LookAheadReader}; what was written, read and shown. */
function world([channel] = oneThreadChannels(1, 64)) {
  if (channel === undefined) throw new Error('no channel');
  const shown: unknown[] = [];
  const input = {
    wantsLookAhead: true,
    lookAhead: (values: readonly unknown[], count: number) => shown.push(...values.slice(0, count)),
    processElement: () => {},
    processWatermark: () => {},
    processIdle: () => {},
    processActive: () => {},
  };
  return { writer: channel.writer, reader: new LookAheadReader(channel.reader, input), input, shown };
}

/** Reads up to `count` elements. */
function read(
  reader: Pick<LookAheadReader, 'next' | 'value' | 'timestamp' | 'checkpointId' | 'isSavepoint'>,
  count: number,
): string[] {
  const elements: string[] = [];
  while (elements.length < count) {
    const kind = reader.next();
    if (kind === ElementKind.NONE) break;
    if (kind === ElementKind.RECORD) elements.push(`record ${String(reader.value)} at ${reader.timestamp}`);
    else if (kind === ElementKind.WATERMARK) elements.push(`watermark ${reader.timestamp}`);
    else elements.push(`barrier ${reader.checkpointId} ${reader.isSavepoint}`);
  }
  return elements;
}

t.test('elements come as they were written, whatever is looked at ahead, and whenever', async () => {
  await check(
    'elements looked at ahead',
    fc.property(steps, (script) => {
      const { writer, reader, input, shown } = world();
      const written: string[] = [];
      const taken: string[] = [];
      for (const step of script) {
        switch (step.do) {
          case 'record':
            writer.writeRecord(step.value, step.value / 2);
            written.push(`record ${step.value} at ${step.value / 2}`);
            break;
          case 'watermark':
            writer.writeWatermark(step.time);
            written.push(`watermark ${step.time}`);
            break;
          case 'barrier':
            writer.writeBarrier(step.id, 7, true);
            written.push(`barrier ${step.id} true`);
            break;
          case 'read':
            writer.flush();
            taken.push(...read(reader, step.count));
            break;
          case 'want':
            input.wantsLookAhead = step.ahead;
        }
      }
      writer.flush();
      taken.push(...read(reader, Number.POSITIVE_INFINITY));
      assert.deepEqual(taken, written);
      assert.equal(reader.hasData(), false);
      const records = written.filter((element) => element.startsWith('record')).length;
      assert.ok(shown.length <= records, 'no record is shown twice');
    }),
  );
});

t.test(
  'records are shown together, before the first of them is delivered, and up to the next event',
  async (t) => {
    const { writer, reader, shown } = world();
    for (let i = 0; i < 5; i++) writer.writeRecord(i, 0);
    writer.writeWatermark(9);
    writer.writeRecord(5, 0);
    writer.writeRecord(6, 0);
    writer.flush();
    t.equal(reader.next(), ElementKind.RECORD);
    t.equal(reader.value, 0);
    t.same(shown, [0, 1, 2, 3, 4]);
    t.same(read(reader, 4).length, 4);
    t.ok(reader.hasData(), 'the watermark has been taken, and not been returned');
    t.same(read(reader, 2), ['watermark 9', 'record 5 at 0']);
    t.same(shown, [0, 1, 2, 3, 4, 5, 6]);
  },
);

t.test('a record that comes alone is not shown', async (t) => {
  const { writer, reader, shown } = world();
  writer.writeRecord(1, 0);
  writer.flush();
  t.same(read(reader, 9), ['record 1 at 0']);
  t.same(shown, []);
});

t.test('a recording holds what was taken ahead, in its order', async () => {
  await check(
    'recorded while looking ahead',
    fc.property(
      fc.nat(300),
      fc.nat(300),
      fc.nat(100),
      fc.boolean(),
      (before, behind, taken, barrierFirst) => {
        const { writer, reader } = world();
        for (let i = 0; i < before; i++) {
          if (i % 37 === 36) writer.writeWatermark(i);
          else writer.writeRecord(i, i % 5 === 0 ? i : Number.MIN_SAFE_INTEGER);
        }
        if (barrierFirst) writer.writeBarrier(7, 1, false);
        writer.flush();
        const expected = Array.from({ length: before }, (_, i) => i).slice(Math.min(taken, before));
        read(reader, Math.min(taken, before));
        const pieces: Uint8Array[] = [];
        reader.beginRecording(7, (piece) => pieces.push(piece));
        if (!barrierFirst) writer.writeBarrier(7, 1, false);
        for (let i = 0; i < behind; i++) writer.writeRecord(i, 0);
        writer.flush();
        assert.ok(reader.record());
        const segments = new SegmentReader(new RecordedSegments(pieces));
        const recorded = read(new ElementReader(segments, CODEC), 1000).filter(
          (each) => !each.startsWith('barrier'),
        );
        assert.deepEqual(
          recorded.map((each) => Number(each.split(' ')[1])),
          expected,
        );
      },
    ),
    { runs: 300 },
  );
});
