import { deepStrictEqual } from 'node:assert';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import t from 'tap';
import { types } from '../../core/internal.js';
import { FileSource } from '../../storage/index.js';
import { check } from '../check.js';
import { SourceDriver } from '../driver/source-driver.js';
import { MemoryFileSystem } from '../unit/storage/memory-file-system.js';

const type = types.object({ a: types.string, b: types.string, c: types.string });

/** A field, as its text and as it is written. */
const field = fc
  .tuple(
    fc.array(fc.constantFrom('x', 'é', '"', ',', '\n', '\r\n', ' ', '😀', ''), { maxLength: 6 }),
    fc.boolean(),
  )
  .map(([parts, quoted]) => {
    const text = parts.join('');
    return quoted || /["\n\r,]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });

const file = fc.record({
  rows: fc.array(fc.tuple(field, field, field), { maxLength: 20 }),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  endsWithLineEnd: fc.boolean(),
  readBytes: fc.integer({ min: 1, max: 40 }),
});

t.test('well-formed CSV is read as csv-parse reads it', async () => {
  await check(
    'csv against csv-parse',
    fc.asyncProperty(file, async ({ rows, lineEnd, endsWithLineEnd, readBytes }) => {
      const lines = ['a,b,c', ...rows.map((row) => row.join(','))];
      const content = lines.join(lineEnd) + (endsWithLineEnd ? lineEnd : '');
      const disk = new MemoryFileSystem();
      disk.readBytes = readBytes;
      disk.put('/in', content);
      const driver = await SourceDriver.start(FileSource.csv('/in', type), { fileSystem: disk });
      const read = (await driver.readAll()).map((record) => ({ ...record }));
      const expected = parse(content, { columns: true, record_delimiter: lineEnd });
      deepStrictEqual(read, expected);
    }),
    { runs: 300 },
  );
});
