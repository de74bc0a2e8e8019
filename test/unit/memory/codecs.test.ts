import { execFileSync } from 'node:child_process';
import t from 'tap';
import { ByteReader } from '../../../core/serde/byte-reader.js';
import { ByteWriter } from '../../../core/serde/byte-writer.js';
import type { RecordCodec } from '../../../core/serde/record-codec.js';
import type { TypeDescriptor } from '../../../core/serde/type-descriptor.js';
import { types } from '../../../core/serde/types.js';
import { ThreadCodecFactory } from '../../../memory/codec-factory.js';
import { codecSource } from '../../../memory/codec-source.js';
import { compiledCodec } from '../../../memory/compiled-codec.js';
import { DynamicCodec } from '../../../memory/dynamic-codec.js';

const factory = new ThreadCodecFactory();

function roundTrip<T>(codec: RecordCodec<T>, value: T): T {
  const shared = new SharedArrayBuffer(100_000);
  const out = new ByteWriter();
  out.pointAt(new Uint8Array(shared), new DataView(shared), 8, shared.byteLength);
  codec.encode(value, out);
  const input = new ByteReader(new Uint8Array(shared));
  input.position = 8;
  input.limit = out.position;
  const decoded = codec.decode(input);
  if (input.position !== out.position) throw new Error('not read to the end');
  return decoded;
}

t.test('nothing but numbers, fixed words and JSON strings gets into generated code', async (t) => {
  const evil = `"];globalThis.owned = true;//\u2028\n\`\${globalThis.owned = true}`;
  const type = types.object({
    [evil]: types.string,
    u: types.union(evil, { [evil]: types.object({ [`${evil}x`]: types.int32 }) }),
  });
  const codec = compiledCodec(type as TypeDescriptor<unknown>, new DynamicCodec());
  const value = { [evil]: 'text', u: { [evil]: evil, [`${evil}x`]: 1 } };
  t.same(roundTrip(codec, value), value);
  t.equal((globalThis as { owned?: boolean }).owned, undefined);
  t.throws(() => compiledCodec({ kind: 'int32); owned = 1; (' } as never, new DynamicCodec()), {
    code: 'MR2001',
  });
  t.match(codecSource(types.array(types.string)).text, /function encode/);
});

t.test('fields of the same name in several variants keep their own types', async (t) => {
  const type = types.union('kind', {
    a: types.object({ v: types.array(types.int32) }),
    b: types.object({ v: types.array(types.string) }),
    c: types.object({ v: types.optional(types.map(types.string, types.bigint)) }),
  });
  const codec = factory.codecFor(type);
  t.same(roundTrip(codec, { kind: 'a', v: [1, -2] }), { kind: 'a', v: [1, -2] });
  t.same(roundTrip(codec, { kind: 'b', v: ['x'] }), { kind: 'b', v: ['x'] });
  const c = { kind: 'c' as const, v: new Map([['k', 2n ** 80n]]) };
  t.same(roundTrip(codec, c), c);
  t.throws(() => codec.encode({ kind: 'd' } as never, new ByteWriter()), {
    code: 'MR2002',
    hint: /'a', 'b', 'c'/,
  });
});

t.test('errors of the compiled codec name the field', async (t) => {
  const codec = factory.codecFor(
    types.object({ order: types.object({ lines: types.array(types.object({ price: types.int32 })) }) }),
  );
  const wrong = { order: { lines: [{ price: 1.5 }] } };
  t.throws(() => codec.encode(wrong, new ByteWriter()), {
    code: 'MR2002',
    message: /'order\.lines\[\]\.price'/,
  });
});

t.test('long texts of every form survive', async (t) => {
  const codec = factory.codecFor(types.string);
  for (const length of [0, 1, 24, 25, 28, 29, 31, 32, 1024, 1025, 4095, 4096, 5000]) {
    for (const unit of ['a', '\u007f', '\u0080', 'é', '€', '😀', '\ud83d', 'a\ude00']) {
      const text = unit.repeat(length);
      if (roundTrip(codec, text) !== text) t.fail(`${JSON.stringify(unit)} × ${length}`);
      const late = `${'a'.repeat(length)}${unit}`;
      if (roundTrip(codec, late) !== late) t.fail(`late ${JSON.stringify(unit)} × ${length}`);
    }
  }
});

t.test('undeclared values come back as structured clone would have them', async (t) => {
  const codec = factory.codecFor(types.dynamic());
  const values: unknown[] = [
    undefined,
    null,
    true,
    0,
    -1,
    1.5,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    2 ** 53,
    2 ** 60,
    'text',
    '€'.repeat(500),
    '',
    10n,
    -(2n ** 63n),
    2n ** 100n,
    [1, [2, [undefined]]],
    { a: 1, b: { c: 'x' }, d: undefined },
    new Map<unknown, unknown>([
      ['k', 1],
      [{ o: 1 }, new Set([1, 'a'])],
    ]),
    new Date(1_700_000_000_123),
    new Date(-1),
    new Float64Array([1.5, -0]),
    new Int32Array([7]),
    { toJSON: 1 },
  ];
  for (const value of values) t.strictSame(roundTrip(codec, value), value);
  t.same([...(roundTrip(codec, new Uint8Array([1, 2])) as Uint8Array)], [1, 2]);
});

t.test('an undeclared record may hold itself, and an instance becomes its fields', async (t) => {
  const codec = factory.codecFor(types.dynamic());
  const loop: { self?: unknown; twice: unknown[] } = { twice: [] };
  loop.self = loop;
  const shared = { n: 1 };
  loop.twice.push(shared, shared);
  const back = roundTrip(codec, loop) as typeof loop;
  t.equal(back.self, back);
  t.equal(back.twice[0], back.twice[1]);
  class Point {
    x = 1;
    toJSON() {
      return 'other';
    }
  }
  t.strictSame(roundTrip(codec, new Point()), { x: 1 });
});

t.test('what an undeclared record returns does not point into reused memory', async (t) => {
  const codec = new DynamicCodec();
  const first = roundTrip(codec, { bytes: new Uint8Array([1, 2, 3]), floats: new Float64Array([1.5]) }) as {
    bytes: Uint8Array;
    floats: Float64Array;
  };
  roundTrip(codec, { bytes: new Uint8Array([9, 9, 9]), floats: new Float64Array([9.5]) });
  t.same([...first.bytes], [1, 2, 3]);
  t.same([...first.floats], [1.5]);
});

t.test('the records of a frame are those that were added, whatever became of them since', async (t) => {
  const codec = new DynamicCodec();
  const frame = codec.newFrame();
  for (let round = 0; round < 3; round++) {
    const reused = { id: 0, tags: ['a'], when: new Date(0) };
    const shared = { deep: 1 };
    const other = { id: 1, x: { y: 1n } };
    for (let i = 0; i < 100; i++) {
      reused.id = i;
      frame.add(reused);
      frame.add(other);
      frame.add([shared, i]);
    }
    const memory = new Uint8Array(new SharedArrayBuffer(frame.length + 10));
    memory.set(frame.bytes.subarray(0, frame.length), 10);
    const values = codec.decodeFrame(memory, 10, frame.length, frame.count);
    t.equal(values.length, 300);
    t.strictSame(values[3 * 42], { id: 42, tags: ['a'], when: new Date(0) });
    t.strictSame(values[3 * 42 + 1], other);
    t.strictSame(values[3 * 42 + 2], [shared, 42]);
    t.not((values[2] as unknown[])[0], (values[5] as unknown[])[0], 'records share nothing');
    // Each frame is read by someone who has seen none before.
    t.strictSame(new DynamicCodec().decodeFrame(memory, 10, frame.length, frame.count).length, 300);
    frame.clear();
  }
});

t.test('more shapes of records than a frame can name are carried nevertheless', async (t) => {
  const codec = new DynamicCodec();
  const frame = codec.newFrame();
  const records = Array.from({ length: 500 }, (_, i) => ({
    [`f${i}`]: i,
    [`g${i % 7}`]: [{ [`h${i}`]: 'x' }],
  }));
  for (const record of records) frame.add(record);
  t.strictSame(codec.decodeFrame(frame.bytes, 0, frame.length, 500), records);
});

t.test('what cannot be carried is refused, and what cannot be read too', async (t) => {
  const codec = new DynamicCodec();
  t.throws(() => codec.encode(() => 1, new ByteWriter()), { code: 'MR2002' });
  t.throws(() => codec.encode({ f: () => 1 }, new ByteWriter()), { code: 'MR2002' });
  t.throws(() => codec.encode(Symbol('s'), new ByteWriter()), { code: 'MR2002' });
  t.throws(() => codec.decode(new ByteReader(new Uint8Array([5, 0xc1]))), { code: 'MR2003' });
  t.throws(() => codec.decode(new ByteReader(new Uint8Array([2, 0x92, 0x01]))), { code: 'MR2003' });
  t.throws(() => codec.decodeFrame(new Uint8Array([1, 2]), 0, 2, 3), { code: 'MR2003' });
});

t.test('where code from strings is forbidden, the interpreted codec serves', async (t) => {
  const script = `
    import { ByteWriter } from ${JSON.stringify(new URL('../../../core/serde/byte-writer.js', import.meta.url).href)};
    import { types } from ${JSON.stringify(new URL('../../../core/serde/types.js', import.meta.url).href)};
    import { ThreadCodecFactory } from ${JSON.stringify(new URL('../../../memory/codec-factory.js', import.meta.url).href)};
    const out = new ByteWriter();
    new ThreadCodecFactory().codecFor(types.object({ a: types.string, b: types.dynamic() })).encode({ a: 'x', b: [1, { c: 2 }] }, out);
    console.log(out.position);`;
  const text = execFileSync(
    process.execPath,
    ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  );
  t.ok(Number(text) > 5, text);
});
