import t from 'tap';
import { decodeBase64, encodeBase64 } from '../../../core/base/base64.js';
import { parseIso8601 } from '../../../core/base/iso-8601.js';

t.test('ISO 8601 texts are read as JavaScript reads them, UTC where no zone is given', async (t) => {
  for (const text of [
    '1970-01-01T00:00:00Z',
    '2026-01-31',
    '2024-02-29T23:59:59.999Z',
    '2000-02-29T00:00:00+14:00',
    '1969-12-31T23:59:59.001-01:30',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '-000044-03-15T00:00:00Z',
    '+275760-09-13T00:00:00Z',
    '2026-01-31T24:00:00Z',
  ]) {
    t.equal(parseIso8601(text), Date.parse(text), text);
  }
  t.equal(parseIso8601('2026-01-31 12:30'), Date.UTC(2026, 0, 31, 12, 30));
  t.equal(parseIso8601('2026-01-31T12:30:00,5+0230'), Date.UTC(2026, 0, 31, 10, 0, 0, 500));
  t.equal(parseIso8601('2026-01-31T12:30:00.123999Z'), Date.UTC(2026, 0, 31, 12, 30, 0, 123));
  for (let day = -800_000; day < 800_000; day += 37) {
    const text = new Date(day * 86_400_000).toISOString();
    if (parseIso8601(text) !== day * 86_400_000) t.fail(text);
  }
});

t.test('texts that name no time are not understood', async (t) => {
  for (const text of [
    '',
    'now',
    '2026',
    '2026-13-01',
    '2026-02-29',
    '2026-01-31T25:00',
    '2026-01-31T12:60',
    '2026-01-31T12:00:00+24:00',
    '31.01.2026',
    '2026-01-31T24:00:01Z',
    '+275760-09-13T00:00:01Z',
  ]) {
    t.equal(parseIso8601(text), undefined, text);
  }
});

t.test('base64 is that of the platform', async (t) => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length * 11) & 255);
    const text = Buffer.from(bytes).toString('base64');
    if (encodeBase64(bytes) !== text) t.fail(`encode ${length}`);
    t.same(decodeBase64(text), bytes);
    t.same(decodeBase64(Buffer.from(bytes).toString('base64url')), bytes);
  }
  for (const bad of ['A', 'A===', 'AB=', 'A*AA', 'AAA=A', 'ü']) t.equal(decodeBase64(bad), undefined, bad);
});
