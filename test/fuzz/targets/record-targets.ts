import { isDeepStrictEqual } from 'node:util';
import {
  ElementKind,
  isMillraceError,
  type RecordCodec,
  type TypeDescriptor,
  types,
} from '../../../core/internal.js';
import { ByteReader } from '../../../core/serde/byte-reader.js';
import { ByteWriter } from '../../../core/serde/byte-writer.js';
import { interpretedCodec } from '../../../core/serde/interpreted-codec.js';
import { decodeKey } from '../../../core/serde/key-decoding.js';
import { encodeKey } from '../../../core/serde/key-encoding.js';
import { compiledCodec } from '../../../memory/compiled-codec.js';
import { DynamicCodec } from '../../../memory/dynamic-codec.js';
import { ElementReader } from '../../../memory/element-reader.js';
import { RecordedSegments, SegmentReader } from '../../../memory/index.js';
import { declaredTypes, rowOf } from '../../golden/golden-types.js';
import { areSame, type FuzzTarget, found } from '../fuzz-target.js';

const dynamic = new DynamicCodec();

/** Each with values of it. */
const TYPED: readonly (readonly [TypeDescriptor<unknown>, readonly unknown[]])[] = [
  [declaredTypes('stored').row, [rowOf(1), rowOf(2)]],
  [
    types.map(types.float64, types.array(types.optional(types.string))),
    [new Map([[0.5, ['a', undefined, 'ÿ\ud800']]])],
  ],
  [types.bigint, [0n, -1n, 2n ** 200n]],
  [types.array(types.object({ a: types.void, b: types.optional(types.boolean) })), [[{ b: true }, {}]]],
  [
    types.union('t', { a: types.object({ text: types.string }), b: types.object({ bytes: types.bytes }) }),
    [
      { t: 'a', text: 'é😀' },
      { t: 'b', bytes: Uint8Array.of(1, 2) },
    ],
  ],
] as readonly (readonly [TypeDescriptor<unknown>, readonly unknown[]])[];

/** The first byte tells which type the rest is a record of. */
const records: FuzzTarget = {
  name: 'record',
  refusals: ['MR2003'],
  seeds: async () =>
    TYPED.flatMap(([type, values], number) =>
      values.map((value) => Uint8Array.of(number, ...encodedBy(compiledCodec(type, dynamic), value))),
    ),
  read(bytes) {
    const [type] = TYPED[(bytes[0] ?? 0) % TYPED.length] ?? [];
    if (type === undefined) return;
    const record = bytes.subarray(1);
    const compiled = outcomeOf(compiledCodec(type, dynamic), record);
    const interpreted = outcomeOf(interpretedCodec(type, dynamic), record);
    // The compiled one does not look at each byte of a text, which checksums have vouched for.
    if (interpreted.error === undefined) {
      if (compiled.error !== undefined) throw compiled.error;
      if (!isDeepStrictEqual(compiled.value, interpreted.value) || compiled.end !== interpreted.end)
        found('two codecs read two values');
    }
    if (compiled.error !== undefined) throw compiled.error;
    const again = encodedBy(compiledCodec(type, dynamic), compiled.value);
    const twice = outcomeOf(compiledCodec(type, dynamic), again);
    if (twice.error !== undefined)
      throw new Error('what was read cannot be read again', { cause: twice.error });
    if (!isDeepStrictEqual(twice.value, compiled.value)) found('what was read becomes something else');
  },
};

interface Outcome {
  readonly value?: unknown;
  readonly end?: number;
  readonly error?: unknown;
}

function outcomeOf(codec: RecordCodec<unknown>, bytes: Uint8Array): Outcome {
  const input = new ByteReader(bytes);
  try {
    const value = codec.decode(input);
    if (input.position > bytes.length) found('bytes were read that are not there', input.position);
    return { value, end: input.position };
  } catch (error) {
    if (isMillraceError(error) && error.code === 'MR2003') return { error };
    throw error;
  }
}

function encodedBy(codec: RecordCodec<unknown>, value: unknown): Uint8Array {
  const out = new ByteWriter();
  codec.encode(value, out);
  return out.bytes.slice(0, out.position);
}

const SHARED = { once: 1 };

const undeclared: FuzzTarget = {
  name: 'undeclared-record',
  refusals: ['MR2003'],
  seeds: async () =>
    [
      { a: 1, b: [true, null, 'é'], c: { d: 2.5, e: 10n ** 30n } },
      [
        new Map<unknown, unknown>([['k', new Set([1, 2])]]),
        new Date(5),
        /x/g,
        new Float64Array(2),
        SHARED,
        SHARED,
      ],
      'a text that is longer than all those short ones that are read in some other way, by far',
    ].map((value) => encodedBy(dynamic, value)),
  read(bytes) {
    dynamic.decode(new ByteReader(bytes));
  },
};

const frame: FuzzTarget = {
  name: 'record-frame',
  refusals: ['MR2003'],
  seeds: async () => {
    const builder = dynamic.newFrame();
    for (let n = 0; n < 5; n++) builder.add({ n, text: `text ${n}`, more: [n] });
    return [Uint8Array.of(5, ...builder.bytes.subarray(0, builder.length))];
  },
  read(bytes) {
    const count = bytes[0] ?? 0;
    const values = dynamic.decodeFrame(bytes, 1, Math.max(0, bytes.length - 1), count);
    if (values.length !== count) found('other records than were counted', values.length);
  },
};

const keys: FuzzTarget = {
  name: 'key',
  refusals: ['MR2003'],
  seeds: async () =>
    [
      { id: 1, name: 'n\u0000\u0001', inner: [undefined, null, true, false] },
      [0, -1, 0.5, -0.25, 2 ** 40, -(2 ** 40), Number.NaN, Number.POSITIVE_INFINITY],
      [0n, 1n, -1n, 10n ** 400n, -(10n ** 400n)],
      ['', 'é😀', '\ud800', Uint8Array.of(0, 1, 2, 255)],
    ].map((key) => keyBytes(key)),
  read(bytes) {
    const input = new ByteReader(bytes);
    const key = decodeKey(input);
    if (!areSame(keyBytes(key), bytes.subarray(0, input.position)))
      found('other bytes say the same key', key);
  },
};

function keyBytes(key: unknown): Uint8Array {
  const out = new ByteWriter();
  encodeKey(key, out);
  return out.bytes.slice(0, out.position);
}

const texts = types.object({ a: types.string, n: types.float64 }) as TypeDescriptor<unknown>;

/** What lay in a channel when a checkpoint was taken: the first byte tells whose records they are, and how they lie. */
const elements: FuzzTarget = {
  name: 'in-flight-elements',
  refusals: ['MR2003'],
  seeds: async () => [
    // A watermark, an idle mark and its end, a barrier; then two records, and a block of one row.
    Uint8Array.from([0, ...tagged(ElementKind.WATERMARK, 8), ElementKind.IDLE, ElementKind.ACTIVE]),
    Uint8Array.from([0, ...tagged(ElementKind.BARRIER, 17), ...tagged(ElementKind.LATENCY_MARKER, 14)]),
    Uint8Array.from([0, ...recordOf('a', 1), ...recordOf('é', 2), ElementKind.END_OF_DATA]),
    Uint8Array.from([0, ElementKind.RECORD | 0x80, 0, 18, 0, 0, 0, 2, 0, 0, 0, ...rowOfTwo(), 0x78, 0x79]),
    Uint8Array.from([0, ElementKind.RECORD | 0x40, 21, 0, 0, 0, ...recordOf('abc', 3)]),
    Uint8Array.from([1, ElementKind.RECORD | 0x20, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x91, 5]),
  ],
  read(bytes) {
    const codec = (bytes[0] ?? 0) % 2 === 0 ? compiledCodec(texts, dynamic) : dynamic;
    const middle = 1 + ((bytes[0] ?? 0) >>> 1);
    const pieces = [bytes.slice(1, middle), bytes.slice(middle)].filter((piece) => piece.length > 0);
    const reader = new ElementReader(new SegmentReader(new RecordedSegments(pieces)), codec);
    for (let left = bytes.length + 1; reader.next() !== ElementKind.NONE; left--)
      if (left === 0) found('more elements than bytes');
  },
};

function tagged(tag: number, bytes: number): number[] {
  return [tag, ...new Array<number>(bytes).fill(0)];
}

function recordOf(a: string, n: number): number[] {
  return [...tagged(ElementKind.RECORD, 8), ...encodedBy(compiledCodec(texts, dynamic), { a, n })];
}

function rowOfTwo(): number[] {
  return [...tagged(ElementKind.RECORD, 8), 2, 0, 0, 0, 0, 0, 0, 0, 0];
}

export const RECORD_TARGETS: readonly FuzzTarget[] = [records, undeclared, frame, keys, elements];
