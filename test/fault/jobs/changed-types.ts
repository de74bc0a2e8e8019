import {
  DataGeneratorSource,
  defineJob,
  FileSink,
  type TypeDescriptor,
  types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from 'millrace';

interface Visits {
  readonly key: number;
  readonly n: number;
  /** Since the second version. */
  readonly since?: number;
}

/** How the state is declared in each version of the job, and made of what it is there. */
const VERSIONS: Readonly<
  Record<string, { readonly type: TypeDescriptor<unknown>; of(visits: Visits): unknown }>
> = {
  first: {
    type: types.object({
      user: types.int32,
      count: types.int32,
      mark: types.string,
    }) as TypeDescriptor<unknown>,
    of: ({ key, n }) => ({ user: key, count: n, mark: `the mark of ${key}` }),
  },
  /** A field less, one more, one renamed and widened, one widened. */
  second: {
    type: types.object(
      { count: types.float64, since: types.withDefault(types.timestamp, 77), visitor: types.bigint },
      { renamed: { visitor: 'user' } },
    ) as TypeDescriptor<unknown>,
    of: ({ key, n, since }) => ({ count: n, since, visitor: BigInt(key) }),
  },
  wrong: {
    type: types.object({ count: types.string, since: types.timestamp }) as TypeDescriptor<unknown>,
    of: ({ n, since }) => ({ count: String(n), since }),
  },
};

/** Numbers each record of a key: `--output DIR --version first|second|wrong`. It never ends. */
export default defineJob(import.meta.url, (env, params) => {
  const version = VERSIONS[params.get('version', 'first')];
  if (version === undefined) throw new Error('There is no such version.');
  const source = new DataGeneratorSource((index) => index, 'unbounded', { ratePerSecond: 5000 });
  let state: ValueState<unknown>;
  env
    .fromSource(source, WatermarkStrategy.noWatermarks(), 'numbers')
    .uid('numbers')
    .keyBy((n) => n % 7, types.int32)
    .process<Visits>({
      open(ctx) {
        state = ctx.getState(new ValueStateDescriptor<unknown>('visits', version.type));
      },
      processElement(n, _ctx, out) {
        const before = state.value() as { count: number; since?: number; visitor?: bigint } | undefined;
        const visits: Visits = {
          key: before?.visitor === undefined ? n % 7 : Number(before.visitor),
          n: (before?.count ?? 0) + 1,
          ...(before?.since === undefined ? {} : { since: before.since }),
        };
        state.update(version.of(visits));
        out.collect(visits);
      },
    })
    .uid('visits')
    .sinkTo(FileSink.jsonLines(params.require('output')), 'files')
    .uid('files');
});
