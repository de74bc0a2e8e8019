import t from 'tap';
import type { DataStream } from '../../../core/api/data-stream.js';
import { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import { types } from '../../../core/serde/types.js';
import { ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import { CountTrigger } from '../../../core/window/count-trigger.js';
import { EventTimeSessionWindows } from '../../../core/window/event-time-session-windows.js';
import { EventTimeTrigger } from '../../../core/window/event-time-trigger.js';
import { SlidingEventTimeWindows } from '../../../core/window/sliding-event-time-windows.js';
import { TimeWindow } from '../../../core/window/time-window.js';
import { TumblingEventTimeWindows } from '../../../core/window/tumbling-event-time-windows.js';
import type { MergingWindowAssigner, WindowAssigner } from '../../../core/window/window-assigner.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';
import { refused } from '../../refused.js';

interface Sale {
  readonly item: string;
  readonly n: number;
}

const sales = [
  { item: 'a', n: 3 },
  { item: 'b', n: 7 },
  { item: 'a', n: 1 },
  { item: 'a', n: 3 },
  { item: 'b', n: 5 },
] as const;

const hour = TumblingEventTimeWindows.of(1000);

async function taken<R>(build: (stream: DataStream<Sale>) => DataStream<R>): Promise<unknown[]> {
  const harness = await PipelineHarness.create((_env, io) => {
    build(io.source<Sale>('in')).sinkTo(io.sink('out'));
  });
  for (const [at, sale] of sales.entries()) await harness.push('in', sale, at);
  await harness.endInput('in');
  const values = harness.take('out').map(({ value }) => value);
  await harness.close();
  return values;
}

const sorted = (values: unknown[]) => values.map((value) => JSON.stringify(value)).sort();

t.test('sums and extremes of windows by fields', async (t) => {
  const windowed = (stream: DataStream<Sale>) => stream.keyBy(({ item }) => item).window(hour);
  const of = (n: number, m: number) =>
    sorted([
      { item: 'a', n },
      { item: 'b', n: m },
    ]);
  t.strictSame(sorted(await taken((stream) => windowed(stream).sum('n'))), of(7, 12));
  t.strictSame(sorted(await taken((stream) => windowed(stream).min('n'))), of(1, 5));
  t.strictSame(sorted(await taken((stream) => windowed(stream).max('n'))), of(3, 7));
  t.strictSame(sorted(await taken((stream) => windowed(stream).minBy('n'))), of(1, 5));
  t.strictSame(sorted(await taken((stream) => windowed(stream).maxBy('n', false))), of(3, 7));
});

t.test('windowAll sees all records, in one subtask', async (t) => {
  t.strictSame(await taken((stream) => stream.windowAll(hour).sum('n')), [{ item: 'a', n: 19 }]);
  t.strictSame(await taken((stream) => stream.windowAll(hour).maxBy('n')), [{ item: 'b', n: 7 }]);
  const process = (stream: DataStream<Sale>) =>
    stream
      .windowAll(SlidingEventTimeWindows.of(4, 2))
      .reduce<string>((a, b) => ({ item: a.item, n: a.n + b.n }), {
        process(ctx, [sum], out) {
          out.collect(`${ctx.window.start}: ${sum?.n}`);
        },
      });
  t.strictSame(await taken(process), ['-2: 10', '0: 14', '2: 9', '4: 5']);
  const apply = (stream: DataStream<Sale>) =>
    stream
      .windowAll(hour)
      .apply<number>((window, elements, out) => out.collect(window.end + elements.length));
  t.strictSame(await taken(apply), [1005]);
  const build = () => new StreamExecutionEnvironment().fromSequence(1, 2).windowAll(hour).sum();
  t.equal(refused(() => build().setParallelism(2)).code, 'MR1001');
  t.equal(refused(() => build().setMaxParallelism(128)).code, 'MR1001');
  t.ok(build().setParallelism(1));
});

t.test('windows by count', async (t) => {
  const totals = (stream: DataStream<Sale>) =>
    stream
      .countWindowAll(2)
      .sum('n')
      .map(({ n }) => n);
  t.strictSame(await taken(totals), [10, 4], 'the fifth waits for a sixth');
  const last = (stream: DataStream<Sale>) =>
    stream
      .countWindowAll(3, 2)
      .sum('n')
      .map(({ n }) => n);
  t.strictSame(await taken(last), [10, 11], 'the last three, after every second');
  const byKey = (stream: DataStream<Sale>) =>
    stream
      .keyBy(({ item }) => item)
      .countWindow(2)
      .sum('n');
  t.strictSame(
    sorted(await taken(byKey)),
    sorted([
      { item: 'a', n: 4 },
      { item: 'b', n: 12 },
    ]),
  );
  const stream = new StreamExecutionEnvironment().fromSequence(1, 2);
  for (const [size, slide] of [
    [0, undefined],
    [1.5, undefined],
    [2, 0],
    [0, 2],
  ] as const) {
    t.equal(refused(() => stream.countWindowAll(size, slide)).code, 'MR1001');
    t.equal(refused(() => stream.keyBy((n) => n).countWindow(size, slide)).code, 'MR1001');
  }
});

interface Offer {
  readonly name: string;
  readonly price: number;
}

/** Offers and sales into two windows, of which the second has no sale. */
async function together<R>(build: (offers: DataStream<Offer>, sold: DataStream<Sale>) => DataStream<R>) {
  const both: HarnessBuild = (_env, io) => {
    build(io.source<Offer>('offers'), io.source<Sale>('sales')).sinkTo(io.sink('out'));
  };
  let harness = await PipelineHarness.create(both);
  await harness.push('offers', { name: 'a', price: 2 }, 10);
  await harness.push('sales', { item: 'a', n: 3 }, 900);
  await harness.push('offers', { name: 'a', price: 5 }, 20);
  // The pairs are in the snapshot.
  harness = await PipelineHarness.restore(await harness.snapshot(), both, {});
  await harness.push('sales', { item: 'b', n: 4 }, 30);
  await harness.push('offers', { name: 'b', price: 1 }, 1000);
  await harness.endInput('offers');
  await harness.endInput('sales');
  const records = harness.take('out').map(({ value, timestamp }) => [value, timestamp]);
  await harness.close();
  return records;
}

t.test('a window join gives each pair of a window', async (t) => {
  const joined = (offers: DataStream<Offer>, sold: DataStream<Sale>) =>
    offers
      .join(sold)
      .where(({ name }) => name)
      .equalTo(({ item }) => item)
      .window(hour);
  t.strictSame(
    await together((offers, sold) => joined(offers, sold).apply((offer, sale) => offer.price * sale.n)),
    [
      [6, 999],
      [15, 999],
    ],
  );
  const flat = await together((offers, sold) =>
    joined(offers, sold)
      .trigger(EventTimeTrigger.create())
      .allowedLateness(10)
      .apply<string>((offer, sale, out) => {
        for (let i = 0; i < offer.price - 3; i++) out.collect(`${offer.name}${sale.n}`);
      }),
  );
  t.strictSame(flat, [
    ['a3', 999],
    ['a3', 999],
  ]);
});

t.test('a coGroup sees keys that one side alone has', async (t) => {
  const grouped = await together((offers, sold) =>
    offers
      .coGroup(sold)
      .where(({ name }) => name)
      .equalTo(({ item }) => item)
      .window(hour)
      .apply<string>((left, right, out) =>
        out.collect(`${left.map(({ price }) => price)}|${right.map(({ n }) => n)}`),
      ),
  );
  t.strictSame(grouped.map(([text, timestamp]) => `${text}@${timestamp}`).sort(), [
    '1|@1999',
    '2,5|3@999',
    '|4@999',
  ]);
});

t.test('declared types go through a join as declared ones', async (t) => {
  const env = new StreamExecutionEnvironment();
  const offer = types.object({ name: types.string, price: types.int32 });
  const sale = types.object({ item: types.string, n: types.int32 });
  env
    .fromData<Offer>([], offer)
    .join(env.fromData<Sale>([], sale))
    .where(({ name }) => name)
    .equalTo(({ item }) => item)
    .window(hour)
    .apply((a, b) => a.price + b.n);
  const kinds = env
    .describe()
    .graph.nodes.map(({ outputType }) => (typeof outputType === 'object' ? outputType.kind : ''));
  t.strictSame(kinds.filter((kind) => kind === 'object').length, 4);
  t.equal(
    refused(() => new StreamExecutionEnvironment().fromData([1]).join(env.fromData([1]))).code,
    'MR1001',
  );
  t.equal(refused(() => env.fromData([1]).coGroup(undefined as never)).code, 'MR1001');
});

t.test('windows that users make, growing ones too', async (t) => {
  const byItem: WindowAssigner<Sale> = {
    assignWindows: ({ n }, timestamp) => [new TimeWindow(timestamp, timestamp + n)],
    getDefaultTrigger: () => new EventTimeTrigger(),
    isEventTime: () => true,
  };
  const windows = (stream: DataStream<Sale>, assigner: WindowAssigner<Sale>) =>
    stream.windowAll(assigner).apply<string>((window, elements, out) => {
      out.collect(`${window.start}-${window.end}: ${elements.length}`);
    });
  t.strictSame(await taken((stream) => windows(stream, byItem)), [
    '0-3: 1',
    '2-3: 1',
    '3-6: 1',
    '1-8: 1',
    '4-9: 1',
  ]);
  /** Like sessions, but windows that only touch stay apart. */
  const overlapping: MergingWindowAssigner<Sale> = {
    ...byItem,
    mergeWindows(all, merge) {
      TimeWindow.mergeWindows(
        all.map(({ start, end }) => new TimeWindow(start * 2, end * 2 - 1)),
        (from, into) =>
          merge(
            from.map(({ start, end }) => new TimeWindow(start / 2, (end + 1) / 2)),
            new TimeWindow(into.start / 2, (into.end + 1) / 2),
          ),
      );
    },
  };
  t.strictSame(await taken((stream) => windows(stream, overlapping)), ['0-9: 5']);
});

t.test('misuse of windows is told with a code', async (t) => {
  const stream = new StreamExecutionEnvironment().fromSequence(1, 2);
  const keyed = stream.keyBy((n) => n);
  const untyped = stream as unknown as typeof keyed;
  t.match(refused(() => untyped.window(hour)).message, /no keys/);
  t.match(refused(() => untyped.countWindow(2)).message, /no keys/);
  t.equal(refused(() => keyed.window({} as never)).code, 'MR1001');
  t.equal(refused(() => stream.windowAll(undefined as never)).code, 'MR1001');
  t.equal(refused(() => keyed.window(hour).allowedLateness(-1)).code, 'MR1001');
  t.equal(refused(() => keyed.window(hour).evictor(undefined as never)).code, 'MR1001');
  t.equal(refused(() => keyed.window(hour).sum('x' as never)).code, 'MR1001');
  const mergeless = {
    createAccumulator: () => 0,
    add: (n: number, acc: number) => n + acc,
    getResult: (n: number) => n,
  };
  t.match(
    refused(() => keyed.window(EventTimeSessionWindows.withGap(1)).aggregate(mergeless)).message,
    /merge/,
  );
  t.ok(keyed.window(EventTimeSessionWindows.withGap(1)).evictor({}).aggregate(mergeless));
  t.equal(refused(() => EventTimeSessionWindows.withGap(0)).code, 'MR1001');
  t.equal(refused(() => EventTimeSessionWindows.withDynamicGap(undefined as never)).code, 'MR1001');
  t.ok(keyed.window(EventTimeSessionWindows.withGap(1)).trigger(CountTrigger.of(1)));
});

t.test('a window that may merge has no state of its own', async (t) => {
  const harness = await PipelineHarness.create((_env, io) => {
    io.source<Sale>('in')
      .keyBy(({ item }) => item)
      .window(EventTimeSessionWindows.withDynamicGap(({ n }) => n))
      .process<number>({
        process(_key, ctx, elements, out) {
          const total = ctx.globalState().getState(new ValueStateDescriptor('total', types.int32));
          total.update((total.value() ?? 0) + elements.length);
          if (elements.length > 1) ctx.windowState();
          out.collect(total.value() ?? 0);
        },
      })
      .sinkTo(io.sink('out'));
  });
  await harness.push('in', { item: 'a', n: 3 }, 0);
  await harness.watermark('in', 10);
  await harness.push('in', { item: 'a', n: 1 }, 20);
  await harness.watermark('in', 30);
  t.strictSame(
    harness.take('out').map(({ value }) => value),
    [1, 2],
  );
  await harness.push('in', { item: 'a', n: 3 }, 40);
  await harness.push('in', { item: 'a', n: 3 }, 41);
  await t.rejects(harness.watermark('in', 50), { code: 'MR2009' });
});
