import t from 'tap';
import { murmur3, murmurOfInt } from '../../../core/base/murmur3.js';
import {
  defaultMaxParallelism,
  javaHashCode,
  keyGroupOf,
  keyGroupRangeOf,
  subtaskOfKeyGroup,
} from '../../../core/graph/key-group.js';

t.test('the key group of a key is the one Flink gives it', async (t) => {
  const cases: [unknown, number][] = [
    [0, 94],
    [1, 86],
    [2, 127],
    [3, 113],
    [42, 29],
    [-1, 80],
    [2147483647, 62],
    ['', 94],
    ['a', 81],
    ['hello', 35],
    ['key1', 41],
    ['key2', 27],
    ['flink', 98],
    [1234567890123, 92],
    [1234567890123n, 92],
  ];
  for (const [key, group] of cases) t.equal(keyGroupOf(key, 128), group, String(key));
});

t.test('the murmur of a hash code is that of Flink', async (t) => {
  t.equal(murmurOfInt(0), 593689054);
  t.equal(murmurOfInt(1), 68075478);
  t.equal(murmurOfInt(42), 1134849565);
});

t.test('murmur3 of bytes has the published values', async (t) => {
  const text = (s: string) => Uint8Array.from(s, (c) => c.charCodeAt(0));
  const cases: [string, number, number][] = [
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['Hello, world!', 0, 0xc0363e43],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ];
  for (const [s, seed, hash] of cases) t.equal(murmur3(text(s), 0, s.length, seed), hash, `${s}/${seed}`);
  t.equal(murmur3(text('xxtestyy'), 2, 4), 0xba6bd213, 'a part of an array');
});

t.test('hash codes are those of Java', async (t) => {
  const cases: [unknown, number][] = [
    [7, 7],
    [-0, 0],
    [1234567890123, 1912276436],
    [0.5, 1071644672],
    [Number.NaN, 0x7ff80000],
    [true, 1231],
    [false, 1237],
    [null, 0],
    [undefined, 0],
    ['hello', 99162322],
    [new Uint8Array([1, 2, 255]), 30813],
    [2n ** 70n, 64 * 31 * 31],
    [-(2n ** 70n), -64 * 31 * 31],
    [['a', 1], 97 * 31 + 1],
  ];
  for (const [key, hash] of cases) t.equal(javaHashCode(key), hash, String(key));
  t.equal(
    javaHashCode({ a: 1, b: 'x' }),
    javaHashCode({ b: 'x', a: 1 }),
    'the order of fields does not count',
  );
  t.equal(javaHashCode({ a: 1, b: undefined }), javaHashCode({ a: 1 }), 'an undefined field does not count');
});

t.test('the subtask of a key is the one Flink gives it', async (t) => {
  const subtask = (key: unknown, p: number) => subtaskOfKeyGroup(keyGroupOf(key, 128), p, 128);
  t.equal(subtask(0, 4), 2);
  t.equal(subtask(2, 4), 3);
  t.equal(subtask(42, 4), 0);
  t.equal(subtask('hello', 4), 1);
  t.equal(subtask('flink', 4), 3);
  t.equal(subtask(2, 3), 2);
  t.equal(subtask(-1, 3), 1);
});

t.test('key group ranges cover all groups without overlap', async (t) => {
  const ranges = (p: number, mp: number) =>
    Array.from({ length: p }, (_, i) => keyGroupRangeOf(i, p, mp)).map((r) => [r.start, r.end]);
  t.same(ranges(3, 128), [
    [0, 42],
    [43, 85],
    [86, 127],
  ]);
  t.same(ranges(5, 128), [
    [0, 25],
    [26, 51],
    [52, 76],
    [77, 102],
    [103, 127],
  ]);
  t.same(ranges(3, 10), [
    [0, 3],
    [4, 6],
    [7, 9],
  ]);
  for (let p = 1; p <= 128; p++) {
    for (let group = 0; group < 128; group++) {
      const owner = subtaskOfKeyGroup(group, p, 128);
      const range = keyGroupRangeOf(owner, p, 128);
      if (group < range.start || group > range.end) t.fail(`group ${group} at parallelism ${p}`);
    }
  }
});

t.test('the default maximum parallelism leaves room to grow', async (t) => {
  const cases: [number, number][] = [
    [1, 128],
    [85, 128],
    [86, 256],
    [171, 256],
    [172, 512],
    [1000, 2048],
    [20000, 32768],
  ];
  for (const [p, mp] of cases) t.equal(defaultMaxParallelism(p), mp, String(p));
});

t.test('keys without a canonical form are refused with a hint', async (t) => {
  for (const none of [undefined, null])
    t.throws(() => keyGroupOf(none, 128), {
      code: 'MR2004',
      message: /no key: .* (undefined|null)\./,
      hint: /keyBy/,
    });
  t.throws(() => javaHashCode(new Date(0)), { code: 'MR2004', hint: /getTime/ });
  t.throws(() => javaHashCode(new Map()), { code: 'MR2004' });
  t.throws(() => javaHashCode(Symbol('s')), { code: 'MR2004' });
  t.throws(() => javaHashCode(() => 1), { code: 'MR2004' });
  t.throws(() => javaHashCode(new (class Point {})()), { code: 'MR2004', message: /class Point/ });
  const ring: unknown[] = [];
  ring.push(ring);
  t.throws(() => javaHashCode(ring), { code: 'MR2004', message: /deeper/ });
});
