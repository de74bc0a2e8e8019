import { isDeepStrictEqual } from 'node:util';
import { parquetMetadataAsync } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import {
  encodeUtf8,
  MillraceError,
  type Source,
  type TypeDescriptor,
  types,
} from '../../../core/internal.js';
import { ByteWriter } from '../../../core/serde/byte-writer.js';
import { compiledCodec } from '../../../memory/compiled-codec.js';
import { DynamicCodec } from '../../../memory/dynamic-codec.js';
import { checkedParts, checkFooter, checkMetadata } from '../../../storage/connectors/parquet-structure.js';
import { FileSource } from '../../../storage/index.js';
import { SourceDriver } from '../../driver/source-driver.js';
import { MemoryFileSystem } from '../../unit/storage/memory-file-system.js';
import { type FuzzTarget, found } from '../fuzz-target.js';

const PATH = '/in/file';
/** Longer inputs are read once, and not in small pieces too. */
const IN_PIECES_BYTES_MAX = 4000;

async function readAll(source: Source<unknown>, bytes: Uint8Array, readBytes: number): Promise<Read> {
  const fileSystem = new MemoryFileSystem();
  fileSystem.put(PATH, bytes);
  fileSystem.readBytes = readBytes;
  const driver = await SourceDriver.start(source, { fileSystem });
  try {
    return { records: await driver.readAll(), skipped: driver.skippedRecords };
  } finally {
    await driver.close();
  }
}

interface Read {
  readonly records: readonly unknown[];
  readonly skipped: number;
}

/** Each record is of the type, so that it can be sent; and in whatever pieces a file comes, it holds the same ones. */
async function checkRecords(
  type: TypeDescriptor<unknown>,
  source: Source<unknown>,
  bytes: Uint8Array,
): Promise<void> {
  const whole = await readAll(source, bytes, Number.POSITIVE_INFINITY);
  if (whole.records.length + whole.skipped > bytes.length + 1)
    found('more records than bytes', whole.records.length);
  const codec = type.kind === 'dynamic' ? new DynamicCodec() : compiledCodec(type, new DynamicCodec());
  const out = new ByteWriter();
  for (const record of whole.records) {
    out.clear();
    codec.encode(record, out);
  }
  if (bytes.length > IN_PIECES_BYTES_MAX) return;
  const inPieces = await readAll(source, bytes, 3);
  if (!isDeepStrictEqual(inPieces, whole)) found('other records where the file comes in other pieces');
}

const RECORD = types.object({
  at: types.timestamp,
  n: types.int32,
  mean: types.float64,
  big: types.bigint,
  ok: types.boolean,
  raw: types.bytes,
  name: types.string,
  more: types.optional(types.string),
}) as TypeDescriptor<unknown>;

const NESTED = types.object({
  id: types.string,
  list: types.array(types.object({ a: types.float64 })),
  map: types.map(types.string, types.int32),
  pairs: types.map(types.int32, types.bigint),
  shape: types.union('kind', { dot: types.object({}), line: types.object({ length: types.float64 }) }),
  any: types.dynamic(),
}) as TypeDescriptor<unknown>;

const SKIP = { onError: 'skip', maxRecordBytes: 64 * 1024 } as const;

const csv: FuzzTarget = {
  name: 'csv',
  refusals: ['MR6001'],
  seeds: async () => [
    encodeUtf8(
      'at,n,mean,big,ok,raw,name,more\n2026-01-31T12:00:00Z,5,0.5,123456789012345678901,true,AQI=,"a, ""b""\n",x\n1,-1,1e-3,-5,0,,é,\n',
    ),
    encodeUtf8(
      '\ufeffname,ok,raw,big,mean,n,at\r\n"x",FALSE,_w,0,NaN, 7 ,-1\r\n\r\n"y",1,AA==,+1,-Infinity,2147483647,0',
    ),
  ],
  words: ['""', ',', '\r\n', 'NaN', 'constructor', '"\n"', '1e309', '0x1', '2026-02-30', ' 1 '],
  read: (bytes) => checkRecords(RECORD, FileSource.csv(PATH, RECORD, SKIP) as Source<unknown>, bytes),
};

const jsonLines: FuzzTarget = {
  name: 'json-lines',
  refusals: ['MR6001'],
  seeds: async () => [
    encodeUtf8(
      '{"id":"a","list":[{"a":1},{"a":"NaN"}],"map":{"k":1},"pairs":[[1,"5"]],"shape":{"kind":"line","length":2},"any":{"x":[null]}}\n',
    ),
    encodeUtf8('{"id":"","list":[],"map":{},"pairs":[],"shape":{"kind":"dot"},"any":0}\r\n\n{"id":"é😀"}'),
  ],
  words: [
    '"__proto__":',
    '"kind":"constructor"',
    '[',
    '{"any":',
    '1e999',
    '-0',
    '"\\ud800"',
    '"pairs":{}',
    '\u0000',
  ],
  read: (bytes) => checkRecords(NESTED, FileSource.jsonLines(PATH, NESTED, SKIP) as Source<unknown>, bytes),
};

const undeclaredLines: FuzzTarget = {
  name: 'undeclared-json-lines',
  refusals: ['MR6001'],
  seeds: async () => [encodeUtf8('{"a":[1,{"b":null}],"c":"x"}\n[[[]]]\n"text"\n5\n')],
  words: ['[', '[[[[', '{"a":', '"__proto__":', '"\\ud800"', '1e999'],
  read: (bytes) =>
    checkRecords(types.dynamic(), FileSource.jsonLines(PATH, undefined, SKIP) as Source<unknown>, bytes),
};

const textLines: FuzzTarget = {
  name: 'text-lines',
  refusals: ['MR6001'],
  seeds: async () => [encodeUtf8('one\r\n\ntwo é😀\nthree')],
  read: (bytes) =>
    checkRecords(
      types.string as TypeDescriptor<unknown>,
      FileSource.textLines(PATH, SKIP) as Source<unknown>,
      bytes,
    ),
};

const parquet: FuzzTarget = {
  name: 'parquet-structure',
  refusals: ['MR6001'],
  seeds: async () =>
    (['SNAPPY', 'UNCOMPRESSED'] as const).map(
      (codec) =>
        new Uint8Array(
          parquetWriteBuffer({
            codec,
            rowGroupSize: 3,
            columnData: [
              { name: 'at', data: [0, 1, 2, 3].map((ms) => new Date(ms)), type: 'TIMESTAMP' },
              { name: 'n', data: [1, 2, 3, -4], type: 'INT32' },
              { name: 'big', data: [1n, 2n, 3n, 2n ** 60n], type: 'INT64' },
              { name: 'name', data: ['a', 'a', undefined, 'é'], type: 'STRING' },
              { name: 'raw', data: [1, 2, 3, 4].map((n) => Uint8Array.of(n)), type: 'BYTE_ARRAY' },
              { name: 'ok', data: [true, false, true, true], type: 'BOOLEAN' },
            ],
          }),
        ),
    ),
  async read(bytes) {
    try {
      await checkParquet(bytes);
    } catch (cause) {
      // As whoever reads such a file makes one of all that is thrown.
      throw cause instanceof Error ? new MillraceError('MR6001', 'no such file', { cause }) : cause;
    }
  },
};

/** What is seen to before a column is decoded, which is hyparquet's own. */
async function checkParquet(bytes: Uint8Array): Promise<void> {
  const buffer = {
    byteLength: bytes.length,
    slice: (start: number, end = bytes.length) => {
      if (!(start >= 0 && start <= end && end <= bytes.length)) throw new Error('beyond the file');
      return bytes.slice(start, end).buffer;
    },
  };
  await checkFooter(buffer);
  const metadata = await parquetMetadataAsync(buffer, { geoparquet: false });
  checkMetadata(metadata, bytes.length);
  for (const part of checkedParts(metadata)) part.check(new Uint8Array(buffer.slice(part.start, part.end)));
}

export const CONNECTOR_TARGETS: readonly FuzzTarget[] = [csv, jsonLines, undeclaredLines, textLines, parquet];
