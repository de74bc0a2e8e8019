import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { ByteReader } from '../../core/serde/byte-reader.js';
import { ByteWriter } from '../../core/serde/byte-writer.js';
import { interpretedCodec } from '../../core/serde/interpreted-codec.js';
import type { RecordCodec } from '../../core/serde/record-codec.js';
import { compiledCodec } from '../../memory/compiled-codec.js';
import { DynamicCodec } from '../../memory/dynamic-codec.js';
import { check } from '../check.js';
import { typedValue, typedValueList } from './typed-values.js';

const dynamic = new DynamicCodec();

/** A writer that is pointed into shared memory, with so much room there. */
function sharedWriter(room: number): ByteWriter {
  const out = new ByteWriter();
  const memory = new SharedArrayBuffer(64 + room);
  out.pointAt(new Uint8Array(memory), new DataView(memory), 64, 64 + room);
  return out;
}

function writtenBytes(out: ByteWriter): Buffer {
  return Buffer.from(out.bytes.slice(out.mark, out.position));
}

/** Any failure of a codec, told by its code. */
function outcome(run: () => unknown): unknown {
  try {
    return { value: run() };
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === undefined) throw error;
    return { code };
  }
}

t.test('the compiled codec writes the bytes of the interpreted one, wherever it writes to', async () => {
  await check(
    'compiled = interpreted',
    fc.property(typedValueList, fc.nat({ max: 600 }), ([type, values], room) => {
      const interpreted = interpretedCodec(type);
      const compiled = compiledCodec(type, dynamic);
      const expected = new ByteWriter(16);
      const out = sharedWriter(room);
      for (const value of values) {
        interpreted.encode(value, expected);
        compiled.encode(value, out);
      }
      if (!writtenBytes(out).equals(writtenBytes(expected))) {
        throw new Error(
          `${writtenBytes(out).toString('hex')} is not ${writtenBytes(expected).toString('hex')}`,
        );
      }
    }),
    { runs: 500 },
  );
});

t.test('the compiled codec reads from shared memory what the interpreted one wrote', async () => {
  await check(
    'compiled decode',
    fc.property(typedValueList, ([type, values]) => {
      const bytes = encodeAll(interpretedCodec(type), values);
      const compiled = compiledCodec(type, dynamic);
      const input = new ByteReader(bytes);
      for (const value of values) {
        const decoded = compiled.decode(input);
        if (!isDeepStrictEqual(decoded, value)) throw new Error(`decoded ${fc.stringify(decoded)}`);
      }
      return input.position === bytes.length;
    }),
    { runs: 500 },
  );
});

t.test('of broken bytes both codecs make the same, or refuse both', async () => {
  await check(
    'broken bytes',
    fc.property(typedValue, fc.nat(), fc.nat({ max: 255 }), fc.boolean(), ([type, value], at, byte, cut) => {
      const bytes = encodeAll(interpretedCodec(type), [value]);
      if (bytes.length === 0) return;
      const broken = bytes.slice(0, cut ? at % bytes.length : bytes.length);
      if (!cut) broken[at % bytes.length] = byte;
      const expected = outcome(() => interpretedCodec(type).decode(new ByteReader(broken)));
      const actual = outcome(() => compiledCodec(type, dynamic).decode(new ByteReader(broken)));
      // A text whose bytes are not UTF-8 is refused by one and repaired by the other.
      if (isDeepStrictEqual(actual, expected) || hasText(type)) return;
      throw new Error(`${fc.stringify(actual)} is not ${fc.stringify(expected)}`);
    }),
    { runs: 500 },
  );
});

t.test('a value of another type is refused by both codecs', async () => {
  await check(
    'refused values',
    fc.property(typedValue, typedValue, ([type], [, value]) => {
      const expected = outcome(() => [...encodeAll(interpretedCodec(type), [value])]);
      const actual = outcome(() => [...encodeAll(compiledCodec(type, dynamic), [value])]);
      if (!isDeepStrictEqual(actual, expected))
        throw new Error(`${fc.stringify(actual)}, ${fc.stringify(expected)}`);
    }),
    { runs: 500 },
  );
});

function encodeAll(codec: RecordCodec<unknown>, values: readonly unknown[]): Uint8Array {
  const out = sharedWriter(100_000);
  for (const value of values) codec.encode(value, out);
  return new Uint8Array(writtenBytes(out));
}

function hasText(type: { kind: string }): boolean {
  return JSON.stringify(type).includes('"string"');
}
