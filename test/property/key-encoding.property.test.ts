import fc from 'fast-check';
import t from 'tap';
import { decodeUtf8, encodeUtf8, utf8Length } from '../../core/base/utf8.js';
import { javaHashCode } from '../../core/graph/key-group.js';
import { ByteReader } from '../../core/serde/byte-reader.js';
import { ByteWriter } from '../../core/serde/byte-writer.js';
import { decodeKey } from '../../core/serde/key-decoding.js';
import { encodeKey } from '../../core/serde/key-encoding.js';
import { check } from '../check.js';

function encoded(key: unknown): Uint8Array {
  const out = new ByteWriter(4);
  encodeKey(key, out);
  return out.bytes.slice(0, out.position);
}

const number = fc.oneof(
  fc.integer(),
  fc.integer({ min: -3, max: 3 }),
  fc.double(),
  fc.double({ min: -3, max: 3 }),
  fc.constantFrom(
    -(2 ** 31) - 1,
    -(2 ** 31) - 0.5,
    -(2 ** 31),
    -(2 ** 31) + 0.5,
    2 ** 31 - 1,
    2 ** 31 - 0.5,
    2 ** 31,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    -0,
    5e-324,
    -5e-324,
  ),
);
const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      '\0',
      '\u0001',
      '\u0002',
      'a',
      '\u007f',
      '\u0080',
      'é',
      '€',
      '\ud83d',
      '\ude00',
      '😀',
    ),
  }),
  fc.string({ unit: 'binary' }),
);
const bigint = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 1000n), max: 2n ** 1000n }),
  fc.bigInt({ min: -300n, max: 300n }),
);
const bytes = fc.oneof(
  fc.uint8Array(),
  fc.array(fc.integer({ min: 0, max: 3 })).map((a) => Uint8Array.from(a)),
);
const key = fc.letrec((tie) => ({
  key: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    text,
    bigint,
    bytes,
    fc.constantFrom(undefined, null, true, false),
    fc.array(tie('key'), { maxLength: 4 }),
    fc.dictionary(text, tie('key'), { maxKeys: 4 }),
  ),
})).key;

/** The order that the encoding promises, written from its description and not from its bytes. */
function compare(a: unknown, b: unknown): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return Math.sign(rank);
  if (typeof a === 'number') return compareNumbers(a, b as number);
  if (typeof a === 'bigint') return a < (b as bigint) ? -1 : a > (b as bigint) ? 1 : 0;
  if (typeof a === 'string') return compareLists([...a].map(pointOf), [...(b as string)].map(pointOf));
  if (a instanceof Uint8Array) return compareLists([...a], [...(b as Uint8Array)]);
  if (Array.isArray(a)) return compareLists(a, b as unknown[]);
  if (typeof a === 'object' && a !== null) return compareLists(flat(a), flat(b as object));
  return 0;
}

function rankOf(key: unknown): number {
  if (key === undefined) return 0;
  if (key === null) return 1;
  if (typeof key === 'boolean') return key ? 3 : 2;
  const kinds = ['number', 'bigint', 'string'];
  if (kinds.includes(typeof key)) return 4 + kinds.indexOf(typeof key);
  return key instanceof Uint8Array ? 7 : Array.isArray(key) ? 8 : 9;
}

function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compare(a[i], b[i]);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

const pointOf = (char: string) => char.codePointAt(0) ?? 0;

function flat(object: object): unknown[] {
  const fields = Object.entries(object).filter(([, value]) => value !== undefined);
  return fields.sort(([x], [y]) => (x < y ? -1 : 1)).flat();
}

t.test('the order of the bytes is the order of the keys', async () => {
  await check(
    'key order',
    fc.property(key, key, (a, b) => {
      const order = Math.sign(Buffer.compare(encoded(a), encoded(b)));
      if (order !== compare(a, b)) throw new Error(`bytes say ${order}, keys ${compare(a, b)}`);
    }),
    { runs: 3000 },
  );
  await check(
    'number order',
    fc.property(
      number,
      number,
      (a, b) => Math.sign(Buffer.compare(encoded(a), encoded(b))) === compareNumbers(a, b),
    ),
    { runs: 3000 },
  );
});

t.test('keys come back, whatever follows them', async () => {
  await check(
    'key round trip',
    fc.property(key, key, (first, second) => {
      const out = new ByteWriter(1);
      encodeKey(first, out);
      const boundary = out.position;
      encodeKey(second, out);
      const input = new ByteReader(out.bytes);
      input.limit = out.position;
      const decodedFirst = decodeKey(input);
      if (input.position !== boundary) throw new Error('the first key is not delimited');
      const decodedSecond = decodeKey(input);
      if (input.position !== out.position) throw new Error('bytes are left');
      return compare(decodedFirst, first) === 0 && compare(decodedSecond, second) === 0;
    }),
    { runs: 2000 },
  );
});

t.test('no key is the beginning of another', async () => {
  await check(
    'prefix-free',
    fc.property(key, key, (a, b) => {
      const [x, y] = [encoded(a), encoded(b)];
      const isPrefix = x.length < y.length && Buffer.compare(x, y.subarray(0, x.length)) === 0;
      return !isPrefix;
    }),
    { runs: 3000 },
  );
});

t.test('equal keys have equal bytes and equal hashes', async (t) => {
  await check(
    'order of fields',
    fc.property(fc.dictionary(text, key, { maxKeys: 6 }), (object) => {
      const reversed = Object.fromEntries(Object.entries(object).reverse());
      return (
        Buffer.compare(encoded(object), encoded(reversed)) === 0 &&
        javaHashCode(object) === javaHashCode(reversed)
      );
    }),
  );
  await check(
    'the hash is that of the decoded key',
    fc.property(key, (k) => {
      return javaHashCode(k) === javaHashCode(decodeKey(new ByteReader(encoded(k))));
    }),
  );
  t.same(encoded(-0), encoded(0));
  t.same(encoded({ a: 1, b: undefined }), encoded({ a: 1 }));
});

t.test('the bytes are those of the contract', async (t) => {
  const hex = (k: unknown) => Buffer.from(encoded(k)).toString('hex');
  t.equal(hex(0), '218000000000');
  t.equal(hex(-1), '217fffffff00');
  t.equal(hex(0.5), '218000000001bfe0000000000000');
  t.equal(hex(2 ** 31), '22c1e0000000000000');
  t.equal(hex(Number.NaN), '23');
  t.equal(hex('a\0\u0001é'), '40610101' + '0102' + 'c3a9' + '00');
  t.equal(hex(new Uint8Array([0, 1, 2])), '5001010102' + '0200');
  t.equal(hex(0n), '3080');
  t.equal(hex(255n), '3081ff');
  t.equal(hex(-255n), '307e00');
  t.equal(hex(['a', null]), '604061001100');
  t.equal(hex({ b: true, a: undefined }), '7040620013' + '00');
  t.equal(hex([]), '6000');
});

t.test('bytes that no key has are refused', async (t) => {
  for (const hex of [
    '',
    '00',
    '99',
    '2180',
    '2180000000',
    '218000000002',
    '4061',
    '40',
    '40ff00',
    '400105' + '00',
    '60218000000000',
    '7021',
    '30',
    '3081',
    '30f80000',
    '22c1e0',
  ]) {
    t.throws(() => decodeKey(new ByteReader(Buffer.from(hex, 'hex'))), { code: 'MR2003' }, hex);
  }
  t.throws(() => encoded(new Date(0)), { code: 'MR2004', hint: /getTime/ });
  t.throws(() => encoded([new Set()]), { code: 'MR2004' });
});

t.test('UTF-8 is that of the platform, and lone surrogates survive', async () => {
  await check(
    'utf-8',
    fc.property(text, (s) => {
      const bytes = encodeUtf8(s);
      if (s.isWellFormed() && Buffer.compare(bytes, Buffer.from(s)) !== 0) throw new Error('other bytes');
      return bytes.length === utf8Length(s) && decodeUtf8(bytes) === s;
    }),
    { runs: 1000 },
  );
});
