import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { LookAheadReader } from '../../../actors/task/look-ahead-reader.js';
import { ElementKind } from '../../../core/element/element-kind.js';
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

/** A channel that is read by way of a {@link LookAheadReader}; what was written, read and shown. */
function world() {
  const [channel] = oneThreadChannels(1, 64);
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
function read(reader: LookAheadReader, count: number): string[] {
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
