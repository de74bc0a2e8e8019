import { parquetWriteBuffer } from 'hyparquet-writer';
import t from 'tap';
import { type MalformedRecord, OutputTag, type Source, types } from '../../../core/internal.js';
import { LocalFileSystem } from '../../../storage/file-system/local-file-system.js';
import { FileSource } from '../../../storage/index.js';
import { SourceDriver } from '../../driver/source-driver.js';
import { MemoryFileSystem } from './memory-file-system.js';

const malformed = new OutputTag<MalformedRecord>('malformed');
const HOUR = 3_600_000;

type Columns = Parameters<typeof parquetWriteBuffer>[0]['columnData'];

function diskWith(columnData: Columns, rowGroupSize = 100): MemoryFileSystem {
  const disk = new MemoryFileSystem();
  disk.put('/in/file', new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize })));
  return disk;
}

async function readAll<T>(source: Source<T>, fileSystem: MemoryFileSystem): Promise<T[]> {
  const driver = await SourceDriver.start(source, { fileSystem });
  const records = await driver.readAll();
  await driver.close();
  return records;
}

t.test('columns become what their fields say', async (t) => {
  const disk = diskWith([
    { name: 'at', data: [new Date(0), new Date(-HOUR)], type: 'TIMESTAMP' },
    { name: 'count', data: [5n, -7n], type: 'INT64' },
    { name: 'big', data: [2n ** 60n, 1n], type: 'INT64' },
    { name: 'small', data: [3, 4], type: 'INT32' },
    { name: 'mean', data: [0.5, 2], type: 'DOUBLE' },
    { name: 'name', data: ['é', ''], type: 'STRING' },
    { name: 'ok', data: [true, false], type: 'BOOLEAN' },
    { name: 'raw', data: [new Uint8Array([1, 255]), new Uint8Array()], type: 'BYTE_ARRAY' },
    { name: 'unused', data: [1, 2], type: 'INT32' },
  ]);
  const type = types.object({
    name: types.string,
    at: types.timestamp,
    count: types.int32,
    big: types.bigint,
    small: types.float64,
    mean: types.float64,
    ok: types.boolean,
    raw: types.bytes,
    absent: types.optional(types.string),
  });
  t.same(await readAll(FileSource.parquet('/in/file', type), disk), [
    {
      name: 'é',
      at: 0,
      count: 5,
      big: 2n ** 60n,
      small: 3,
      mean: 0.5,
      ok: true,
      raw: new Uint8Array([1, 255]),
      absent: undefined,
    },
    {
      name: '',
      at: -HOUR,
      count: -7,
      big: 1n,
      small: 4,
      mean: 2,
      ok: false,
      raw: new Uint8Array(),
      absent: undefined,
    },
  ]);
});

t.test('a null is undefined where the type is optional, and malformed where it is not', async (t) => {
  const disk = diskWith([
    { name: 'a', data: ['x', null, 'z'], type: 'STRING', nullable: true },
    { name: 'b', data: [1, 2, null], type: 'INT32', nullable: true },
  ]);
  const type = types.object({ a: types.string, b: types.optional(types.int32) });
  const source = FileSource.parquet('/in/file', type, { onError: 'sideOutput', malformed });
  const driver = await SourceDriver.start(source, { fileSystem: disk });
  t.same(await driver.readAll(), [
    { a: 'x', b: 1 },
    { a: 'z', b: undefined },
  ]);
  t.match(driver.sideOutputs.get('malformed'), [
    { file: '/in/file', offset: 1, line: 2, text: 'a=null, b=2', error: /'a' holds null/ },
  ]);
  t.equal(driver.skippedRecords, 1);
  await t.rejects(readAll(FileSource.parquet('/in/file', type), disk), { code: 'MR6001' });
});

t.test('stopped at any row, it goes on with the next', async (t) => {
  const data = Array.from({ length: 50 }, (_, i) => i);
  for (const rowGroupSize of [1, 7, 50]) {
    const disk = diskWith([{ name: 'i', data, type: 'INT32' }], rowGroupSize);
    const source = FileSource.parquet('/in/file', types.object({ i: types.int32 }));
    for (const stop of [0, 1, 6, 7, 8, 49, 50]) {
      const driver = await SourceDriver.start(source, { fileSystem: disk });
      const first = await driver.read(stop);
      const restored = await SourceDriver.restore(source, { fileSystem: disk }, driver.snapshot());
      const read = [...first, ...(await restored.readAll())].map(({ i }) => i);
      t.same(read, data, `groups of ${rowGroupSize}, stopped at ${stop}`);
      await driver.close();
      await restored.close();
    }
  }
});

t.test('a file that is no Parquet, or lacks a column, fails the job whatever onError says', async (t) => {
  const disk = diskWith([{ name: 'i', data: [1], type: 'INT32' }]);
  const type = types.object({ i: types.int32 });
  const lacking = FileSource.parquet('/in/file', types.object({ j: types.int32 }), { onError: 'skip' });
  await t.rejects(readAll(lacking, disk), { code: 'MR6001', why: /no column 'j'/ });
  const strict = types.object({ k: types.optional(types.int32) }, { strict: true });
  await t.rejects(readAll(FileSource.parquet('/in/file', strict), disk), {
    code: 'MR6001',
    why: /column 'i'/,
  });
  for (const content of ['', 'PAR1', 'a,b\n1,2\nand so on until it is long enough']) {
    const broken = new MemoryFileSystem();
    broken.put('/in/file', content);
    await t.rejects(readAll(FileSource.parquet('/in/file', type, { onError: 'skip' }), broken), {
      code: 'MR6001',
      where: { at: '/in/file' },
    });
  }
});

t.test('a disk that fails is no malformed input', async (t) => {
  const disk = diskWith([{ name: 'i', data: [1], type: 'INT32' }]);
  const source = FileSource.parquet('/in/file', types.object({ i: types.int32 }));
  const driver = await SourceDriver.start(source, { fileSystem: disk });
  disk.failIn(1, new Error('the disk is on fire'));
  await t.rejects(driver.readAll(), { code: 'MR6003', why: /on fire/ });
  await driver.close();
});

t.test('types that no Parquet file has are refused', async (t) => {
  t.throws(() => FileSource.parquet('x', types.string as never), { code: 'MR1001' });
  const union = types.union('kind', { a: types.object({}) });
  t.throws(() => FileSource.parquet('x', types.object({ u: union })), { code: 'MR1001' });
  const type = types.object({ i: types.int32 });
  t.throws(() => FileSource.parquet('x', type, { header: true } as never), { code: 'MR1001' });
});

t.test('the flights of 2001 are read from the disk', async (t) => {
  const flight = types.object({
    date: types.timestamp,
    delay: types.int32,
    distance: types.int32,
    origin: types.string,
  });
  const source = FileSource.parquet('node_modules/vega-datasets/data/flights-3m.parquet', flight);
  const driver = await SourceDriver.start(source, { fileSystem: new LocalFileSystem() });
  const flights = await driver.read(300_000, 10_000);
  await driver.close();
  t.same(flights[0], { date: 978_307_260_000, delay: 33, distance: 2176, origin: 'LAS' });
  t.equal(flights.length, 300_000);
  t.ok(flights.every(({ date }) => date >= 978_307_200_000 && date < 981_000_000_000));
});
