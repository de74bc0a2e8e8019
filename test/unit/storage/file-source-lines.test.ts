import t from 'tap';
import { type MalformedRecord, OutputTag, type Source, types } from '../../../core/internal.js';
import { FileSource } from '../../../storage/index.js';
import { SourceDriver } from '../../driver/source-driver.js';
import { MemoryFileSystem } from './memory-file-system.js';

const malformed = new OutputTag<MalformedRecord>('malformed');

async function readAll<T>(source: Source<T>, fileSystem: MemoryFileSystem): Promise<T[]> {
  const driver = await SourceDriver.start(source, { fileSystem });
  const records = await driver.readAll();
  await driver.close();
  return records;
}

function diskWith(content: string | Uint8Array, readBytes = Number.POSITIVE_INFINITY): MemoryFileSystem {
  const disk = new MemoryFileSystem();
  disk.readBytes = readBytes;
  disk.put('/in/file', content);
  return disk;
}

t.test('lines end with LF or CRLF, the last one with the end of the file', async (t) => {
  const cases: [content: string, lines: string[]][] = [
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\nb', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\n\nb\n', ['a', '', 'b']],
    ['a\rb\n', ['a\rb']],
    ['\r\n\r\n', ['', '']],
    ['\uFEFFa\n\uFEFFb', ['a', '\uFEFFb']],
    ['\uFEFF', []],
    ['héé €\n😀😀\n', ['héé €', '😀😀']],
  ];
  for (const [content, lines] of cases) {
    for (const readBytes of [1, 2, 3, 5, 1000]) {
      const read = await readAll(FileSource.textLines('/in/file'), diskWith(content, readBytes));
      t.same(read, lines, `${JSON.stringify(content)} read by ${readBytes}`);
    }
  }
});

t.test('JSON lines are checked and converted by their type', async (t) => {
  const type = types.object({ at: types.timestamp, delay: types.int32, gate: types.optional(types.string) });
  const disk = diskWith(
    '{"at":"2001-01-01T00:00:00Z","delay":-3,"other":1}\n\n  \n{"at":5,"delay":0,"gate":"B2"}',
  );
  t.same(await readAll(FileSource.jsonLines('/in/file', type), disk), [
    { at: 978307200000, delay: -3, gate: undefined },
    { at: 5, delay: 0, gate: 'B2' },
  ]);
});

t.test('without a type JSON lines are whatever JSON they hold', async (t) => {
  const disk = diskWith('{"a":1}\n[2]\nnull\n"x"\n4\n');
  t.same(await readAll(FileSource.jsonLines('/in/file'), disk), [{ a: 1 }, [2], null, 'x', 4]);
});

t.test('a malformed line fails the job with its place, its text and the reason', async (t) => {
  const type = types.object({ id: types.int32 });
  const disk = diskWith('{"id":1}\n{"id":"x"}\n');
  await t.rejects(readAll(FileSource.jsonLines('/in/file', type), disk), {
    code: 'MR6001',
    where: { at: '/in/file, line 2, offset 9' },
    message: /"{\\"id\\":\\"x\\"}".*Field 'id'/s,
  });
  await t.rejects(readAll(FileSource.jsonLines('/in/file'), diskWith('{"id":1}\n{"id":')), {
    code: 'MR6001',
    where: { at: '/in/file, line 2, offset 9' },
  });
});

t.test('skipped lines are counted, and those around them are read', async (t) => {
  const disk = diskWith('{"id":1}\nnot json\r\n{"id":2}\n{"id":"3"}\n{"id":4}');
  const type = types.object({ id: types.int32 });
  const driver = await SourceDriver.start(FileSource.jsonLines('/in/file', type, { onError: 'skip' }), {
    fileSystem: disk,
  });
  t.same(await driver.readAll(), [{ id: 1 }, { id: 2 }, { id: 4 }]);
  t.equal(driver.skippedRecords, 2);
});

t.test('the side output gets what could not be read', async (t) => {
  const disk = diskWith('1\nnot json\r\n2\n');
  const source = FileSource.jsonLines('/in/file', types.int32, { onError: 'sideOutput', malformed });
  const driver = await SourceDriver.start(source, { fileSystem: disk });
  t.same(await driver.readAll(), [1, 2]);
  const [bad] = driver.sideOutputs.get('malformed') ?? [];
  t.match(bad, { file: '/in/file', offset: 2, line: 2, text: 'not json', error: /JSON/ });
  t.equal(driver.skippedRecords, 1);
});

t.test('bytes that are no UTF-8 are malformed, in their line only', async (t) => {
  const bytes = Buffer.concat([
    Buffer.from('é\n'),
    Buffer.from([0x61, 0xff, 0x62, 0x0a]),
    Buffer.from('ü\n'),
  ]);
  for (const readBytes of [1, 1000]) {
    const source = FileSource.textLines('/in/file', { onError: 'sideOutput', malformed });
    const driver = await SourceDriver.start(source, { fileSystem: diskWith(bytes, readBytes) });
    t.same(await driver.readAll(), ['é', 'ü']);
    t.match(driver.sideOutputs.get('malformed'), [{ offset: 3, line: 2, error: /UTF-8/ }]);
  }
});

t.test('a line that is too long is malformed and not kept', async (t) => {
  const content = `ok\n${'x'.repeat(5000)}\nfine\n${'y'.repeat(3000)}`;
  for (const readBytes of [7, 100, 100_000]) {
    const options = { maxRecordBytes: 1000, onError: 'sideOutput', malformed } as const;
    const driver = await SourceDriver.start(FileSource.textLines('/in/file', options), {
      fileSystem: diskWith(content, readBytes),
    });
    t.same(await driver.readAll(), ['ok', 'fine'], `read by ${readBytes}`);
    t.match(driver.sideOutputs.get('malformed'), [
      { offset: 3, line: 2, text: /^x+/, error: /maxRecordBytes/ },
      { offset: 5009, line: 4, text: /^y+/, error: /maxRecordBytes/ },
    ]);
  }
  await t.rejects(
    readAll(FileSource.textLines('/in/file', { maxRecordBytes: 1000 }), diskWith(content, 100)),
    {
      code: 'MR6001',
    },
  );
});

t.test(
  'a file that grew is read to where it ended when it was found; a shorter one is an error',
  async (t) => {
    const disk = diskWith('a\nb\nc');
    const source = FileSource.textLines('/in/file');
    const driver = await SourceDriver.start(source, { fileSystem: disk });
    t.same(await driver.read(1), ['a']);
    const snapshot = driver.snapshot();
    disk.put('/in/file', 'a\nb\nc and more\n');
    t.same(await (await SourceDriver.restore(source, { fileSystem: disk }, snapshot)).readAll(), ['b', 'c']);
    disk.put('/in/file', 'a\n');
    const shorter = await SourceDriver.restore(source, { fileSystem: disk }, snapshot);
    await t.rejects(shorter.readAll(), { code: 'MR6003' });
  },
);

t.test('a read that fails is reported as such', async (t) => {
  const disk = diskWith('a\nb\n', 2);
  const driver = await SourceDriver.start(FileSource.textLines('/in/file'), { fileSystem: disk });
  await driver.read(0);
  disk.failIn(2, new Error('the disk is on fire'));
  await t.rejects(driver.readAll(), { code: 'MR6003', why: /on fire/ });
  await driver.close();
});

t.test('options are checked when the source is made', async (t) => {
  const cases: [make: () => unknown, message: RegExp][] = [
    [() => FileSource.textLines(''), /path/],
    [() => FileSource.textLines([]), /path/],
    [() => FileSource.textLines('x', { maxRecordByte: 3 } as never), /Did you mean 'maxRecordBytes'/],
    [() => FileSource.textLines('x', { maxRecordBytes: 0 }), /maxRecordBytes/],
    [() => FileSource.textLines('x', { onError: 'ignore' as never }), /onError/],
    [() => FileSource.textLines('x', { onError: 'sideOutput' }), /side output/],
    [() => FileSource.textLines('x', { malformed }), /side output/],
  ];
  for (const [make, message] of cases) t.throws(make, { code: 'MR1001', message });
});
