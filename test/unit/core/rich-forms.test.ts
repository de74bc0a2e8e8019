import t from 'tap';
import { AsyncDataStream } from '../../../core/api/async-data-stream.js';
import type { DataStream } from '../../../core/api/data-stream.js';
import { IntCounter } from '../../../core/operator/accumulator.js';
import type { AsyncFunction } from '../../../core/operator/async-function.js';
import type { KeyedRuntimeContext } from '../../../core/operator/keyed-process-function.js';
import type { RichFunction } from '../../../core/operator/rich-function.js';
import type { RichReduceFunction } from '../../../core/operator/rich-functions.js';
import { types } from '../../../core/serde/types.js';
import type { ReduceFunction } from '../../../core/state/aggregate-function.js';
import type { ListState } from '../../../core/state/list-state.js';
import { ListStateDescriptor, ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import type { ValueState } from '../../../core/state/value-state.js';
import type { ProcessWindowFunction } from '../../../core/window/process-window-function.js';
import { TumblingEventTimeWindows } from '../../../core/window/tumbling-event-time-windows.js';
import { build } from '../../build.js';
import { PipelineHarness } from '../../driver/index.js';
import { InlineJob, RecordingSink } from '../../inline-job.js';
import { refused } from '../../refused.js';

const window = TumblingEventTimeWindows.of(10);
const even = (n: number): boolean => n % 2 === 0;

/** A life that notes what is called. */
function noted(log: string[]): RichFunction<unknown> {
  return {
    initializeState: () => void log.push('initialize'),
    open: () => void log.push('open'),
    snapshotState: () => void log.push('snapshot'),
    close: () => void log.push('close'),
  };
}

interface Form {
  readonly name: string;
  build(numbers: DataStream<number>, life: RichFunction<unknown>): DataStream<string>;
  readonly results: readonly string[];
}

const FORMS: readonly Form[] = [
  {
    name: 'reduce',
    build: (numbers, life) =>
      numbers
        .keyBy(even)
        .reduce({ ...life, reduce: (a, b) => a + b })
        .map(String),
    results: ['1', '2', '4', '6'],
  },
  {
    name: 'process of a window',
    build: (numbers, life) =>
      numbers
        .keyBy(even)
        .window(window)
        .process<string>({
          ...life,
          process: (key, _ctx, elements, out) => out.collect(`${key} ${elements}`),
        }),
    results: ['false 1,3', 'true 2,4'],
  },
  {
    name: 'apply of a window',
    build: (numbers, life) =>
      numbers
        .keyBy(even)
        .window(window)
        .apply<string>({
          ...life,
          apply: (key, { end }, elements, out) => out.collect(`${key} ${end} ${elements}`),
        }),
    results: ['false 10 1,3', 'true 10 2,4'],
  },
  {
    name: 'process of a window over all',
    build: (numbers, life) =>
      numbers
        .windowAll(window)
        .process<string>({ ...life, process: (_ctx, elements, out) => out.collect(`${elements}`) }),
    results: ['1,2,3,4'],
  },
  {
    name: 'apply of a window over all',
    build: (numbers, life) =>
      numbers
        .windowAll(window)
        .apply<string>({ ...life, apply: ({ start }, all, out) => out.collect(`${start} ${all}`) }),
    results: ['0 1,2,3,4'],
  },
  {
    name: 'coGroup',
    build: (numbers, life) =>
      numbers
        .coGroup(numbers.filter((n) => n > 2))
        .where(even)
        .equalTo(even)
        .window(window)
        .apply<string>({ ...life, coGroup: (left, right, out) => out.collect(`${left} with ${right}`) }),
    results: ['1,3 with 3', '2,4 with 4'],
  },
  {
    name: 'join',
    build: (numbers, life) =>
      numbers
        .join(numbers.filter((n) => n > 2))
        .where(even)
        .equalTo(even)
        .window(window)
        .apply<string>({ ...life, join: (left, right) => `${left} with ${right}` }),
    results: ['1 with 3', '2 with 4', '3 with 3', '4 with 4'],
  },
];

for (const form of FORMS) {
  t.test(`${form.name} may be an object with a life`, async (t) => {
    const log: string[] = [];
    const harness = await PipelineHarness.create((_env, io) => {
      form.build(io.source<number>('in'), noted(log)).sinkTo(io.sink('out'));
    });
    for (const n of [1, 2, 3, 4]) await harness.push('in', n, n);
    await harness.snapshot();
    await harness.endInput('in');
    t.strictSame(
      harness
        .take('out')
        .map(({ value }) => value)
        .sort(),
      form.results,
    );
    await harness.close();
    t.strictSame([...new Set(log)], ['initialize', 'open', 'snapshot', 'close']);
    t.strictSame(log.filter((call) => call === 'close').length, 1);
  });
}

async function batch(
  describe: (numbers: DataStream<number>) => DataStream<string>,
): Promise<readonly string[]> {
  const sink = new RecordingSink<string>();
  const job = build((env) => {
    describe(env.setRuntimeMode('BATCH').fromData([1, 2, 3, 4], types.int32)).sinkTo(sink);
  });
  await (await InlineJob.start(job, {})).run();
  return sink.values;
}

t.test('functions of partitions, and a reduce in a batch, have a life too', async (t) => {
  for (const [name, results, describe] of [
    [
      'mapPartition',
      ['1,2,3,4'],
      (numbers, life) =>
        numbers
          .fullWindowPartition()
          .mapPartition<string>({ ...life, mapPartition: (all, out) => out.collect(`${[...all]}`) }),
    ],
    [
      'reduce of a partition',
      ['10'],
      (numbers, life) =>
        numbers
          .fullWindowPartition()
          .reduce({ ...life, reduce: (a, b) => a + b })
          .map(String),
    ],
    [
      'aggregate of a partition',
      ['4'],
      (numbers, life) =>
        numbers
          .fullWindowPartition()
          .aggregate<number, number>({
            ...life,
            createAccumulator: () => 0,
            add: (_value, count) => count + 1,
            getResult: (count) => count,
          })
          .map(String),
    ],
    ['reduce', [4, 6], (numbers, life) => numbers.keyBy(even).reduce({ ...life, reduce: (a, b) => a + b })],
  ] as [string, string[], Form['build']][]) {
    const log: string[] = [];
    t.strictSame(await batch((numbers) => describe(numbers, noted(log))), results, name);
    t.strictSame(log, ['initialize', 'open'], name);
  }
});

t.test(
  'a reduce with a life has state of the key, and what it folded is that of the plain form',
  async (t) => {
    const folds = (): RichReduceFunction<number> => {
      let count: ValueState<number>;
      return {
        open(ctx) {
          count = ctx.getState(new ValueStateDescriptor('count', types.int32));
        },
        reduce(a, b) {
          count.update((count.value() ?? 0) + 1);
          return a + b + 100 * (count.value() ?? 0);
        },
      };
    };
    const summed = (fn: ReduceFunction<number> | RichReduceFunction<number>) =>
      PipelineHarness.create((_env, io) => {
        io.source<number>('in').keyBy(even).reduce(fn).uid('sums').sinkTo(io.sink('out'));
      });
    const harness = await summed(folds());
    for (const n of [1, 2, 3, 4, 5]) await harness.push('in', n);
    t.strictSame(
      harness.take('out').map(({ value }) => value),
      [1, 2, 104, 106, 309],
    );
    await harness.close();
  },
);

t.test('a window function asks for state of the key when it is opened', async (t) => {
  const seen = (): ProcessWindowFunction<boolean, number, string> => {
    let count: ValueState<number>;
    return {
      open(ctx: KeyedRuntimeContext) {
        count = ctx.getState(new ValueStateDescriptor('windows', types.int32));
      },
      process(key, ctx, elements, out) {
        const before = count.value() ?? 0;
        count.update(before + 1);
        const same = ctx.globalState().getState(new ValueStateDescriptor('windows', types.int32)).value();
        out.collect(`${key}: ${before} before, ${same} now, ${elements}`);
      },
    };
  };
  const harness = await PipelineHarness.create((_env, io) => {
    io.source<number>('in').keyBy(even).window(window).process(seen()).sinkTo(io.sink('out'));
  });
  for (const n of [1, 2, 12]) await harness.push('in', n, n);
  await harness.endInput('in');
  t.strictSame(
    harness
      .take('out')
      .map(({ value }) => value)
      .sort(),
    ['false: 0 before, 1 now, 1', 'true: 0 before, 1 now, 2', 'true: 1 before, 2 now, 12'],
  );
  await harness.close();
});

t.test('operator state and accumulators of a window function come back after a restore', async (t) => {
  const fired = (): ProcessWindowFunction<boolean, number, string> => {
    const windows = new IntCounter();
    let kept: ListState<number>;
    let sizes: number[] = [];
    return {
      initializeState(ctx) {
        kept = ctx.getOperatorStateStore().getListState(new ListStateDescriptor('sizes', types.int32));
        sizes = kept.get();
      },
      open: (ctx) => ctx.addAccumulator('windows', windows),
      process(_key, _ctx, elements, out) {
        windows.add(1);
        sizes.push(elements.length);
        out.collect(`${windows.getLocalValue()} ${sizes}`);
      },
      snapshotState: () => kept.update(sizes),
    };
  };
  const describe = (_env: unknown, io: Parameters<Parameters<typeof PipelineHarness.create>[0]>[1]) => {
    io.source<number>('in').keyBy(even).window(window).process(fired()).uid('w').sinkTo(io.sink('out'));
  };
  const first = await PipelineHarness.create(describe);
  await first.push('in', 1, 1);
  await first.push('in', 3, 3);
  await first.watermark('in', 20);
  t.strictSame(
    first.take('out').map(({ value }) => value),
    ['1 2'],
  );
  const snapshot = await first.snapshot();
  await first.close();
  const next = await PipelineHarness.restore(snapshot, describe);
  await next.push('in', 5, 25);
  await next.endInput('in');
  t.strictSame(
    next.take('out').map(({ value }) => value),
    ['2 2,1'],
  );
  await next.close();
});

t.test('accumulators of an asynchronous function come back after a restore', async (t) => {
  const asking = (): AsyncFunction<number, number> => {
    const asked = new IntCounter();
    return {
      open: (ctx) => ctx.addAccumulator('asked', asked),
      asyncInvoke(n) {
        asked.add(1);
        return Promise.resolve(n * 100 + asked.getLocalValue());
      },
    };
  };
  const describe = (_env: unknown, io: Parameters<Parameters<typeof PipelineHarness.create>[0]>[1]) => {
    const asked = AsyncDataStream.orderedWait(io.source<number>('in'), asking(), '1 s');
    asked.uid('asked').sinkTo(io.sink('out'));
  };
  const first = await PipelineHarness.create(describe);
  await first.push('in', 1);
  t.strictSame(first.take('out')[0]?.value, 101);
  const snapshot = await first.snapshot();
  await first.close();
  const next = await PipelineHarness.restore(snapshot, describe);
  await next.push('in', 2);
  t.strictSame(next.take('out')[0]?.value, 202);
  await next.close();
});

t.test('what folds the records of windows has no life, and is told so', (t) => {
  build((env) => {
    const windowed = env.fromData([1], types.int32).keyBy(even).window(window);
    const rich = { open() {}, reduce: (a: number, b: number) => a + b };
    const reduce = refused(() => windowed.reduce(rich as unknown as ReduceFunction<number>));
    t.equal(reduce.code, 'MR1001');
    t.match(reduce.message, /given an object, and takes a function/);
    const aggregate = refused(() =>
      windowed.aggregate({
        open() {},
        createAccumulator: () => 0,
        add: (n: number, sum: number) => n + sum,
        getResult: (sum: number) => sum,
      } as Parameters<typeof windowed.aggregate<number, number>>[0]),
    );
    t.equal(aggregate.code, 'MR1001');
    t.match(aggregate.message, /has 'open', which nobody would call/);
    windowed.sum().print();
  });
  t.end();
});
