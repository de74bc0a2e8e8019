import t from 'tap';
import { parseFloat32, printFloat64, timesTruncated } from '../../../memory/decimal.js';
import { MemorySize } from '../../../memory/memory-size.js';
import { refused } from '../../refused.js';

const MAX = 9223372036854775807n;

t.test('sizes are whole numbers with a binary unit in any case', async (t) => {
  const cases: [string, bigint][] = [
    ['0', 0n],
    ['1234', 1234n],
    ['1234b', 1234n],
    ['1234 bytes', 1234n],
    ['2k', 2048n],
    ['2 kb', 2048n],
    ['2kibibytes', 2048n],
    ['1728m', 1811939328n],
    ['1 MB', 1048576n],
    ['3 mebibytes', 3145728n],
    ['4g', 4294967296n],
    ['4 Gb', 4294967296n],
    ['1 gibibytes', 1073741824n],
    ['1t', 1099511627776n],
    ['2 TeBiByTeS', 2199023255552n],
    ['  64m\t', 67108864n],
    ['64   m', 67108864n],
    ['007m', 7340032n],
    ['9223372036854775807', MAX],
    ['8388607t', 8388607n * 1024n ** 4n],
  ];
  for (const [text, bytes] of cases) t.equal(MemorySize.parse(text).bytes, bytes, text);
});

t.test('anything else is no size, and the reason is given', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /empty- or whitespace-only/],
    ['   ', /empty- or whitespace-only/],
    ['m', /does not start with a number/],
    ['-1', /does not start with a number/],
    ['-1m', /does not start with a number/],
    ['+1m', /does not start with a number/],
    ['1.5g', /unit '\.5g' does not match any of the recognized units: \(b \| bytes\) \/ \(k \| kb/],
    ['1,5g', /unit ',5g'/],
    ['1 gig', /unit 'gig'/],
    ['1mib', /unit 'mib'/],
    ['1e3', /unit 'e3'/],
    ['1 m m', /unit 'm m'/],
    ['\u0661m', /does not start with a number/],
    ['9223372036854775808', /'9223372036854775808' cannot be re represented as 64bit number \(numeric/],
    ['8388608t', /'8388608t' cannot be re represented as 64bit number of bytes/],
  ];
  for (const [text, what] of cases) {
    t.match(
      refused(() => MemorySize.parse(text)),
      { code: 'MR4002', what },
      JSON.stringify(text),
    );
  }
});

t.test('sizes are printed in the largest unit that they exceed', async (t) => {
  const cases: [bigint, string][] = [
    [0n, '0 bytes'],
    [1n, '1 bytes'],
    [1024n, '1024 bytes'],
    [1025n, '1.001kb (1025 bytes)'],
    [134217728n, '128.000mb (134217728 bytes)'],
    [1073741824n, '1024.000mb (1073741824 bytes)'],
    [1342177280n, '1.250gb (1342177280 bytes)'],
    [1811939328n, '1.688gb (1811939328 bytes)'],
    [1099511627776n, '1024.000gb (1099511627776 bytes)'],
    [MAX, '8388608.000tb (9223372036854775807 bytes)'],
  ];
  for (const [bytes, text] of cases) t.equal(new MemorySize(bytes).toHumanReadable(), text);
});

t.test('a size is printed as configuration in the largest unit that divides it', async (t) => {
  const cases: [bigint, string][] = [
    [0n, '0 bytes'],
    [1025n, '1025 bytes'],
    [2048n, '2 kb'],
    [67108864n, '64 mb'],
    [1073741824n, '1 gb'],
    [1099511627776n, '1099511627776 bytes'],
    [MAX, '9223372036854775807 bytes'],
  ];
  for (const [bytes, text] of cases) t.equal(String(new MemorySize(bytes)), text);
});

t.test('arithmetic never leaves the 63 bits of a size', async (t) => {
  t.match(
    refused(() => MemorySize.MAX.plus(new MemorySize(1n))),
    { code: 'MR4003', what: 'long overflow' },
  );
  t.match(
    refused(() => MemorySize.ZERO.minus(new MemorySize(1n))),
    { code: 'MR4003', what: 'bytes must be >= 0' },
  );
  t.match(
    refused(() => MemorySize.MAX.times(1.0000001)),
    { what: 'long overflow' },
  );
  t.match(
    refused(() => MemorySize.MAX.toNumber()),
    { code: 'MR4003' },
  );
  t.equal(MemorySize.MAX.times(0).bytes, 0n);
});

t.test('a fraction is the float that the JVM reads', async (t) => {
  const cases: [string, number][] = [
    ['0.1', 0.10000000149011612],
    ['0.4', 0.4000000059604645],
    ['.5f', 0.5],
    ['5.', 5],
    ['1e-1', 0.10000000149011612],
    ['0.25d', 0.25],
    [' 0.2 ', 0.20000000298023224],
    ['-0.1', -0.10000000149011612],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['NaN', Number.NaN],
    ['1e-60', 0],
    ['1e60', Number.POSITIVE_INFINITY],
    // Exactly between two floats, a hair above it, and a hair below: rounded once and not twice.
    ['1.000000059604644775390625', 1],
    ['1.000000059604644775390625000000000001', 1.0000001192092896],
    ['1.000000059604644775390624999999999999', 1],
    ['1.000000178813934326171875', 1.000000238418579],
    ['1.000000178813934326171874999999999999', 1.0000001192092896],
  ];
  for (const [text, value] of cases) t.same(parseFloat32(text), value, text);
  for (const text of ['', 'abc', '0,1', '1e', '0x1', '.', '1 2', '0.1ff', 'infinity']) {
    t.equal(parseFloat32(text), undefined, JSON.stringify(text));
  }
});

t.test('a double is printed as the JVM prints it', async (t) => {
  const cases: [number, string][] = [
    [0.10000000149011612, '0.10000000149011612'],
    [1, '1.0'],
    [0, '0.0'],
    [-0, '-0.0'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [1.5e-7, '1.5E-7'],
    [1e7, '1.0E7'],
    [-12345678.5, '-1.23456785E7'],
    [9999999, '9999999.0'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ];
  for (const [value, text] of cases) t.equal(printFloat64(value), text);
});

t.test('products are exact decimals, cut off', async (t) => {
  t.equal(timesTruncated(1342177280n, 0.10000000149011612), 134217730n);
  t.equal(timesTruncated(1342177280n, 0.4000000059604645), 536870920n);
  t.equal(timesTruncated(9007199254740993n, 0.5), 4503599627370496n);
  t.equal(timesTruncated(10n ** 18n, 1e-7), 10n ** 11n);
  t.equal(timesTruncated(3n, 1e21), 3n * 10n ** 21n);
  t.equal(timesTruncated(7n, 0), 0n);
});
