import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { ByteReader } from '../../core/serde/byte-reader.js';
import { ByteWriter } from '../../core/serde/byte-writer.js';
import { interpretedCodec } from '../../core/serde/interpreted-codec.js';
import { fromJson, toJson } from '../../core/serde/json-conversion.js';
import { types } from '../../core/serde/types.js';
import { check } from '../check.js';
import { typedValue, typedValueList } from './typed-values.js';

t.test('the interpreted codec gives back what it was given, value after value', async () => {
  await check(
    'interpreted round trip',
    fc.property(typedValueList, fc.integer({ min: 1, max: 64 }), ([type, values], initialBytes) => {
      const codec = interpretedCodec(type);
      const out = new ByteWriter(initialBytes);
      for (const value of values) codec.encode(value, out);
      const input = new ByteReader(out.bytes);
      input.limit = out.position;
      for (const value of values) {
        const decoded = codec.decode(input);
        if (!isDeepStrictEqual(decoded, value)) throw new Error(`decoded ${fc.stringify(decoded)}`);
      }
      return input.position === out.position;
    }),
    { runs: 300 },
  );
});

t.test('cut off bytes are refused and never believed', async () => {
  await check(
    'truncation',
    fc.property(
      typedValue,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      ([type, value], part) => {
        const codec = interpretedCodec(type);
        const out = new ByteWriter();
        codec.encode(value, out);
        const input = new ByteReader(out.bytes);
        input.limit = Math.floor(out.position * part);
        if (input.limit === out.position) return;
        try {
          codec.decode(input);
        } catch (error) {
          if ((error as { code?: string }).code === 'MR2003') return;
          throw error;
        }
        throw new Error('decoded what was not there');
      },
    ),
    { runs: 300 },
  );
});

t.test('a value survives JSON', async () => {
  await check(
    'JSON round trip',
    fc.property(typedValue, ([type, value]) => {
      const text = JSON.stringify(toJson(type, value)) as string | undefined;
      const back = fromJson(type, text === undefined ? undefined : JSON.parse(text));
      if (!isDeepStrictEqual(withoutNegativeZero(back), withoutNegativeZero(value))) {
        throw new Error(`became ${fc.stringify(back)}`);
      }
    }),
    { runs: 300 },
  );
});

/** JSON has no -0. */
function withoutNegativeZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (value instanceof Map)
    return new Map([...value].map(([k, v]) => [withoutNegativeZero(k), withoutNegativeZero(v)]));
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, withoutNegativeZero(v)]));
}

t.test('a value of another type is refused by the name of its field', async (t) => {
  const codec = interpretedCodec(
    types.object({ order: types.object({ lines: types.array(types.object({ price: types.int32 })) }) }),
  );
  const wrong = { order: { lines: [{ price: 1.5 }] } };
  t.throws(() => codec.encode(wrong, new ByteWriter()), {
    code: 'MR2002',
    message: /'order\.lines\[\]\.price'/,
  });
  t.throws(() => codec.encode({ order: { lines: 'x' } } as never, new ByteWriter()), { code: 'MR2002' });
  t.throws(() => interpretedCodec(types.dynamic()), { code: 'MR2001' });
});
