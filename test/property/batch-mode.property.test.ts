import fc from 'fast-check';
import t from 'tap';
import {
  type DataStream,
  EventTimeSessionWindows,
  type KeyedProcessFunction,
  type ListState,
  ListStateDescriptor,
  type RuntimeExecutionMode,
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  types,
  WatermarkStrategy,
} from '../../core/index.js';
import { check } from '../check.js';
import { PipelineHarness } from '../driver/index.js';

/** Bounded jobs: what a batch gives against what is left of a stream's results when it has ended. */

interface Row {
  readonly key: string;
  readonly at: number;
  readonly n: number;
}

const row = types.object({ key: types.string, at: types.timestamp, n: types.int32 });

/** Above the greatest time of a row, so that no row is late in the stream. */
const DISORDER = 100;

const byTime = WatermarkStrategy.forBoundedOutOfOrderness<Row>(DISORDER).withTimestampAssigner(
  ({ at }) => at,
);

/** Gathers the rows of a key and tells of them at times that depend on them, but not on the order they come in. */
function gathering(): KeyedProcessFunction<string, Row, string> {
  let held: ListState<number>;
  return {
    open(ctx) {
      held = ctx.getListState(new ListStateDescriptor('held', types.int32));
    },
    processElement({ n, at }, ctx) {
      held.add(n);
      ctx.timerService.registerEventTimeTimer(500 + (at % 3));
      ctx.timerService.registerEventTimeTimer(700 + n);
      ctx.timerService.deleteEventTimeTimer(700 + n);
    },
    onTimer(timestamp, ctx, out) {
      out.collect(`${ctx.currentKey} at ${timestamp}: ${[...held.get()].toSorted().join(' ')}`);
      if (timestamp === 502) held.clear();
    },
  };
}

const add = (a: Row, b: Row): Row => ({ key: a.key, at: Math.max(a.at, b.at), n: a.n + b.n });
const text = ({ key, at, n }: Row): string => `${key} ${at} ${n}`;
const keyOf = ({ key }: Row): string => key;
/** In no order: a batch has one, a stream another. */
const all = (rows: readonly Row[]): string => rows.map(text).toSorted().join('; ');

type Streams = readonly [first: DataStream<Row>, second: DataStream<Row>];

const JOBS = {
  reduce: ([a, b]: Streams) => a.union(b).keyBy(keyOf).reduce(add).map(text),
  tumbling: ([a, b]: Streams) =>
    a.union(b).keyBy(keyOf).window(TumblingEventTimeWindows.of(20)).reduce(add).map(text),
  sliding: ([a, b]: Streams) =>
    a.union(b).keyBy(keyOf).window(SlidingEventTimeWindows.of(30, 10)).reduce(add).map(text),
  session: ([a, b]: Streams) =>
    a.union(b).keyBy(keyOf).window(EventTimeSessionWindows.withGap(7)).reduce(add).map(text),
  process: ([a, b]: Streams) => a.union(b).keyBy(keyOf).process(gathering()),
  windowAll: ([a, b]: Streams) =>
    a
      .union(b)
      .windowAll(TumblingEventTimeWindows.of(25))
      .process<string>({ process: ({ window }, rows, out) => out.collect(`${window.start}: ${all(rows)}`) }),
  intervalJoin: ([a, b]: Streams) =>
    a
      .keyBy(keyOf)
      .intervalJoin(b.keyBy(keyOf))
      .between(-5, 10)
      .fullOuter()
      .process<string>({
        processElement: (x, y, ctx, out) => out.collect(`${x?.n} with ${y?.n} at ${ctx.timestamp}`),
      }),
  join: ([a, b]: Streams) =>
    a
      .join(b)
      .where(keyOf)
      .equalTo(keyOf)
      .window(TumblingEventTimeWindows.of(30))
      .apply((x, y) => `${text(x)} with ${text(y)}`),
  coGroup: ([a, b]: Streams) =>
    a
      .coGroup(b)
      .where(keyOf)
      .equalTo(keyOf)
      .window(SlidingEventTimeWindows.of(40, 20))
      .apply<string>((xs, ys, out) => out.collect(`${all(xs)} with ${all(ys)}`)),
};

type Kind = keyof typeof JOBS;

interface Job {
  readonly kind: Kind;
  readonly first: readonly Row[];
  readonly second: readonly Row[];
  readonly parallelism: number;
}

async function run(job: Job, mode: RuntimeExecutionMode): Promise<string[]> {
  const h = await PipelineHarness.create(
    (env, io) => {
      env.setRuntimeMode(mode);
      const [a, b] = [job.first, job.second].map((rows) =>
        env.fromData(rows, row).assignTimestampsAndWatermarks(byTime).setParallelism(1).returns(row),
      );
      if (a !== undefined && b !== undefined) JOBS[job.kind]([a, b]).sinkTo(io.sink('out'));
    },
    { parallelism: job.parallelism, managedMemory: 64 * 1024 },
  );
  const values = h.take<string>('out').map(({ value }) => value);
  await h.close();
  return values;
}

/** Of a rolling aggregation, the last result of each key stands. */
function final(results: readonly string[], kind: Kind): string[] {
  if (kind !== 'reduce') return results.toSorted();
  return [...new Map(results.map((text) => [text.split(' ')[0], text])).values()].toSorted();
}

const rows = fc.array(
  fc.record({ key: fc.constantFrom('', 'a', 'ab', 'b', 'ü'), at: fc.nat(90), n: fc.nat(20) }),
  { maxLength: 60 },
);

const jobs: fc.Arbitrary<Job> = fc.record({
  kind: fc.constantFrom(...(Object.keys(JOBS) as Kind[])),
  first: rows,
  second: rows,
  parallelism: fc.integer({ min: 1, max: 3 }),
});

t.test('a batch gives the final results of the stream', async () => {
  const property = fc.asyncProperty(jobs, async (job) => {
    const streamed = final(await run(job, 'STREAMING'), job.kind);
    const batched = await run(job, 'BATCH');
    if (JSON.stringify(batched.toSorted()) !== JSON.stringify(streamed)) {
      throw new Error(`BATCH ${batched.toSorted().join(', ')}\nSTREAMING ${streamed.join(', ')}`);
    }
  });
  await check('batches against streams', property, { runs: 150 });
});
