import t from 'tap';
import { NO_TIMESTAMP, Watermark } from '../../../core/element/watermark.js';
import { timestampsAndWatermarksOperator } from '../../../core/operator/timestamps-and-watermarks-operator.js';
import { WatermarkStrategy } from '../../../core/watermark/watermark-strategy.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { OperatorWorld, type WorldOptions } from '../../operator-world.js';
import { refused } from '../../refused.js';

function open(strategy: WatermarkStrategy<number>, options: WorldOptions = {}, world = new OperatorWorld()) {
  return OperatorTestHarness.open<number>(timestampsAndWatermarksOperator(strategy), options, world);
}

t.test('bounded disorder: the greatest timestamp less the bound less one', async (t) => {
  const harness = await open(
    WatermarkStrategy.forBoundedOutOfOrderness<number>(20_000).withTimestampAssigner((n) => n),
  );
  harness.advance(200);
  t.strictSame(harness.take(), [], 'nothing before the first record');
  harness.element(100_000, 5);
  harness.element(90_000);
  t.strictSame(harness.take(), [
    [100_000, 100_000],
    [90_000, 90_000],
  ]);
  harness.advance(200);
  harness.advance(1000);
  t.strictSame(harness.take(), [{ watermark: 79_999 }], 'once');
});

t.test('monotonous timestamps: the greatest less one, with the timestamp that the record had', async (t) => {
  const harness = await open(WatermarkStrategy.forMonotonousTimestamps());
  harness.element(1, 50);
  harness.element(2);
  harness.advance(200);
  t.strictSame(harness.take(), [[1, 50], [2, undefined], { watermark: 49 }]);
});

t.test("a generator of one's own emits after the record that made it", async (t) => {
  const harness = await open(
    WatermarkStrategy.forGenerator<number>(() => ({
      onEvent(event, timestamp, output) {
        if (event === 0) output.emitWatermark(timestamp);
      },
      onPeriodicEmit() {},
    })),
  );
  harness.element(1, 10);
  harness.element(0, 20);
  harness.element(0, 15);
  harness.advance(1000);
  t.strictSame(harness.take(), [[1, 10], [0, 20], { watermark: 20 }, [0, 15]]);
});

t.test('a stream is idle after the timeout, and active with its next record', async (t) => {
  const harness = await open(WatermarkStrategy.forMonotonousTimestamps<number>().withIdleness('1 s'));
  harness.element(1, 10);
  harness.advance(200);
  harness.take();
  harness.advance(1000);
  t.strictSame(harness.take(), [], 'not before it has passed');
  harness.advance(400);
  t.strictSame(harness.take(), [{ status: 'idle' }]);
  harness.advance(5000);
  t.strictSame(harness.take(), []);
  harness.element(2, 30);
  harness.advance(200);
  t.strictSame(harness.take(), [{ status: 'active' }, [2, 30], { watermark: 29 }]);
});

t.test('without withIdleness a silent stream is never idle', async (t) => {
  const harness = await open(WatermarkStrategy.forMonotonousTimestamps<number>());
  harness.advance(3_600_000);
  t.strictSame(harness.take(), []);
});

t.test('what comes from above does not count, but for the end of time', async (t) => {
  const harness = await open(WatermarkStrategy.forMonotonousTimestamps<number>().withIdleness(1000));
  harness.watermark(1000);
  harness.idle();
  harness.active();
  harness.element(1, 10);
  t.strictSame(harness.take(), [[1, 10]]);
  harness.advance(3000);
  harness.take();
  harness.watermark(Watermark.MAX);
  t.strictSame(harness.take(), [{ status: 'active' }, { watermark: Watermark.MAX }]);
  harness.advance(3000);
  t.strictSame(harness.take(), [], 'nothing follows it');
});

t.test('an interval of 0 turns periodic watermarks off', async (t) => {
  const harness = await open(WatermarkStrategy.forMonotonousTimestamps(), { watermarkIntervalMs: 0 });
  harness.element(1, 10);
  harness.advance(10_000);
  t.strictSame(harness.take(), [[1, 10]]);
});

t.test('timestamps are whole milliseconds, or the record is refused', async (t) => {
  const harness = await open(WatermarkStrategy.noWatermarks<number>().withTimestampAssigner((n) => n));
  harness.element(1.9);
  harness.element(-1.5);
  t.strictSame(harness.take(), [
    [1.9, 1],
    [-1.5, -2],
  ]);
  for (const bad of [Number.NaN, undefined, '2020-01-01', Number.POSITIVE_INFINITY, new Date(0)]) {
    const error = refused(() => harness.element(bad as never));
    t.equal(error.code, 'MR5009', String(bad));
  }
});

t.test('an assigner is given the timestamp from before', async (t) => {
  const given: (number | undefined)[] = [];
  const harness = await open(
    WatermarkStrategy.noWatermarks<number>().withTimestampAssigner((n, before) => {
      given.push(before);
      return n;
    }),
  );
  harness.element(1, 7);
  harness.element(2, NO_TIMESTAMP);
  t.strictSame(given, [7, undefined]);
});

t.test('after a restore event time goes on where it was', async (t) => {
  const strategy = WatermarkStrategy.forBoundedOutOfOrderness<number>(10).withTimestampAssigner((n) => n);
  const first = await open(strategy);
  first.element(100);
  first.advance(200);
  first.element(120);
  const restored = await first.checkpoint(1);
  const second = await open(strategy, { restored });
  second.element(50);
  second.advance(200);
  second.advance(200);
  t.strictSame(second.take(), [[50, 50], { watermark: 89 }, { watermark: 109 }]);
});

t.test('after a restore from its end the end of time is told before that of the input', async (t) => {
  const strategy = WatermarkStrategy.forMonotonousTimestamps<number>();
  const first = await open(strategy);
  first.element(1, 50);
  first.watermark(Watermark.MAX);
  const restored = await first.checkpoint(1);
  const second = await open(strategy, { restored });
  second.watermark(Watermark.MAX);
  t.strictSame(second.take(), [{ watermark: Watermark.MAX }]);
  second.advance(1000);
  t.strictSame(second.take(), [], 'and not again');
});

t.test('after a restore the end of time is told though nobody above tells it again', async (t) => {
  const strategy = WatermarkStrategy.forMonotonousTimestamps<number>();
  const first = await open(strategy);
  first.watermark(Watermark.MAX);
  const restored = await first.checkpoint(1);
  const second = await open(strategy, { restored });
  await second.operator.endInput();
  t.strictSame(second.take(), [{ watermark: Watermark.MAX }]);
  second.advance(1000);
  t.strictSame(second.take(), []);
});

t.test('after a restore the end of time is told once, if that is all that comes', async (t) => {
  const strategy = WatermarkStrategy.forMonotonousTimestamps<number>();
  const first = await open(strategy);
  first.element(1, 50);
  first.advance(200);
  const restored = await first.checkpoint(1);
  const second = await open(strategy, { restored });
  second.watermark(Watermark.MAX);
  await second.operator.endInput();
  t.strictSame(second.take(), [{ watermark: Watermark.MAX }]);
});

t.test('after a restore a stream that falls idle at once says first where it was', async (t) => {
  const strategy = WatermarkStrategy.forGenerator<number>(() => ({
    onEvent(event, _timestamp, output) {
      if (event > 0) output.emitWatermark(event);
      else output.markIdle();
    },
    onPeriodicEmit() {},
  }));
  const first = await open(strategy);
  first.element(7);
  const restored = await first.checkpoint(1);
  const second = await open(strategy, { restored });
  second.element(0);
  second.advance(200);
  t.strictSame(second.take(), [[0, undefined], { watermark: 7 }, { status: 'idle' }]);
});

t.test('of another parallelism the earliest event time is restored', async (t) => {
  const strategy = WatermarkStrategy.forMonotonousTimestamps<number>();
  const states = [];
  for (const [subtaskIndex, timestamp] of [
    [0, 100],
    [1, 60],
  ] as const) {
    const harness = await open(strategy, { subtaskIndex, parallelism: 2 });
    harness.element(1, timestamp);
    harness.advance(200);
    states.push(await harness.checkpoint(1));
  }
  const items = states.flatMap(({ lists }) => Object.values(lists).flatMap((list) => list.items));
  const name = Object.keys(states[0]?.lists ?? {})[0] ?? '';
  const restored = { keyed: undefined, lists: { [name]: { mode: 'union' as const, items } } };
  const watermarkOf = async (subtaskIndex: number, parallelism: number) => {
    const harness = await open(strategy, { subtaskIndex, parallelism, restored });
    harness.advance(200);
    return harness.take();
  };
  t.strictSame(await watermarkOf(0, 2), [{ watermark: 99 }]);
  t.strictSame(await watermarkOf(1, 2), [{ watermark: 59 }]);
  t.strictSame(await watermarkOf(0, 3), [{ watermark: 59 }]);
});
