import t from 'tap';
import type { KeyedStream } from '../../../core/api/keyed-stream.js';
import type { WindowedStream } from '../../../core/api/windowed-stream.js';
import { NO_TIMESTAMP, Watermark } from '../../../core/element/watermark.js';
import { types } from '../../../core/serde/types.js';
import { AggregatingStateDescriptor, ReducingStateDescriptor } from '../../../core/state/state-descriptor.js';
import { ContinuousEventTimeTrigger } from '../../../core/window/continuous-event-time-trigger.js';
import { ContinuousProcessingTimeTrigger } from '../../../core/window/continuous-processing-time-trigger.js';
import { CountTrigger } from '../../../core/window/count-trigger.js';
import { DeltaTrigger } from '../../../core/window/delta-trigger.js';
import { EventTimeSessionWindows } from '../../../core/window/event-time-session-windows.js';
import { EventTimeTrigger } from '../../../core/window/event-time-trigger.js';
import { GlobalWindows } from '../../../core/window/global-windows.js';
import { NeverTrigger } from '../../../core/window/never-trigger.js';
import { ProcessingTimeTrigger } from '../../../core/window/processing-time-trigger.js';
import { ProcessingTimeoutTrigger } from '../../../core/window/processing-timeout-trigger.js';
import { PurgingTrigger } from '../../../core/window/purging-trigger.js';
import { SlidingProcessingTimeWindows } from '../../../core/window/sliding-processing-time-windows.js';
import { type Trigger, TriggerResult } from '../../../core/window/trigger.js';
import { TumblingEventTimeWindows } from '../../../core/window/tumbling-event-time-windows.js';
import { TumblingProcessingTimeWindows } from '../../../core/window/tumbling-processing-time-windows.js';
import { lastOperator } from '../../last-operator.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { OperatorWorld, type WorldOptions } from '../../operator-world.js';
import { refused } from '../../refused.js';

type Numbers = KeyedStream<number, string>;

/** Sums numbers, all of one key, in the windows that `windowing` makes. */
function summing(
  windowing: (keyed: Numbers) => WindowedStream<number, string>,
  options: WorldOptions = {},
  world = new OperatorWorld(),
): Promise<OperatorTestHarness<number>> {
  const factory = lastOperator<number>((stream) =>
    windowing(stream.keyBy(() => 'all')).reduce((a, b) => a + b),
  );
  return OperatorTestHarness.open<number>(factory, options, world);
}

const hour = (keyed: Numbers) => keyed.window(TumblingEventTimeWindows.of(1000));

/** Results and their timestamps. */
const sums = (harness: OperatorTestHarness<number>) => harness.takeRecords();
const rowsLeft = async (harness: OperatorTestHarness<number>) => {
  const { keyed } = await harness.checkpoint(1);
  return keyed?.files.reduce((count, file) => count + file.entryCount, 0) ?? 0;
};

t.test('a count trigger fires at each so many records, and leaves nothing behind', async (t) => {
  const harness = await summing((keyed) => hour(keyed).trigger(CountTrigger.of(2)));
  for (const [value, timestamp] of [
    [1, 0],
    [2, 1],
    [4, 2],
    [8, 1500],
    [16, 3],
    [32, 4],
  ] as const) {
    harness.element(value, timestamp);
  }
  t.strictSame(sums(harness), [
    [3, 999],
    [23, 999],
  ]);
  harness.watermark(Watermark.MAX);
  t.strictSame(sums(harness), [], 'and not at the end of the window');
  t.equal(await rowsLeft(harness), 0);
});

t.test('counts of sessions that merge are added up, and are in the checkpoint', async (t) => {
  const windowing = (keyed: Numbers) =>
    keyed.window(EventTimeSessionWindows.withGap(10)).trigger(PurgingTrigger.of(CountTrigger.of(4)));
  const first = await summing(windowing);
  first.element(1, 0);
  first.element(2, 18);
  first.element(4, 9);
  t.strictSame(sums(first), [], 'three');
  const restored = await first.checkpoint(1);
  const world = new OperatorWorld(first.world.files);
  const harness = await summing(windowing, { restored, attempt: 2 }, world);
  harness.element(8, 20);
  t.strictSame(sums(harness), [[15, 29]]);
  harness.element(16, 30);
  harness.watermark(Watermark.MAX);
  t.strictSame(sums(harness), [], 'purged, and one alone since');
});

t.test('a delta trigger measures from the record with which it last fired', async (t) => {
  const harness = await summing((keyed) =>
    keyed
      .window(GlobalWindows.create())
      .trigger(DeltaTrigger.of(10, (old: number, now: number) => now - old, types.float64)),
  );
  for (const value of [100, 110, 111, 121, 122]) harness.element(value, NO_TIMESTAMP);
  t.strictSame(
    sums(harness).map(([sum]) => sum),
    [321, 564],
  );
});

t.test('a continuous event-time trigger fires at each interval, and at the end', async (t) => {
  const harness = await summing((keyed) => hour(keyed).trigger(ContinuousEventTimeTrigger.of(300)));
  harness.element(1, 50);
  harness.watermark(299);
  t.strictSame(sums(harness), []);
  harness.watermark(300);
  harness.element(2, 400);
  harness.watermark(650);
  harness.watermark(2000);
  t.strictSame(sums(harness), [
    [1, 999],
    [3, 999],
    [3, 999],
    [3, 999],
  ]);
  t.equal(await rowsLeft(harness), 0);
});

t.test('a continuous event-time trigger goes on in a session that merges', async (t) => {
  const harness = await summing((keyed) =>
    keyed.window(EventTimeSessionWindows.withGap(50)).trigger(ContinuousEventTimeTrigger.of(20)),
  );
  harness.element(1, 0);
  harness.element(2, 60);
  harness.element(4, 30);
  harness.watermark(20);
  t.strictSame(sums(harness), [[7, 109]], 'at the earlier of both times');
  harness.watermark(Watermark.MAX);
  t.equal(sums(harness).at(-1)?.[0], 7);
  t.equal(await rowsLeft(harness), 0);
});

t.test(
  'a continuous processing-time trigger fires by the wall clock, also for windows long over',
  async (t) => {
    const harness = await summing((keyed) =>
      keyed.window(GlobalWindows.create()).trigger(ContinuousProcessingTimeTrigger.of(100)),
    );
    harness.advance(30);
    harness.element(1);
    harness.advance(69);
    t.strictSame(sums(harness), []);
    harness.advance(1);
    t.strictSame(sums(harness), [[1, Watermark.MAX]]);
    harness.advance(100);
    t.strictSame(sums(harness), [[1, Watermark.MAX]]);
    const old = await summing((keyed) => hour(keyed).trigger(ContinuousProcessingTimeTrigger.of(100)));
    old.advance(5050);
    old.element(1, 0);
    old.advance(150);
    t.strictSame(sums(old), [
      [1, 999],
      [1, 999],
    ]);
  },
);

t.test('a timeout fires what another trigger leaves waiting', async (t) => {
  const harness = await summing((keyed) =>
    keyed
      .window(GlobalWindows.create())
      .trigger(PurgingTrigger.of(ProcessingTimeoutTrigger.of(CountTrigger.of(3), 100))),
  );
  for (const value of [1, 2, 4]) harness.element(value);
  harness.advance(60);
  harness.element(8);
  harness.advance(60);
  harness.element(16);
  t.strictSame(sums(harness), [[7, Watermark.MAX]]);
  harness.advance(39);
  t.strictSame(sums(harness), []);
  harness.advance(1);
  t.strictSame(sums(harness), [[24, Watermark.MAX]], 'a hundred after the first of them');
  for (const value of [32, 64]) harness.element(value);
  t.strictSame(sums(harness), [], 'the count began anew');
});

t.test('a timeout may count from the last record', async (t) => {
  const harness = await summing((keyed) =>
    keyed
      .window(GlobalWindows.create())
      .trigger(ProcessingTimeoutTrigger.of(NeverTrigger.create(), 100, true)),
  );
  harness.element(1);
  harness.advance(60);
  harness.element(2);
  harness.advance(99);
  t.strictSame(sums(harness), []);
  harness.advance(1);
  t.strictSame(sums(harness), [[3, Watermark.MAX]]);
});

t.test('global windows never fire by themselves, or at the end of all input', async (t) => {
  const never = await summing((keyed) => keyed.window(GlobalWindows.create()));
  const atEnd = await summing((keyed) => keyed.window(GlobalWindows.createWithEndOfStreamTrigger()));
  for (const harness of [never, atEnd]) {
    harness.element(1);
    harness.element(2, 5);
    harness.watermark(1_000_000);
    t.strictSame(sums(harness), []);
    harness.watermark(Watermark.MAX);
  }
  t.strictSame(sums(never), []);
  t.strictSame(sums(atEnd), [[3, Watermark.MAX]]);
});

t.test('processing-time windows fire by the wall clock and let go of their state', async (t) => {
  const harness = await summing((keyed) =>
    keyed.window(TumblingProcessingTimeWindows.of(100)).trigger(ProcessingTimeTrigger.create()),
  );
  harness.advance(130);
  harness.element(1);
  harness.element(2, 7);
  harness.advance(68);
  t.strictSame(sums(harness), []);
  harness.advance(1);
  t.strictSame(sums(harness), [[3, 199]]);
  t.equal(await rowsLeft(harness), 0);
});

t.test('sliding windows of the wall clock fold each record once, and each fires once', async (t) => {
  const harness = await summing((keyed) => keyed.window(SlidingProcessingTimeWindows.of(100, 50)));
  harness.advance(20);
  harness.element(1);
  harness.advance(79);
  t.strictSame(sums(harness), [
    [1, 49],
    [1, 99],
  ]);
  harness.element(2);
  harness.advance(1);
  harness.element(4);
  harness.advance(0);
  t.strictSame(sums(harness), [], 'a record of a millisecond that has fired belongs to the next one');
  harness.advance(50);
  t.strictSame(sums(harness), [[6, 149]]);
  harness.world.clock.jump(-20);
  harness.element(8);
  harness.advance(19);
  harness.element(16);
  t.strictSame(sums(harness), [], 'nor does one that comes when the clock was set back');
  harness.advance(200);
  t.strictSame(sums(harness), [
    [30, 199],
    [24, 249],
  ]);
  t.equal(await rowsLeft(harness), 0);
  harness.world.clock.jump(-240);
  harness.element(32);
  harness.advance(150);
  t.strictSame(
    sums(harness),
    [
      [32, 149],
      [32, 199],
    ],
    'but one set back by more is believed',
  );
});

const LARGEST = new ReducingStateDescriptor('largest', Math.max, types.float64);

/** Fires at the end, and whenever a record is larger than all before it. */
const records: Trigger<number> = {
  onElement(value, _timestamp, window, ctx) {
    ctx.registerEventTimeTimer(window.maxTimestamp);
    const largest = ctx.getReducingState(LARGEST);
    const before = largest.get();
    largest.add(value);
    return before === undefined || value <= before ? TriggerResult.CONTINUE : TriggerResult.FIRE;
  },
  onEventTime: (time, window) => (time === window.maxTimestamp ? TriggerResult.FIRE : TriggerResult.CONTINUE),
  onMerge(window, ctx) {
    ctx.mergePartitionedState(LARGEST);
    ctx.registerEventTimeTimer(window.maxTimestamp);
  },
  clear(window, ctx) {
    ctx.getReducingState(LARGEST).clear();
    ctx.deleteEventTimeTimer(window.maxTimestamp);
  },
};

t.test('a trigger of the user has state per window, which merges with it', async (t) => {
  const harness = await summing((keyed) =>
    keyed.window(EventTimeSessionWindows.withGap(10)).trigger(records),
  );
  harness.element(5, 0);
  harness.element(9, 18);
  harness.element(7, 9);
  t.strictSame(sums(harness), [], 'nine is the largest of the merged session');
  harness.element(11, 9);
  t.strictSame(sums(harness), [[32, 27]]);
  harness.watermark(Watermark.MAX);
  t.strictSame(sums(harness), [[32, 27]]);
  t.equal(await rowsLeft(harness), 0);
});

t.test('aggregating state of a trigger merges where its function does', async (t) => {
  const mean = {
    createAccumulator: () => ({ sum: 0, count: 0 }),
    add: (n: number, acc: { sum: number; count: number }) => ({ sum: acc.sum + n, count: acc.count + 1 }),
    getResult: (acc: { sum: number; count: number }) => acc.sum / acc.count,
  };
  const merge = (a: { sum: number; count: number }, b: { sum: number; count: number }) => ({
    sum: a.sum + b.sum,
    count: a.count + b.count,
  });
  /** Fires when a record is above the mean of those before it. */
  const aboveMean = (descriptor: AggregatingStateDescriptor<number, unknown, number>): Trigger<number> => ({
    onElement(value, _timestamp, window, ctx) {
      const state = ctx.getAggregatingState(descriptor);
      const before = state.get();
      state.add(value);
      ctx.registerEventTimeTimer(window.maxTimestamp);
      return before !== undefined && value > before ? TriggerResult.FIRE : TriggerResult.CONTINUE;
    },
    onMerge: (_window, ctx) => ctx.mergePartitionedState(descriptor),
    clear(window, ctx) {
      ctx.getAggregatingState(descriptor).clear();
      ctx.deleteEventTimeTimer(window.maxTimestamp);
    },
  });
  const sessions = (descriptor: AggregatingStateDescriptor<number, unknown, number>) =>
    summing((keyed) => keyed.window(EventTimeSessionWindows.withGap(10)).trigger(aboveMean(descriptor)));
  const harness = await sessions(new AggregatingStateDescriptor('mean', { ...mean, merge }));
  harness.element(4, 0);
  harness.element(8, 18);
  harness.element(5, 9);
  t.strictSame(sums(harness), [], 'the mean of the merged session is 6');
  harness.element(6, 9);
  t.strictSame(sums(harness), [[23, 27]], 'and then 17 / 3');
  harness.watermark(Watermark.MAX);
  t.equal(await rowsLeft(harness), 0);

  const unable = await sessions(new AggregatingStateDescriptor('mean', mean));
  unable.element(4, 0);
  unable.element(8, 18);
  const error = refused(() => unable.element(5, 9));
  t.equal(error.code, 'MR1001');
  t.match(error.message, /has no merge/);
});

t.test('triggers that make no sense are refused when the job is built', async (t) => {
  t.equal(refused(() => CountTrigger.of(0)).code, 'MR1001');
  t.equal(refused(() => CountTrigger.of(1.5)).code, 'MR1001');
  t.equal(refused(() => ContinuousEventTimeTrigger.of(0)).code, 'MR1001');
  t.equal(refused(() => ContinuousProcessingTimeTrigger.of('-1 s')).code, 'MR1001');
  t.equal(refused(() => ProcessingTimeoutTrigger.of(EventTimeTrigger.create(), 0)).code, 'MR1001');
  t.equal(refused(() => DeltaTrigger.of(Number.NaN, () => 1)).code, 'MR1001');
  const sessions = (trigger: unknown) => () =>
    void summing((keyed) => keyed.window(EventTimeSessionWindows.withGap(1)).trigger(trigger as Trigger));
  t.equal(refused(sessions({ onElement: () => TriggerResult.FIRE })).code, 'MR1001', 'it cannot merge');
  t.equal(refused(sessions(DeltaTrigger.of(1, () => 1))).code, 'MR1001');
  t.equal(refused(sessions(PurgingTrigger.of(DeltaTrigger.of(1, () => 1)))).code, 'MR1001');
  t.equal(refused(sessions({})).code, 'MR1001', 'no onElement');
  t.equal(refused(sessions(EventTimeTrigger)).code, 'MR1001', 'a class');
});
