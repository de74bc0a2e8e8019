import fc from 'fast-check';
import t from 'tap';
import { crc32c } from '../../core/base/crc32c.js';
import { encodeUtf8 } from '../../core/base/utf8.js';
import { check } from '../check.js';

t.test('CRC-32C gives the published vectors', async (t) => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  t.equal(crc32c(new Uint8Array(0)), 0);
  t.equal(crc32c(encodeUtf8('123456789')), 0xe3069283);
  t.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  t.equal(crc32c(ascending), 0x46dd794e);
  t.equal(crc32c(ascending.slice().reverse()), 0x113fdb5c);
  t.equal(crc32c(encodeUtf8('The quick brown fox jumps over the lazy dog')), 0x22620404);
});

t.test('CRC-32C of a part after a part is that of the whole, and equals the bitwise definition', async () => {
  await check(
    'crc32c',
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (bytes, a, b) => {
      const from = Math.min(a, b, bytes.length);
      const to = Math.min(Math.max(a, b), bytes.length);
      const whole = crc32c(bytes);
      const parts = crc32c(bytes, crc32c(bytes, crc32c(bytes, 0, 0, from), from, to), to);
      return whole === parts && crc32c(bytes.subarray(from, to)) === bitwise(bytes.subarray(from, to));
    }),
    { runs: 500 },
  );
});

t.test('CRC-32C tells any single flipped bit', async () => {
  await check(
    'crc32c flips',
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (bytes, at) => {
      const flipped = bytes.slice();
      const i = at % bytes.length;
      flipped[i] = (flipped[i] ?? 0) ^ (1 << (at % 8));
      return crc32c(flipped) !== crc32c(bytes);
    }),
  );
});

function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
