import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import {
  type AccumulatorValue,
  type CheckpointManifest,
  crc32c,
  isMillraceError,
  type OperatorListHandle,
  type PartitionerKind,
  type VertexSnapshot,
} from '../../core/internal.js';
import { decodeLogEntry, encodeLogEntry, type LogEntryHead } from '../../storage/checkpoint/log-entry.js';
import { decodeManifest, encodeManifest, filesOfManifest } from '../../storage/checkpoint/manifest-codec.js';
import { check } from '../check.js';

const plain = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
const natural = fc.maxSafeNat();
const name = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => text !== '__proto__');
const bytes = fc.uint8Array({ maxLength: 40 });
const wholeFile = plain({
  key: fc.stringMatching(/^data\/[0-9]{10}-[0-9]{10}-0-[a-z%0-9]{1,9}$/),
  sizeBytes: natural,
  entryCount: natural,
  crc32c: fc.integer({ min: 0, max: 0xffffffff }),
});
const range = fc.tuple(natural, natural).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
const file = fc.oneof(
  wholeFile,
  fc.tuple(wholeFile, range).map(([whole, keyGroups]) => ({ ...whole, keyGroups })),
);
const keyed = fc
  .tuple(
    range,
    plain({
      format: natural,
      files: fc.array(file, { maxLength: 4 }),
      tables: fc.dictionary(name, name, { maxKeys: 4, noNullPrototype: true }),
    }),
  )
  .map(([{ start, end }, rest]) => ({ keyGroupStart: start, keyGroupEnd: end, ...rest }));
const list = plain({
  mode: fc.constantFrom<OperatorListHandle['mode']>('split', 'union', 'broadcast', 'watermark', 'together'),
  items: fc.array(bytes, { maxLength: 4 }),
});
const operator = plain({
  keyed: fc.option(keyed, { nil: undefined }),
  lists: fc.dictionary(name, list, { maxKeys: 3, noNullPrototype: true }),
});
const edge = plain({
  sourceUid: name,
  inputIndex: natural,
  ordinal: natural,
  partitioner: fc.constantFrom<PartitionerKind>(
    'hash',
    'rebalance',
    'shuffle',
    'global',
    'custom',
    'forward',
  ),
  typeId: name,
  producers: natural,
  channels: fc.array(plain({ producer: natural, number: natural, sizeBytes: natural }), { maxLength: 3 }),
});
const operators = fc.dictionary(name, operator, { maxKeys: 3, noNullPrototype: true });
const subtask = fc.oneof(
  fc.constant('finished' as const),
  plain({ operators }),
  plain({ operators, dataFinished: fc.constant(true as const) }),
  plain({
    operators,
    inFlight: plain({ format: natural, file: wholeFile, edges: fc.array(edge, { maxLength: 2 }) }),
  }),
);
const number = fc.double({ noNaN: true });
const accumulator: fc.Arbitrary<AccumulatorValue> = fc.oneof(
  plain({ kind: fc.constantFrom('sum' as const, 'least' as const, 'greatest' as const), value: number }),
  plain({ kind: fc.constant('mean' as const), sum: number, count: number }),
  plain({
    kind: fc.constant('list' as const),
    values: fc.array(
      fc.oneof(name, fc.integer(), plain({ n: fc.integer(), at: fc.date({ noInvalidDate: true }) })),
      {
        maxLength: 3,
      },
    ),
  }),
  plain({
    kind: fc.constant('histogram' as const),
    counts: fc.array(fc.tuple(number, number), { maxLength: 3 }),
  }),
);
const accumulators = fc.dictionary(name, accumulator, { maxKeys: 3, noNullPrototype: true });
const vertexBase = {
  vertexUid: name,
  maxParallelism: natural.map((most) => Math.max(3, most)),
  subtasks: fc.array(subtask, { minLength: 1, maxLength: 3 }),
  enumerator: fc.option(bytes, { nil: undefined }),
};
const vertex: fc.Arbitrary<VertexSnapshot> = fc
  .oneof(
    plain(vertexBase),
    plain({
      ...vertexBase,
      ended: fc.dictionary(name, accumulators, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
    }),
  )
  .map((rest) => ({ ...rest, parallelism: rest.subtasks.length }));
const manifest: fc.Arbitrary<CheckpointManifest> = plain({
  checkpointId: natural,
  epoch: natural,
  attempt: natural,
  fingerprint: name,
  jobName: name,
  triggeredMs: natural,
  completedMs: natural,
  kind: fc.constantFrom('checkpoint' as const, 'savepoint' as const),
  vertices: fc.array(vertex, { maxLength: 3 }),
});
const head: fc.Arbitrary<LogEntryHead> = plain({
  slot: fc.constant(12),
  epoch: fc.constant(7),
  run: fc.constant(3),
  kind: fc.constant('checkpoint' as const),
  newestCheckpointId: natural,
  checkpointsInRun: natural,
  previousHash: fc.integer({ min: 0, max: 0xffffffff }),
  startedMs: natural,
  holder: fc.oneof(
    plain({ host: name, bootId: name, pid: natural, processStartTime: name }),
    plain({
      host: name,
      bootId: name,
      pid: natural,
      processStartTime: name,
      pidNamespace: fc.string({ minLength: 1 }),
    }),
  ),
  jobId: name,
  checkpointBelow: fc.option(
    plain({ slot: fc.integer({ min: 4, max: 11 }), hash: fc.integer({ min: 0, max: 0xffffffff }) }),
    { nil: undefined },
  ),
  result: fc.constant(undefined),
});

/** The code of the refusal, or what came out. */
function refusalOf<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (isMillraceError(error)) return error.code;
    throw error;
  }
}

t.test('a manifest comes back as it was, with the same bytes', async (t) => {
  await check(
    'manifest round trip',
    fc.property(manifest, (written) => {
      const encoded = encodeManifest(written);
      const read = decodeManifest(encoded, 'slot');
      return isDeepStrictEqual(read, written) && equal(encodeManifest(read), encoded);
    }),
    { runs: 300 },
  );
  t.pass();
});

t.test('bytes that are no manifest are refused, and never break anything else', async (t) => {
  await check(
    'manifest of damaged bytes',
    fc.property(
      manifest,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (written, at, flip, cut) => {
        const encoded = encodeManifest(written);
        const i = at % encoded.length;
        const damaged = cut
          ? encoded.subarray(0, i)
          : encoded.map((byte, j) => (j === i ? byte ^ flip : byte));
        const read = refusalOf(() => decodeManifest(damaged, 'slot'));
        return cut ? read === 'MR3004' : read === 'MR3004' || typeof read === 'object';
      },
    ),
    { runs: 500 },
  );
  await check(
    'manifest of any bytes',
    fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
      const read = refusalOf(() => decodeManifest(Uint8Array.of(1, ...any), 'slot'));
      return read === 'MR3004' || typeof read === 'object';
    }),
    { runs: 500 },
  );
  t.pass();
});

t.test('an entry of the log tells any damage, and what is undamaged of it', async (t) => {
  await check(
    'log entry',
    fc.property(head, fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(7), (written, body, at, bit) => {
      const encoded = encodeLogEntry(written, body);
      const whole = decodeLogEntry(encoded, 12, 'f');
      if ('error' in whole || !isDeepStrictEqual(whole.head, written) || !equal(whole.body, body)) {
        return false;
      }
      const i = at % encoded.length;
      const flipped = encoded.map((byte, j) => (j === i ? byte ^ (1 << bit) : byte));
      for (const damaged of [flipped, encoded.subarray(0, i)]) {
        const read = refusalOf(() => decodeLogEntry(damaged, 12, 'f'));
        if (read === 'MR3004') continue;
        if (typeof read === 'string' || !('error' in read)) return false;
        if (!isDeepStrictEqual(read.head, written)) return false;
      }
      return refusalOf(() => decodeLogEntry(encoded, 13, 'f')) === 'MR3004';
    }),
    { runs: 300 },
  );
  t.pass();
});

const handle = { key: 'data/0000000001-0000000001-0-op.0.base', sizeBytes: 300, entryCount: 2, crc32c: 5 };
const fixed: CheckpointManifest = {
  checkpointId: 1,
  epoch: 1,
  attempt: 0,
  fingerprint: 'abc',
  jobName: 'delays',
  triggeredMs: 1_700_000_000_000,
  completedMs: 1_700_000_000_010,
  kind: 'checkpoint',
  vertices: [
    {
      vertexUid: 'source',
      parallelism: 2,
      maxParallelism: 128,
      subtasks: [
        'finished',
        {
          operators: {
            op: {
              keyed: {
                format: 1,
                keyGroupStart: 0,
                keyGroupEnd: 63,
                files: [handle],
                tables: { b: 'int32', a: '?' },
              },
              lists: { splits: { mode: 'union', items: [Uint8Array.of(1, 2)] } },
            },
          },
        },
      ],
      enumerator: Uint8Array.of(9),
    },
  ],
};

/** The fixed one as it was written by version 2, which knew no in-flight data. */
const VERSION_2 = [
  '02010100036162630664656c61797380d095ffbc318ad095ffbc31000106736f7572636502800102000101026f700101',
  '003f0126646174612f303030303030303030312d303030303030303030312d302d6f702e302e62617365ac0202050000',
  '0000020161013f016205696e743332010673706c6974730101020102010109',
].join('');

/** And by version 3, which forgot what subtasks had accumulated that had ended. */
const VERSION_3 = [
  '03010100036162630664656c61797380d095ffbc318ad095ffbc31000106736f7572636502800102000101026f700101',
  '003f0126646174612f303030303030303030312d303030303030303030312d302d6f702e302e62617365ac0202050000',
  '0000020161013f016205696e743332010673706c697473010102010200010109',
].join('');

t.test('manifests of versions 2 and 3 are read', async (t) => {
  for (const written of [VERSION_2, VERSION_3])
    t.same(decodeManifest(new Uint8Array(Buffer.from(written, 'hex')), 'slot'), fixed);
});

const RESULT_HEAD = {
  slot: 2,
  epoch: 1,
  run: 1,
  kind: 'result',
  newestCheckpointId: 1,
  checkpointsInRun: 1,
  previousHash: 7,
  startedMs: 5,
  holder: { host: 'h', bootId: 'b', pid: 4711, processStartTime: '12' },
  jobId: 'a1',
  checkpointBelow: undefined,
} as const;

t.test('the forms that are stored do not change by accident', async (t) => {
  const encoded = encodeManifest(fixed);
  t.equal(encoded.length, 129);
  t.equal(crc32c(encoded), 2778522182);
  t.same([...filesOfManifest(fixed).values()], [handle]);
  const entry = encodeLogEntry(
    {
      ...RESULT_HEAD,
      result: { state: 'FINISHED', finishedMs: 6, checkpointsKept: true, message: 'm' },
    },
    new Uint8Array(0),
  );
  t.equal(
    Buffer.from(entry).toString('hex'),
    '4d524c45041f000000000000020101040101070000000501680162e724023132026131000000060101016dcdf1ef3400000000',
  );
});

/**
 * As version 1 wrote it, which knew no id of the job, version 2, which knew no checkpoint below, and version 3, which
 * knew no namespace of the holder's process id.
 */
const ENTRIES_BEFORE = [
  ['', '4d524c45011a000000000000020101040101070000000501680162e72402313200060101016da3f2daa400000000'],
  [
    'a1',
    '4d524c45021d000000000000020101040101070000000501680162e72402313202613100060101016d935f85db00000000',
  ],
  [
    'a1',
    '4d524c45031e000000000000020101040101070000000501680162e7240231320261310000060101016df95c71d800000000',
  ],
] as const;

t.test('entries of versions 1 to 3 are read', async (t) => {
  const result = { state: 'FINISHED', finishedMs: 6, checkpointsKept: true, message: 'm' } as const;
  for (const [jobId, written] of ENTRIES_BEFORE) {
    const { head } = decodeLogEntry(new Uint8Array(Buffer.from(written, 'hex')), 2, 'entry');
    t.strictSame(head, { ...RESULT_HEAD, jobId, result });
  }
});

t.test('a checkpoint below that is none of the run is refused', async (t) => {
  for (const slot of [RESULT_HEAD.run, RESULT_HEAD.slot]) {
    const head = {
      ...RESULT_HEAD,
      checkpointBelow: { slot, hash: 7 },
      result: undefined,
      kind: 'void',
    } as const;
    t.equal(
      refusalOf(() => decodeLogEntry(encodeLogEntry(head, new Uint8Array(0)), 2, 'entry')),
      'MR3004',
    );
  }
});

t.test('the result of a run says what it was stopped with', async (t) => {
  const ended = { state: 'FINISHED', finishedMs: 6, checkpointsKept: true } as const;
  for (const result of [ended, { ...ended, message: 'm' }, { ...ended, savepointPath: '/s/p' }]) {
    const entry = encodeLogEntry({ ...RESULT_HEAD, result }, new Uint8Array(0));
    t.strictSame(decodeLogEntry(entry, 2, 'entry').head.result, result);
  }
  const long = encodeLogEntry(
    { ...RESULT_HEAD, result: { ...ended, savepointPath: 'p'.repeat(9000) } },
    new Uint8Array(0),
  );
  t.strictSame(decodeLogEntry(long, 2, 'entry').head.result, ended, 'a part of a path would be another one');
});

t.test('names that objects treat specially are refused', async (t) => {
  const lists = Object.fromEntries([['__proto__', { mode: 'split' as const, items: [] }]]);
  const operators = { op: { keyed: undefined, lists } };
  const [vertex] = fixed.vertices;
  if (vertex === undefined) throw new Error('the fixed manifest has a vertex');
  const vertices = [{ ...vertex, subtasks: [{ operators }] }];
  t.throws(() => encodeManifest({ ...fixed, vertices }), { code: 'MR3007' });
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}
