import t from 'tap';
import { types, Watermark, type WatermarkGenerator, WatermarkStrategy } from '../../../core/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';
import { refused } from '../../refused.js';
import { everyWay, results } from './vector-pipelines.js';

/** Vectors 25 to 27: watermarks, idleness and the end of time. */

const byValue = (strategy: WatermarkStrategy<number>): HarnessBuild => {
  const timed = strategy.withTimestampAssigner((n) => n);
  return (_env, io) => {
    io.source('in', types.int32)
      .assignTimestampsAndWatermarks(timed)
      .setParallelism(1)
      .sinkTo(io.sink('out'));
  };
};

t.test('25: the newest timestamp less the disorder less 1, and nothing before any record', async (t) => {
  for (const [strategy, watermark] of [
    [WatermarkStrategy.forBoundedOutOfOrderness<number>('20 s'), 79_999],
    [WatermarkStrategy.forBoundedOutOfOrderness<number>(0), 99_999],
    [WatermarkStrategy.forMonotonousTimestamps<number>(), 99_999],
  ] as const) {
    await everyWay(byValue(strategy), async (h) => {
      await h.advanceProcessingTime(1000);
      t.strictSame(h.takeWatermarks('out'), []);
      await h.push('in', 100_000);
      await h.push('in', 90_000);
      t.strictSame(h.takeWatermarks('out'), [], 'generators are asked by the clock');
      await h.advanceProcessingTime(199);
      t.strictSame(h.takeWatermarks('out'), []);
      await h.advanceProcessingTime(1);
      t.strictSame(h.takeWatermarks('out'), [watermark]);
      await h.advanceProcessingTime(1000);
      t.strictSame(h.takeWatermarks('out'), [], 'told once');
    });
  }
  t.equal(refused(() => WatermarkStrategy.forBoundedOutOfOrderness(-1)).code, 'MR1001');
});

t.test('25: a generator may answer each record', async (t) => {
  const punctuated = (): WatermarkGenerator<number> => ({
    onEvent(n, timestamp, output) {
      if (n % 10 === 0) output.emitWatermark(timestamp);
    },
  });
  await everyWay(byValue(WatermarkStrategy.forGenerator(punctuated)), async (h) => {
    for (const n of [3, 20, 10, 25, 30]) await h.push('in', n);
    t.strictSame(h.takeWatermarks('out'), [20, 30]);
  });
});

const union: HarnessBuild = (_env, io) => {
  io.source('a', types.int32).union(io.source('b', types.int32)).sinkTo(io.sink('out'));
};

const connected: HarnessBuild = (_env, io) => {
  io.source('a', types.int32)
    .connect(io.source('b', types.int32))
    .map({ map1: (n) => n, map2: (n) => n })
    .sinkTo(io.sink('out'));
};

const keyedConnected: HarnessBuild = (_env, io) => {
  const [a, b] = [io.source('a', types.int32), io.source('b', types.int32)];
  a.keyBy((n) => n)
    .connect(b.keyBy((n) => n))
    .process<number>({
      processElement1: (n, _ctx, out) => out.collect(n),
      processElement2: (n, _ctx, out) => out.collect(n),
    })
    .uid('both')
    .sinkTo(io.sink('out'));
};

t.test('26: a united input that comes back behind is waited for once it has caught up', async (t) => {
  await everyWay(union, async (h) => {
    await h.watermark('a', 100);
    await h.watermark('b', 50);
    await h.idle('b');
    t.strictSame(h.takeWatermarks('out'), [50, 100]);
    await h.watermark('b', 70);
    await h.watermark('a', 110);
    t.strictSame(h.takeWatermarks('out'), [110], 'b is too far behind to count');
    await h.watermark('b', 110);
    await h.watermark('a', 130);
    t.strictSame(h.takeWatermarks('out'), []);
    await h.watermark('b', 120);
    t.strictSame(h.takeWatermarks('out'), [120]);
    await h.idle('b');
    await h.watermark('a', 140);
    await h.idle('a');
    t.strictSame(h.takeWatermarks('out'), [130, 140]);
    await h.push('b', 1);
    await h.watermark('b', 135);
    t.strictSame(h.takeWatermarks('out'), []);
  });
});

t.test('26: a connected input that comes back behind is waited for at once', async (t) => {
  for (const build of [connected, keyedConnected]) {
    await everyWay(build, async (h) => {
      await h.watermark('a', 100);
      await h.watermark('b', 50);
      await h.idle('b');
      t.strictSame(h.takeWatermarks('out'), [50, 100]);
      await h.watermark('b', 70);
      await h.watermark('a', 110);
      t.strictSame(h.takeWatermarks('out'), [], 'time stands still');
      await h.watermark('b', 105);
      t.strictSame(h.takeWatermarks('out'), [105]);
      await h.idle('a');
      await h.watermark('b', 200);
      t.strictSame(h.takeWatermarks('out'), [200]);
      await h.push('a', 1);
      await h.watermark('b', 300);
      t.strictSame(h.takeWatermarks('out'), [], 'a record is a sign of life');
      await h.endInput('a');
      t.strictSame(h.takeWatermarks('out'), [300]);
    });
  }
});

t.test('[scenario 14] 26: an input that has ended does not end the time of one that is idle', async (t) => {
  for (const build of [union, connected, keyedConnected]) {
    await everyWay(build, async (h) => {
      await h.watermark('a', 100);
      await h.watermark('b', 50);
      await h.idle('b');
      await h.endInput('a');
      t.strictSame(h.takeWatermarks('out'), [50, 100]);
      await h.watermark('b', 200);
      t.strictSame(h.takeWatermarks('out'), [200]);
    });
  }
});

for (const [name, build] of [
  ['united', union],
  ['connected', connected],
  ['connected by key', keyedConnected],
] as const) {
  t.test(`26: of two inputs that are ${name} the lower counts, unless it is idle`, async (t) => {
    await everyWay(build, async (h) => {
      await h.watermark('a', 100);
      t.strictSame(h.takeWatermarks('out'), []);
      await h.watermark('b', 50);
      t.strictSame(h.takeWatermarks('out'), [50]);
      await h.watermark('b', 50);
      await h.watermark('b', 40);
      t.strictSame(h.takeWatermarks('out'), [], 'it does not go back, and is not told again');
      await h.idle('b');
      t.strictSame(h.takeWatermarks('out'), [100]);
      await h.watermark('a', 110);
      t.strictSame(h.takeWatermarks('out'), [110]);
    });
  });

  t.test(`26: of two inputs that are ${name} one that has ended holds nothing back`, async (t) => {
    await everyWay(build, async (h) => {
      await h.watermark('a', 100);
      await h.endInput('b');
      t.strictSame(h.takeWatermarks('out'), [100]);
      await h.endInput('a');
      t.strictSame(h.takeWatermarks('out'), [Watermark.MAX]);
    });
  });
}

t.test('26: silence of a strategy with idleness lets the other input go on, until it speaks', async (t) => {
  const timed = WatermarkStrategy.forMonotonousTimestamps<number>().withTimestampAssigner((n) => n);
  const build: HarnessBuild = (_env, io) => {
    const [a, b] = (['a', 'b'] as const).map((name) =>
      io
        .source(name, types.int32)
        .assignTimestampsAndWatermarks(timed.withIdleness('1 min'))
        .setParallelism(1),
    );
    if (a !== undefined && b !== undefined) a.union(b).sinkTo(io.sink('out'));
  };
  await everyWay(build, async (h) => {
    await h.push('a', 1001);
    await h.push('b', 501);
    await h.advanceProcessingTime(200);
    t.strictSame(h.takeWatermarks('out'), [500]);
    await h.advanceProcessingTime(50_000);
    await h.push('a', 2001);
    await h.advanceProcessingTime(200);
    t.strictSame(h.takeWatermarks('out'), []);
    await h.advanceProcessingTime(15_000);
    t.strictSame(h.takeWatermarks('out'), [2000]);
    await h.push('b', 2501);
    await h.advanceProcessingTime(200);
    await h.push('a', 3001);
    await h.advanceProcessingTime(200);
    t.strictSame(h.takeWatermarks('out'), [2500]);
  });
});

t.test('27: at the end event-time timers fire, those of processing time do not', async (t) => {
  const build: HarnessBuild = (_env, io) => {
    io.source('in', types.int32)
      .keyBy((n) => n)
      .process<string>({
        processElement(_n, { timerService }) {
          timerService.registerEventTimeTimer(1_000_000);
          timerService.registerEventTimeTimer(1_000_000);
          timerService.registerEventTimeTimer(2_000_000);
          timerService.deleteEventTimeTimer(2_000_000);
          timerService.registerProcessingTimeTimer(1_000_000);
        },
        onTimer(timestamp, ctx, out) {
          out.collect(`${ctx.currentKey} ${ctx.timeDomain} ${timestamp}`);
        },
      })
      .uid('timers')
      .sinkTo(io.sink('out'));
  };
  await everyWay(build, async (h) => {
    await h.push('in', 1, 5);
    await h.push('in', 1, 5);
    await h.endInput('in');
    t.strictSame(results(h), [['1 event-time 1000000', 1_000_000]]);
    t.strictSame(h.takeWatermarks('out'), [Watermark.MAX]);
  });
});

t.test('27: the last watermark may be pushed, and fires as the end does', async (t) => {
  const h = await PipelineHarness.create(union);
  await h.watermark('a', Watermark.MAX);
  await h.watermark('b', 7);
  t.strictSame(h.takeWatermarks('out'), [7]);
  await h.watermark('b', Number.POSITIVE_INFINITY);
  t.strictSame(h.takeWatermarks('out'), [Watermark.MAX]);
  await h.endInput('a');
  await h.endInput('b');
  t.strictSame(h.takeWatermarks('out'), []);
  await h.close();
});
