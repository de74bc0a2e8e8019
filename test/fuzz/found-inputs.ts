import { ElementKind, encodeUtf8, type VertexSnapshot } from '../../core/internal.js';
import { encodeManifest } from '../../storage/checkpoint/manifest-codec.js';
import { withLastChecksum } from './targets/stored-bytes.js';

/** An input that a reader once took the wrong way. */
export interface FoundInput {
  /** Of the target. */
  readonly target: string;
  /** What is in it. */
  readonly holds: string;
  /** Whether it has to be refused; otherwise it has to be read, in the time that its length allows. */
  readonly refused: boolean;
  readonly bytes: Uint8Array;
}

const MANY = 100_000;

export const FOUND_INPUTS: readonly FoundInput[] = [
  ...checkpoints(),
  ...rowFiles(),
  ...records(),
  ...keys(),
  ...inFlight(),
  ...documents(),
  ...connectors(),
  ...parquet(),
  ...configuration(),
];

function refused(target: string, holds: string, bytes: Uint8Array): FoundInput {
  return { target, holds, refused: true, bytes };
}

function accepted(target: string, holds: string, bytes: Uint8Array): FoundInput {
  return { target, holds, refused: false, bytes };
}

function text(target: string, holds: string, written: string, isRefused = true): FoundInput {
  return { target, holds, refused: isRefused, bytes: encodeUtf8(written) };
}

function bytesOf(...parts: readonly Iterable<number>[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}

function checkpoints(): readonly FoundInput[] {
  const file = { key: 'data/0000000001-0000000001-0-x.0.base', sizeBytes: 1, entryCount: 1, crc32c: 0 };
  const keyed = { format: 2, keyGroupStart: 0, keyGroupEnd: 5, files: [file], tables: {} };
  const subtask = { operators: { o: { keyed, lists: {} } } };
  const vertex: VertexSnapshot = {
    vertexUid: 'v',
    parallelism: 1,
    maxParallelism: 12,
    subtasks: [subtask],
    enumerator: undefined,
  };
  const manifest = (changed: Partial<VertexSnapshot>): Uint8Array =>
    encodeManifest({
      checkpointId: 1,
      epoch: 1,
      attempt: 0,
      fingerprint: '',
      jobName: 'j',
      triggeredMs: 0,
      completedMs: 0,
      kind: 'savepoint',
      vertices: [{ ...vertex, ...changed }],
    });
  const withKeyed = (changed: Partial<typeof keyed>): Uint8Array =>
    manifest({ subtasks: [{ operators: { o: { keyed: { ...keyed, ...changed }, lists: {} } } }] });
  const reversed = { ...file, keyGroups: { start: 3, end: 2 } };
  const savepoint = (key: string): Uint8Array =>
    withLastChecksum(
      Uint8Array.of(
        0x4d,
        0x52,
        0x53,
        0x50,
        1,
        0,
        0,
        0,
        ...withKeyed({ files: [{ ...file, key }] }),
        0,
        0,
        0,
        0,
      ),
    );
  return [
    accepted('manifest', 'a plain one', manifest({})),
    refused('manifest', 'key groups that end before they begin', withKeyed({ keyGroupStart: 6 })),
    refused('manifest', 'a file with such key groups', withKeyed({ files: [reversed] })),
    refused('manifest', 'more subtasks than its parallelism', manifest({ subtasks: [subtask, 'finished'] })),
    refused('manifest', 'a parallelism above the maximum', manifest({ maxParallelism: 0 })),
    accepted('savepoint-metadata', 'a file of its own', savepoint(file.key)),
    refused(
      'savepoint-metadata',
      'a file that a claim leads to',
      savepoint(`claimed/0000000001-0000000001/${file.key}`),
    ),
    refused('savepoint-metadata', 'a file of the log', savepoint('log/0000000001')),
  ];
}

function rowFiles(): readonly FoundInput[] {
  /** A file of one table, and one block with these bytes. */
  const file = (rows: readonly number[], { flags = 0, version = 2, tables = 1 } = {}): Uint8Array => {
    const table = [flags, 0, 0, 0, 0, 1, 0, 0x74];
    const preamble = [0x4d, 0x52, 0x4b, 0x53, version, 0, tables, 0, ...new Array(tables).fill(table).flat()];
    return Uint8Array.of(
      ...[preamble.length, 0, 0, 0],
      ...preamble,
      ...[rows.length, 0, 0, 0, 1, 0, 0, 0],
      ...rows,
    );
  };
  return [
    accepted('row-file', 'a row', file([0, 3, 1, 2, 0x6b, 0x76])),
    refused('row-file', 'a row of a form that was not declared', file([127, 3])),
    refused('row-file', 'a row whose length is no number', file([0, 3, 0xff, 0xff, 0xff, 0xff, 0xff])),
    refused('row-file', 'a table that stands in it twice', file([0, 3, 1, 2, 0x6b, 0x76], { tables: 2 })),
    refused('row-file', 'a table of an unknown form', file([0, 3, 1, 2, 0x6b, 0x76], { flags: 4 })),
    accepted(
      'row-file',
      'a number of a table that declares a form since',
      file([0, 3, 1, 2, 0x6b, 0x76], { version: 1 }),
    ),
  ];
}

function records(): readonly FoundInput[] {
  const half = new Array<number>(8).fill(0);
  return [
    refused('record', 'a map with a key twice', Uint8Array.of(1, 2, ...half, 0, ...half, 0)),
    accepted('record', 'a map of two keys', Uint8Array.of(1, 2, ...half, 0, ...half.with(7, 0x40), 0)),
    accepted(
      'record',
      'a bigint of a megabyte',
      bytesOf([2, 0x80, 0x80, 0x08], new Uint8Array(8 * 2 ** 17).fill(7)),
    ),
    refused('record', 'a text that is no UTF-8', Uint8Array.of(4, 0, (2 << 2) | 1, 0xc3, 0x28)),
  ];
}

function keys(): readonly FoundInput[] {
  return [
    refused(
      'key',
      'a pair of surrogates, one by one',
      Uint8Array.of(0x40, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, 0),
    ),
    accepted('key', 'a surrogate alone', Uint8Array.of(0x40, 0xed, 0xa0, 0xbd, 0)),
    refused('key', 'a bigint that begins with a zero', Uint8Array.of(0x30, 0x82, 0, 1)),
    refused('key', 'a negative zero', Uint8Array.of(0x30, 0x7f)),
    refused('key', 'a short bigint in the long form', Uint8Array.of(0x30, 0xf7, 0, 0, 0, 1, 1)),
    refused('key', 'fields out of order', Uint8Array.of(0x70, 0x40, 0x62, 0, 0x11, 0x40, 0x61, 0, 0x11, 0)),
    refused('key', 'a field twice', Uint8Array.of(0x70, 0x40, 0x61, 0, 0x11, 0x40, 0x61, 0, 0x12, 0)),
    refused('key', 'a field that is undefined', Uint8Array.of(0x70, 0x40, 0x61, 0, 0x10, 0)),
    refused('key', 'a near number as a far one', Uint8Array.of(0x22, 0xbf, 0xf0, 0, 0, 0, 0, 0, 0)),
    refused(
      'key',
      'arrays that nest one level too deep',
      Uint8Array.of(...new Array(33).fill(0x60), ...new Array(33).fill(0)),
    ),
    refused('key', 'arrays that nest without end', new Uint8Array(MANY).fill(0x60)),
  ];
}

function inFlight(): readonly FoundInput[] {
  const { RECORD, WATERMARK } = ElementKind;
  const emptyBlock = [RECORD | 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const span = [RECORD | 0x40, 0xff, 0xff, 0xff, 0xff];
  return [
    accepted(
      'in-flight-elements',
      'blocks without rows',
      bytesOf([0], new Array<number[]>(MANY / 10).fill(emptyBlock).flat()),
    ),
    accepted(
      'in-flight-elements',
      'the beginning of an element of four gigabytes',
      Uint8Array.of(0, ...span, 1, 2, 3),
    ),
    refused('in-flight-elements', 'a watermark that is cut off', Uint8Array.of(0, WATERMARK, 1, 2)),
    refused('in-flight-elements', 'a record that is cut off', Uint8Array.of(0, RECORD, 1, 2)),
    refused('in-flight-elements', 'no element', Uint8Array.of(0, 0x0f)),
    refused(
      'in-flight-elements',
      'a block in a block',
      Uint8Array.of(0, ...emptyBlock.with(2, 10), ...emptyBlock),
    ),
    refused(
      'in-flight-elements',
      'text that no row takes',
      Uint8Array.of(0, ...emptyBlock.with(6, 2), 0x61, 0x62),
    ),
    refused(
      'in-flight-elements',
      'an element that spans in one that does',
      Uint8Array.of(0, ...span.fill(0, 2).with(1, 6), ...span, 1),
    ),
  ];
}

function documents(): readonly FoundInput[] {
  const job = '"jobId":"a","key":"k","url":"u","start":"new"';
  return [
    text('type-text', 'a type that is optional without end', `value<int32${'?'.repeat(MANY)}>`),
    text('type-text', 'lists that nest without end', `value<${'['.repeat(MANY)}`),
    text('type-text', 'a state whose name is no pair', 'state:["name"'),
    text('type-text', 'a state whose name is a number', 'state:[5,"value<int32>"]'),
    text('cluster-body', 'a slot before the first', '{"in":-1}'),
    text('cluster-body', 'half a slot', '{"in":1.5}'),
    text(
      'cluster-body',
      'a job without parameters',
      `{"version":1,"state":{"jobs":[{${job},"layers":[]}],"results":[]}}`,
    ),
    text(
      'cluster-body',
      'a result without a time',
      '{"version":1,"state":{"jobs":[],"results":[{"jobId":"a","key":"k","state":"FAILED","epoch":1}]}}',
    ),
    text(
      'requirements',
      'bounds that nothing fits',
      '{"declared":{"a":{"lowerBound":3,"upperBound":2}},"wanted":{}}',
    ),
    text('requirements', 'a list', '{"declared":[],"wanted":{}}'),
    text('claim', 'nothing', 'null'),
    text('claim', 'no keys', '{"name":"0000000001-0000000002","folder":"/x","owner":"/own","jobName":"j"}'),
    text(
      'claim',
      'a key that leads out of its folder',
      '{"name":"0000000001-0000000002","folder":"/x","owner":"/own","jobName":"j","keys":["../../x"]}',
    ),
  ];
}

function connectors(): readonly FoundInput[] {
  const head = 'at,n,mean,big,ok,raw,name\n';
  const deep = `{"id":"","list":[],"map":{},"pairs":[],"shape":{"kind":"dot"},"any":${'['.repeat(MANY)}${']'.repeat(MANY)}}`;
  return [
    text('csv', 'a number that is called as a part of every object', `${head}1,1,constructor,1,1,,\n`, false),
    text('csv', 'digits upon digits, and something else', `${head}1,1,${'1'.repeat(60_000)}x,1,1,,\n`, false),
    text('json-lines', 'a value that nests without end', deep, false),
    text(
      'undeclared-json-lines',
      'a value that nests without end',
      '['.repeat(30_000) + ']'.repeat(30_000),
      false,
    ),
  ];
}

function parquet(): readonly FoundInput[] {
  const file = (...metadata: readonly number[]): Uint8Array =>
    bytesOf(encodeUtf8('PAR1'), metadata, [metadata.length, 0, 0, 0], encodeUtf8('PAR1'));
  // A schema of one node, of so many children, and no row group.
  const root = (children: readonly number[]): Uint8Array =>
    file(0x15, 2, 0x19, 0x1c, 0x48, 1, 0x72, 0x15, ...children, 0, 0x16, 0, 0x19, 0x0c, 0);
  return [
    accepted('parquet-structure', 'no column', root([0])),
    refused('parquet-structure', 'two billion columns', root([0xfe, 0xff, 0xff, 0xff, 0x0f])),
    refused(
      'parquet-structure',
      'a list that is longer than it',
      file(0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07),
    ),
    refused('parquet-structure', 'structs that nest without end', file(...new Array<number>(200).fill(0x1c))),
  ];
}

function configuration(): readonly FoundInput[] {
  const scalar = (kind: number, written: string): Uint8Array => Uint8Array.of(kind, ...encodeUtf8(written));
  return [
    text(
      'configuration-file',
      'objects that nest without end',
      `${'{"a":'.repeat(MANY)}1${'}'.repeat(MANY)}`,
    ),
    refused('scalar-text', 'a duration in a unit that is a part of every object', scalar(0, '1 constructor')),
    refused('scalar-text', 'a duration of four hundred digits', scalar(0, '9'.repeat(400))),
    refused('scalar-text', 'a duration with spaces upon spaces', scalar(0, `1${' '.repeat(MANY)}!`)),
    accepted('scalar-text', 'digits upon digits that are no number', scalar(2, `${'5'.repeat(MANY)}x`)),
    text('properties', 'a line that goes on and on', 'a=\\\n'.repeat(MANY / 2), false),
  ];
}
