import t from 'tap';
import { type MalformedRecord, OutputTag, type Source, types } from '../../../core/internal.js';
import { FileSource } from '../../../storage/index.js';
import { SourceDriver } from '../../driver/source-driver.js';
import { MemoryFileSystem } from './memory-file-system.js';

const malformed = new OutputTag<MalformedRecord>('malformed');
const pair = types.object({ a: types.string, b: types.optional(types.int32) });

function diskWith(content: string, readBytes = Number.POSITIVE_INFINITY): MemoryFileSystem {
  const disk = new MemoryFileSystem();
  disk.readBytes = readBytes;
  disk.put('/in/file', content);
  return disk;
}

async function readAll<T>(source: Source<T>, content: string, readBytes?: number): Promise<T[]> {
  const driver = await SourceDriver.start(source, { fileSystem: diskWith(content, readBytes) });
  const records = await driver.readAll();
  await driver.close();
  return records;
}

t.test('records are read as RFC 4180 has them', async (t) => {
  const cases: [content: string, records: [string, (number | undefined)?][]][] = [
    [
      'a,b\nx,1\ny,2',
      [
        ['x', 1],
        ['y', 2],
      ],
    ],
    ['a,b\r\nx,1\r\n', [['x', 1]]],
    ['\uFEFFb,a\n1,x\n', [['x', 1]]],
    ['a,b\n\n\r\nx,\n', [['x', undefined]]],
    ['a,b\n"x,y",1\n', [['x,y', 1]]],
    ['a,b\n"x\ny\r\nz",1\n', [['x\ny\r\nz', 1]]],
    [
      'a,b\n"say ""hi""",1\n"""",2\n"",3',
      [
        ['say "hi"', 1],
        ['"', 2],
        ['', 3],
      ],
    ],
    ['a,b\n"é€😀",1\n', [['é€😀', 1]]],
    [
      'more,a,b\n,"x","1"\r\n5,y,"2"',
      [
        ['x', 1],
        ['y', 2],
      ],
    ],
    [
      'a\nx\n"y"\n',
      [
        ['x', undefined],
        ['y', undefined],
      ],
    ],
    ['a,b\n', []],
    ['', []],
  ];
  for (const [content, records] of cases) {
    for (const readBytes of [1, 2, 3, 1000]) {
      t.same(
        await readAll(FileSource.csv('/in/file', pair), content, readBytes),
        records.map(([a, b]) => ({ a, b })),
        `${JSON.stringify(content)} read by ${readBytes}`,
      );
    }
  }
});

t.test('fields become what their types say', async (t) => {
  const type = types.object({
    i: types.int32,
    f: types.float64,
    s: types.string,
    b: types.boolean,
    at: types.timestamp,
    n: types.bigint,
    raw: types.bytes,
  });
  const content = [
    'i,f,s,b,at,n,raw',
    '-5,1.5e3,,true,2001-01-01T00:00:00Z,123456789012345678901,AQI=',
    ' 7 ,.5, x ,0,12,-3,',
    '0,NaN,"",FALSE,2001-01-01,0,',
  ].join('\n');
  t.same(await readAll(FileSource.csv('/in/file', type), content), [
    {
      i: -5,
      f: 1500,
      s: '',
      b: true,
      at: 978307200000,
      n: 123456789012345678901n,
      raw: new Uint8Array([1, 2]),
    },
    { i: 7, f: 0.5, s: ' x ', b: false, at: 12, n: -3n, raw: new Uint8Array() },
    { i: 0, f: Number.NaN, s: '', b: false, at: 978307200000, n: 0n, raw: new Uint8Array() },
  ]);
});

t.test('files without a header, and with other separators', async (t) => {
  t.same(await readAll(FileSource.csv('/in/file', pair, { header: false }), 'x,1\n'), [{ a: 'x', b: 1 }]);
  const options = { header: false, columns: ['b', 'c', 'a'], delimiter: ';', quote: "'" };
  t.same(await readAll(FileSource.csv('/in/file', pair, options), "1;2;'x;y'\n"), [{ a: 'x;y', b: 1 }]);
});

t.test('malformed records are passed line by line, and those around them are read', async (t) => {
  const cases: [content: string, read: string[], bad: [line: number, text: string][]][] = [
    ['a,b\nx,1\ny"z,2\nw,3\n', ['x', 'w'], [[3, 'y"z,2']]],
    ['a,b\nx,1\n"y"z,2\nw,3\n', ['x', 'w'], [[3, '"y"z,2']]],
    [
      'a,b\nx,1,2\ny\nw,3',
      ['w'],
      [
        [2, 'x,1,2'],
        [3, 'y'],
      ],
    ],
    ['a,b\nx,one\nw,3\n', ['w'], [[2, 'x,one']]],
    [
      'a,b\n"x\ny",one\n"never closed,2\nw,3\n',
      ['w'],
      [
        [2, '"x\ny",one'],
        [4, '"never closed,2'],
      ],
    ],
    ['a,b\nw,3\n"', ['w'], [[3, '"']]],
  ];
  for (const [content, read, bad] of cases) {
    for (const readBytes of [1, 3, 1000]) {
      const source = FileSource.csv('/in/file', pair, { onError: 'sideOutput', malformed });
      const driver = await SourceDriver.start(source, { fileSystem: diskWith(content, readBytes) });
      const records = await driver.readAll();
      t.same(
        records.map(({ a }) => a),
        read,
        JSON.stringify(content),
      );
      const found = (driver.sideOutputs.get('malformed') ?? []) as MalformedRecord[];
      t.same(
        found.map(({ line, text }) => [line, text]),
        bad,
      );
      for (const { offset, text } of found) t.equal(content.slice(offset, offset + text.length), text);
    }
  }
});

t.test('a quote that is not closed in time spoils its line only', async (t) => {
  const content = `a,b\n"${'x\n'.repeat(400)}w,3\n`;
  const options = { onError: 'skip', maxRecordBytes: 100 } as const;
  const driver = await SourceDriver.start(FileSource.csv('/in/file', pair, options), {
    fileSystem: diskWith(content, 64),
  });
  t.same(await driver.readAll(), [{ a: 'w', b: 3 }]);
  t.equal(driver.skippedRecords, 400);
});

t.test('the first malformed record fails the job by default', async (t) => {
  await t.rejects(readAll(FileSource.csv('/in/file', pair), 'a,b\nx,1\ny,two\n'), {
    code: 'MR6001',
    where: { at: '/in/file, line 3, offset 8' },
    why: /'b' holds 'two', which is no int32/,
  });
});

t.test('a header that does not fit fails the job, whatever onError says', async (t) => {
  const strict = types.object({ a: types.string }, { strict: true });
  const cases: [source: Source<unknown>, content: string, why: RegExp][] = [
    [FileSource.csv('/in/file', pair, { onError: 'skip' }), 'x,b\n1,2\n', /no column 'a'/],
    [FileSource.csv('/in/file', pair, { onError: 'skip' }), 'a,b,a\n1,2,3\n', /several columns 'a'/],
    [FileSource.csv('/in/file', pair, { onError: 'skip' }), 'a"b\n1,2,3\n', /header is malformed/],
    [FileSource.csv('/in/file', strict), 'a,b\n1,2\n', /column 'b'/],
  ];
  for (const [source, content, why] of cases) {
    await t.rejects(readAll(source, content), { code: 'MR6001', why });
  }
});

t.test('options and types that make no sense are refused', async (t) => {
  const cases: [make: () => unknown, message: RegExp][] = [
    [() => FileSource.csv('x', types.string as never), /object/],
    [() => FileSource.csv('x', types.object({ a: types.array(types.int32) })), /array/],
    [() => FileSource.csv('x', pair, { delimiter: ', ' }), /delimiter/],
    [() => FileSource.csv('x', pair, { quote: 'é' }), /quote/],
    [() => FileSource.csv('x', pair, { quote: ',' }), /same/],
    [() => FileSource.csv('x', pair, { columns: ['a'] }), /header/],
    [() => FileSource.csv('x', pair, { header: false, columns: ['a'] }), /no 'b'/],
    [() => FileSource.csv('x', pair, { delimeter: ';' } as never), /Did you mean 'delimiter'/],
  ];
  for (const [make, message] of cases) t.throws(make, { code: 'MR1001', message });
});
