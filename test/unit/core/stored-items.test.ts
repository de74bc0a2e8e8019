import t from 'tap';
import {
  InputStatus,
  SequentialSourceReader,
  type Sink,
  type Source,
  type TypeDescriptor,
  types,
  WatermarkStrategy,
} from '../../../core/index.js';
import { encodePlain } from '../../../core/operator/operator-list.js';
import {
  decodeValue,
  encodeValue,
  itemDecoder,
  itemsKey,
  type StoredItems,
  storedItemsType,
  storedValueType,
} from '../../../core/operator/stored-items.js';
import { ByteReader } from '../../../core/serde/byte-reader.js';
import { ThreadCodecFactory } from '../../../memory/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';

const CODECS = new ThreadCodecFactory();

function items<T>(type: TypeDescriptor<T> | undefined): StoredItems<T> {
  return { name: 'splits', what: 'splits of the source', type };
}

const FIRST = types.object({ path: types.string, at: types.int32, gone: types.boolean });
const SECOND = types.object(
  { at: types.float64, file: types.string, retries: types.withDefault(types.int32, 3) },
  { renamed: { file: 'path' } },
);

t.test('a list of declared items has their type in its name, one of others has none', async (t) => {
  t.equal(itemsKey(items(undefined)), 'splits');
  t.equal(itemsKey(items(types.dynamic())), 'splits');
  const key = itemsKey(items(FIRST));
  t.equal(key, 'splits:{path:string,at:int32,gone:boolean}');
  t.equal(storedItemsType('splits', key), '{path:string,at:int32,gone:boolean}');
  t.equal(storedItemsType('splits', 'splits'), '');
  t.equal(storedItemsType('splits', 'splits-of-others'), undefined);
});

t.test('a value says of what type it is; undeclared, it has the bytes that it always had', async (t) => {
  const value = { path: 'a', at: 5, gone: true };
  const codec = CODECS.codecFor<unknown>(types.dynamic());
  t.same(encodeValue(items(undefined), value, CODECS), encodePlain(codec, value));
  t.equal(storedValueType(encodePlain(codec, value)), '');
  const bytes = encodeValue(items(FIRST), value, CODECS);
  t.equal(storedValueType(bytes), '{path:string,at:int32,gone:boolean}');
  t.same(decodeValue(items(FIRST), bytes, CODECS), value);
  t.same(decodeValue(items(SECOND), bytes, CODECS), { at: 5, file: 'a', retries: 3 });
  t.same(decodeValue(items(undefined), bytes, CODECS), value, 'that is declared no more');
  const old = encodePlain(codec, { path: 'a', at: 5, gone: true });
  t.same(decodeValue(items(FIRST), old, CODECS), value, 'that was not declared yet');
});

t.test('the forms that are stored do not change by accident', async (t) => {
  const split = types.object({ at: types.int32 });
  const hex = (type: TypeDescriptor<{ at: number }> | undefined) =>
    Buffer.from(encodeValue(items(type), { at: 5 }, CODECS)).toString('hex');
  t.equal(hex(split), '000a7b61743a696e7433327d05000000');
  t.same(decodeValue(items(split), Buffer.from('000a7b61743a696e7433327d05000000', 'hex'), CODECS), {
    at: 5,
  });
  t.not(hex(undefined).slice(0, 2), '00', 'what is undeclared begins with its length');
});

t.test('what cannot be taken is refused by the field that differs', async (t) => {
  const narrower = items(types.object({ path: types.string, at: types.boolean }));
  t.throws(() => itemDecoder(itemsKey(items(FIRST)).slice('splits:'.length), narrower, CODECS), {
    code: 'MR2103',
    what: "The splits of the source, field 'at', is stored as int32, and declared as boolean.",
  });
  const bytes = encodePlain(CODECS.codecFor<unknown>(types.dynamic()), { path: 7 });
  t.throws(() => itemDecoder('', items(FIRST), CODECS)(new ByteReader(bytes)), {
    code: 'MR2103',
    what: /One of the splits of the source does not have the type/,
  });
});

/** What is different between two versions of a job's source and sink. */
interface Version {
  readonly split?: TypeDescriptor<Record<string, unknown>>;
  readonly batch?: TypeDescriptor<Record<string, unknown>>;
  readonly writer?: TypeDescriptor<Record<string, unknown>>;
  /** Makes the first split, what the writer keeps, and what is to be committed. */
  made(n: number): Record<string, unknown>;
  readonly commits?: boolean;
}

/** What the second version is given back. */
interface Given {
  readonly splits: unknown[];
  readonly enumerator: unknown[];
  readonly states: unknown[];
  readonly committed: unknown[];
}

function jobOf(version: Version, given: Given): HarnessBuild {
  const source: Source<number, Record<string, unknown>, readonly Record<string, unknown>[]> = {
    boundedness: 'continuous-unbounded',
    ...(version.split && { splitType: version.split, enumeratorStateType: types.array(version.split) }),
    // The first subtask takes one split; the others stay with the enumerator.
    createEnumerator: (context) => ({
      start: () => context.assignSplit(version.made(0), 0),
      handleSplitRequest: () => {},
      snapshotState: () => [version.made(1)],
    }),
    restoreEnumerator: (_context, state) => {
      given.enumerator.push(...state);
      return { start: () => {}, handleSplitRequest: () => {}, snapshotState: () => state };
    },
    createReader: (context) =>
      new SequentialSourceReader(context, (split: Record<string, unknown>) => {
        given.splits.push(split);
        return {
          poll: () => InputStatus.NOTHING_AVAILABLE,
          isAvailable: () => new Promise<void>(() => {}),
          snapshot: () => split,
          close: () => {},
        };
      }),
  };
  const sink: Sink<unknown, Record<string, unknown>, Record<string, unknown>> = {
    ...(version.batch && { committableType: version.batch }),
    ...(version.writer && { writerStateType: version.writer }),
    createWriter: (_context, restored) => {
      given.states.push(...restored);
      return {
        write: () => {},
        flush: () => {},
        prepareCommit: () => [version.made(2)],
        snapshotState: () => [version.made(3)],
      };
    },
    ...(version.commits !== false && {
      createCommitter: () => ({
        commit: async (committables) => {
          given.committed.push(...committables);
        },
      }),
    }),
  };
  return (env) => {
    env
      .fromSource(source, WatermarkStrategy.noWatermarks(), 'source')
      .uid('source')
      .sinkTo(sink, 'sink')
      .uid('sink');
  };
}

const nothing = (): Given => ({ splits: [], enumerator: [], states: [], committed: [] });
const AT = { parallelism: 1, maxParallelism: 4 };
const OLD: Version = { made: (n) => ({ path: 'p', at: n, gone: true }) };
const DECLARED: Version = { ...OLD, split: FIRST, batch: FIRST, writer: FIRST };
const CHANGED: Version = {
  split: SECOND,
  batch: SECOND,
  writer: SECOND,
  made: (n) => ({ file: 'p', at: n, retries: 0 }),
};

async function moved(from: Version, to: Version): Promise<Given> {
  const before = await PipelineHarness.create(jobOf(from, nothing()), AT);
  const taken = await before.snapshot();
  await before.close();
  const given = nothing();
  const after = await PipelineHarness.restore(taken, jobOf(to, given), { parallelism: 1 });
  await after.close();
  return given;
}

t.test('what sources and sinks keep comes back as it is declared now', async (t) => {
  for (const [name, from, to] of [
    ['as it was', DECLARED, DECLARED],
    ['undeclared', OLD, OLD],
    ['declared since', OLD, DECLARED],
    ['declared no more', DECLARED, OLD],
  ] as const) {
    const [splits, enumerator, committed, states] = [0, 1, 2, 3].map((n) => [
      { path: 'p', at: n, gone: true },
    ]);
    t.same(await moved(from, to), { splits, enumerator, committed, states }, name);
  }
  const [splits, enumerator, committed, states] = [0, 1, 2, 3].map((n) => [{ file: 'p', at: n, retries: 3 }]);
  t.same(
    await moved(DECLARED, CHANGED),
    { splits, enumerator, committed, states },
    'added, removed, renamed, widened',
  );
});

t.test('what they cannot take is refused, by operator, what it is, and field', async (t) => {
  const other = types.object({ path: types.string, at: types.boolean });
  for (const [change, uid, what] of [
    [{ split: other }, 'source', /(splits of the source|state of the split enumerator), field '(\[\]\.)?at'/],
    [{ batch: other }, 'sink', /committables of the sink, field 'committable\.at', is stored as int32/],
    [
      { writer: other },
      'sink',
      /state of the sink writer, field 'at', is stored as int32, and declared as boolean/,
    ],
  ] as const) {
    await t.rejects(moved(DECLARED, { ...DECLARED, ...change }), { code: 'MR2103', where: { uid }, what });
  }
  await t.rejects(moved(OLD, { ...OLD, commits: false }), {
    code: 'MR2103',
    what: /the sink has no committer/,
  });
});
