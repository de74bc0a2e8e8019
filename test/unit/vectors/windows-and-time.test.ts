import t from 'tap';
import {
  EventTimeTrigger,
  OutputTag,
  PurgingTrigger,
  type Trigger,
  TumblingEventTimeWindows,
  types,
  Watermark,
  WatermarkStrategy,
} from '../../../core/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';

/**
 * The numbered facts of the reference page on windows, lateness, watermarks and timers, through the harness.
 * Each stands for itself: the number is that of the vector.
 */

/** [value, timestamp] of a record that came out. */
type Result = readonly [unknown, number | undefined];

function results(h: PipelineHarness, sink = 'out'): Result[] {
  return h.take(sink).map(({ value, timestamp }) => [value, timestamp]);
}

/** Which window a timestamp falls into, as its only result tells. */
async function windowOf(assigner: TumblingEventTimeWindows, timestamp: number): Promise<[number, number]> {
  const h = await PipelineHarness.create((_env, io) => {
    io.source('in', types.int32)
      .keyBy(() => 'key2')
      .window(assigner)
      .process<[number, number]>({
        process(_key, { window }, _elements, out) {
          out.collect([window.start, window.end]);
        },
      })
      .uid('windows')
      .sinkTo(io.sink('out'));
  });
  await h.push('in', 1, timestamp);
  await h.endInput('in');
  const [only] = h.take<[number, number]>('out');
  await h.close();
  if (only === undefined) throw new Error('the window did not fire');
  t.equal(only.timestamp, only.value[1] - 1, 'the result has the last moment of its window');
  return only.value;
}

interface Sums {
  readonly size: number;
  readonly lateness?: number;
  readonly trigger?: Trigger;
  readonly late?: OutputTag<number>;
}

const purging = (): Trigger => new PurgingTrigger(new EventTimeTrigger());

/** Sums of one key in tumbling windows. */
function sums({ size, lateness = 0, trigger = purging(), late }: Sums): HarnessBuild {
  return (_env, io) => {
    const windowed = io
      .source('in', types.int32)
      .keyBy(() => 'key2')
      .window(TumblingEventTimeWindows.of(size))
      .trigger(trigger)
      .allowedLateness(lateness);
    (late === undefined ? windowed : windowed.sideOutputLateData(late))
      .reduce((a, b) => a + b)
      .uid('sums')
      .sinkTo(io.sink('out'));
  };
}

t.test('1, 2: tumbling windows of 2 s, also before the epoch', async (t) => {
  const assigner = TumblingEventTimeWindows.of(2000);
  t.same(await windowOf(assigner, 0), [0, 2000]);
  t.same(await windowOf(assigner, 1999), [0, 2000]);
  t.same(await windowOf(assigner, 2000), [2000, 4000]);
  t.same(await windowOf(assigner, -1), [-2000, 0]);
  t.same(await windowOf(assigner, -2000), [-2000, 0]);
  t.same(await windowOf(assigner, -2001), [-4000, -2000]);
});

t.test('3: offsets, also negative ones', async (t) => {
  const assigner = TumblingEventTimeWindows.of(2000, 500);
  t.same(await windowOf(assigner, 1000), [500, 2500]);
  t.same(await windowOf(assigner, 499), [-1500, 500]);
  const days = TumblingEventTimeWindows.of('1 d', '-8 h');
  t.same(await windowOf(days, 1_577_836_800_000), [1_577_808_000_000, 1_577_894_400_000]);
});

t.test('9: tumbling windows of 2 s with 500 ms of lateness, purging and not', async (t) => {
  for (const [trigger, again] of [
    [purging(), 1],
    [new EventTimeTrigger(), 3],
  ] as const) {
    const h = await PipelineHarness.create(sums({ size: 2000, lateness: 500, trigger }));
    await h.push('in', 1, 500);
    await h.watermark('in', 1500);
    await h.push('in', 1, 1300);
    await h.watermark('in', 2300);
    t.same(results(h), [[2, 1999]]);
    await h.push('in', 1, 1997);
    t.same(results(h), [[again, 1999]], 'at once');
    await h.watermark('in', 6000);
    await h.push('in', 1, 1998);
    t.same(results(h), []);
    t.equal(h.metric('numLateRecordsDropped'), 1);
    await h.close();
  }
});

t.test(
  '10: a window fires with the first watermark that reaches its last moment, and before it',
  async (t) => {
    const h = await PipelineHarness.create(sums({ size: 2000 }));
    await h.push('in', 1, 0);
    await h.watermark('in', 1998);
    t.same(results(h), []);
    await h.watermark('in', 1999);
    t.same(results(h), [[1, 1999]]);
    await h.close();

    const order: unknown[] = [];
    const ordered = await PipelineHarness.create((_env, io) => {
      io.source('in', types.int32)
        .keyBy(() => 'key2')
        .window(TumblingEventTimeWindows.of(2000))
        .reduce((a, b) => a + b)
        .uid('sums')
        .sinkTo({
          createWriter: () => ({
            write: (value) => void order.push(value),
            writeWatermark: (timestamp) => void order.push(`W${timestamp}`),
            flush: () => {},
          }),
        });
    });
    await ordered.push('in', 7, 0);
    await ordered.watermark('in', 5000);
    t.same(order, [7, 'W5000']);
    await ordered.close();
  },
);

t.test(
  '11: late is what the watermark has passed by the lateness: at 1999 dropped, before it kept',
  async (t) => {
    const h = await PipelineHarness.create(sums({ size: 2000 }));
    await h.watermark('in', 1985);
    await h.push('in', 1, 1980);
    await h.watermark('in', 1999);
    t.same(results(h), [[1, 1999]]);
    await h.push('in', 1, 1998);
    await h.endInput('in');
    t.same(results(h), []);
    t.equal(h.metric('numLateRecordsDropped'), 1);
    await h.close();
  },
);

t.test('12: an element within the lateness of a window that has fired fires it at once', async (t) => {
  const h = await PipelineHarness.create(
    sums({ size: 2000, lateness: 1000, trigger: new EventTimeTrigger() }),
  );
  await h.watermark('in', 2500);
  await h.push('in', 4, 100);
  t.same(results(h), [[4, 1999]]);
  await h.push('in', 5, 200);
  t.same(results(h), [[9, 1999]]);
  await h.close();
});

t.test('14: what is late goes to the side output in place of being counted', async (t) => {
  const h = await PipelineHarness.create(sums({ size: 2000, late: new OutputTag<number>('late') }));
  await h.watermark('in', 5000);
  await h.push('in', 3, 1000);
  t.same(h.takeSide('late'), [{ value: 3, timestamp: 1000 }]);
  t.equal(h.metric('numLateRecordsDropped'), 0);
  await h.close();
});

t.test('15: a cleanup time beyond the end of time is never reached', async (t) => {
  const h = await PipelineHarness.create(
    sums({ size: 1000, lateness: 2000, trigger: new EventTimeTrigger() }),
  );
  const timestamp = Watermark.MAX - 1750;
  const end = Math.floor(timestamp / 1000) * 1000 + 1000;
  await h.push('in', 1, timestamp);
  await h.watermark('in', Watermark.MAX - 1500);
  const fired = end - 1 <= Watermark.MAX - 1500;
  t.same(results(h), fired ? [[1, end - 1]] : []);
  await h.push('in', 1, timestamp);
  await h.watermark('in', Math.max(end - 1, Watermark.MAX - 1499));
  t.same(results(h), [[2, end - 1]], 'the contents were still there');
  await h.endInput('in');
  t.same(results(h), []);
  await h.close();
});

t.test('16: a negative lateness is refused when the pipeline is built', async (t) => {
  await t.rejects(PipelineHarness.create(sums({ size: 2000, lateness: -1 })), { code: 'MR1001' });
});

t.test('18: a window that was purged and holds nothing says nothing', async (t) => {
  const h = await PipelineHarness.create(sums({ size: 2000, lateness: 5000 }));
  await h.push('in', 1, 0);
  await h.watermark('in', 2000);
  t.same(results(h), [[1, 1999]]);
  await h.watermark('in', 7500);
  await h.endInput('in');
  t.same(results(h), []);
  await h.close();
});

t.test(
  '25: bounded disorder of B: the newest timestamp less B less 1; nothing before any event',
  async (t) => {
    for (const [strategy, watermark] of [
      [WatermarkStrategy.forBoundedOutOfOrderness<number>(20_000), 79_999],
      [WatermarkStrategy.forMonotonousTimestamps<number>(), 99_999],
    ] as const) {
      const h = await PipelineHarness.create((_env, io) => {
        io.source('in', types.int32).assignTimestampsAndWatermarks(strategy).sinkTo(io.sink('out'));
      });
      await h.advanceProcessingTime(1000);
      t.same(h.takeWatermarks('out'), []);
      await h.push('in', 1, 100_000);
      await h.push('in', 2, 90_000);
      await h.advanceProcessingTime(200);
      t.same(h.takeWatermarks('out'), [watermark]);
      await h.close();
    }
    t.throws(() => WatermarkStrategy.forBoundedOutOfOrderness(-1), { code: 'MR1001' });
  },
);

t.test('26: a watermark never goes back; of two inputs the lower counts, unless it is idle', async (t) => {
  const h = await PipelineHarness.create((_env, io) => {
    io.source('a', types.int32).union(io.source('b', types.int32)).sinkTo(io.sink('out'));
  });
  await h.watermark('a', 100);
  t.same(h.takeWatermarks('out'), []);
  await h.watermark('b', 50);
  t.same(h.takeWatermarks('out'), [50]);
  await h.watermark('b', 50);
  await h.watermark('b', 40);
  t.same(h.takeWatermarks('out'), []);
  await h.idle('b');
  t.same(h.takeWatermarks('out'), [100]);
  await h.watermark('b', 70);
  await h.watermark('a', 110);
  t.same(h.takeWatermarks('out'), [110], 'b holds nobody back until it has caught up');
  await h.close();
});

t.test('27: at the end of the input event-time timers fire, those of processing time do not', async (t) => {
  const h = await PipelineHarness.create((_env, io) => {
    io.source('in', types.int32)
      .keyBy((n) => n)
      .process<string>({
        processElement(_n, { timerService }) {
          timerService.registerEventTimeTimer(1_000_000);
          timerService.registerProcessingTimeTimer(1_000_000);
        },
        onTimer(timestamp, ctx, out) {
          out.collect(`${ctx.timeDomain} ${timestamp}`);
        },
      })
      .uid('timers')
      .sinkTo(io.sink('out'));
  });
  await h.push('in', 1, 5);
  await h.endInput('in');
  t.same(results(h), [['event-time 1000000', 1_000_000]]);
  t.same(h.takeWatermarks('out'), [Watermark.MAX]);
  await h.close();
});

t.test('35, 36: a key is held by the subtask that Flink gives it to', async (t) => {
  for (const [parallelism, homes] of [
    [
      4,
      [
        [0, 2],
        [2, 3],
        [42, 0],
        ['hello', 1],
        ['flink', 3],
      ],
    ],
    [
      3,
      [
        [2, 2],
        [-1, 1],
      ],
    ],
  ] as const) {
    const h = await PipelineHarness.create(
      (_env, io) => {
        let subtask = -1;
        io.source<number | string>('in')
          .keyBy((key) => key)
          .process<[number | string, number]>({
            open(ctx) {
              subtask = ctx.subtaskIndex;
            },
            processElement(key, _ctx, out) {
              out.collect([key, subtask]);
            },
          })
          .uid('homes')
          .sinkTo(io.sink('out'));
      },
      { parallelism, maxParallelism: 128 },
    );
    for (const [key] of homes) await h.push('in', key);
    t.same(
      h
        .take('out')
        .map(({ value }) => value)
        .sort(),
      [...homes].map((home) => [...home]).sort(),
    );
    await h.close();
  }
});

t.test(
  '38: a snapshot fixes the maximum parallelism; another one that is asked for is refused',
  async (t) => {
    const h = await PipelineHarness.create(sums({ size: 2000 }), { parallelism: 3 });
    await h.push('in', 1, 0);
    const snapshot = await h.snapshot();
    await h.close();
    await t.rejects(PipelineHarness.restore(snapshot, sums({ size: 2000 }), { maxParallelism: 256 }), {
      code: 'MR2102',
      what: /maximum parallelism 128, and now has 256/,
    });
    const wide = await PipelineHarness.restore(snapshot, sums({ size: 2000 }), { parallelism: 100 });
    await wide.push('in', 2, 1);
    await wide.endInput('in');
    t.same(results(wide), [[3, 1999]]);
    await wide.close();
  },
);
