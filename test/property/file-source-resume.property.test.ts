import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { type MalformedRecord, OutputTag, type Source, types } from '../../core/internal.js';
import { FileSource } from '../../storage/index.js';
import { check } from '../check.js';
import { SourceDriver } from '../driver/source-driver.js';
import { MemoryFileSystem } from '../unit/storage/memory-file-system.js';

const malformed = new OutputTag<MalformedRecord>('malformed');

/** Pieces from which files are made: whole lines, half ones, quotes, bytes that are no UTF-8. */
const piece = fc.constantFrom(
  ...[
    'a',
    'bc',
    ',',
    '"',
    '""',
    '\n',
    '\r\n',
    '\r',
    'é',
    '😀',
    '{"v":1}\n',
    '{"v":2}',
    '1,2\n',
    '"x,\ny",3\n',
  ],
  ...['\uFEFF', ' ', 'x'.repeat(70), '{"v":"no number"}\n', 'k,v\n'],
);
const content = fc
  .array(fc.oneof({ weight: 9, arbitrary: piece }, { weight: 1, arbitrary: fc.constant(null) }), {
    maxLength: 60,
  })
  .map((pieces) => Buffer.concat(pieces.map((p) => (p === null ? Buffer.from([0xff]) : Buffer.from(p)))));

const plan = fc.record({
  files: fc.array(content, { minLength: 1, maxLength: 4 }),
  stops: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 8 }),
  readBytes: fc.integer({ min: 1, max: 100 }),
  batch: fc.integer({ min: 1, max: 9 }),
});

const options = { onError: 'sideOutput', malformed, maxRecordBytes: 64 } as const;
const row = types.object({ k: types.string, v: types.optional(types.int32) });
function diskWith(files: readonly Uint8Array[], readBytes: number): MemoryFileSystem {
  const disk = new MemoryFileSystem();
  disk.readBytes = readBytes;
  files.forEach((bytes, i) => {
    disk.put(`/in/${i}`, bytes);
  });
  return disk;
}

function resumesExactly<T>(name: string, source: Source<T>): void {
  t.test(`${name}: stopped and restored anywhere, a source emits exactly the rest`, async () => {
    await check(
      `resume of ${name}`,
      fc.asyncProperty(plan, async ({ files, stops, readBytes, batch }) => {
        const whole = await SourceDriver.start(source, { fileSystem: diskWith(files, 1_000_000) });
        const records = await whole.readAll();
        const bad = whole.sideOutputs.get('malformed') ?? [];

        const disk = diskWith(files, readBytes);
        let driver = await SourceDriver.start(source, { fileSystem: disk });
        const read: unknown[] = [];
        const readBad: unknown[] = [];
        for (const stop of stops) {
          read.push(...(await driver.read(stop, batch)));
          const snapshot = driver.snapshot();
          readBad.push(...(driver.sideOutputs.get('malformed') ?? []));
          // What is read after the snapshot is lost with the attempt, and read again.
          await driver.read(2, batch);
          await driver.close();
          driver = await SourceDriver.restore(source, { fileSystem: disk }, snapshot);
        }
        read.push(...(await driver.readAll(batch)));
        readBad.push(...(driver.sideOutputs.get('malformed') ?? []));
        deepStrictEqual(read, records);
        deepStrictEqual(readBad, bad);
      }),
      { runs: 150 },
    );
  });
}

resumesExactly('text lines', FileSource.textLines('/in', options));
resumesExactly('JSON lines', FileSource.jsonLines('/in', types.object({ v: types.int32 }), options));
resumesExactly('CSV', FileSource.csv('/in', row, { ...options, header: false }));

t.test('text lines are what splitting the whole file gives', async () => {
  await check(
    'lines of a file',
    fc.asyncProperty(content, fc.integer({ min: 1, max: 50 }), async (bytes, readBytes) => {
      const source = FileSource.textLines('/in', { onError: 'skip' });
      const driver = await SourceDriver.start(source, { fileSystem: diskWith([bytes], readBytes) });
      const text = bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '');
      const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
      if (text === '' || text.endsWith('\n')) lines.pop();
      const expected = lines
        .filter((line) => !line.includes('\xff'))
        .map((line) => Buffer.from(line, 'latin1').toString());
      deepStrictEqual(await driver.readAll(), expected);
    }),
    { runs: 200 },
  );
});
