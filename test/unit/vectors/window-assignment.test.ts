import t from 'tap';
import {
  EventTimeSessionWindows,
  SlidingEventTimeWindows,
  SlidingProcessingTimeWindows,
  TimeWindow,
  type Trigger,
  TriggerResult,
  TumblingEventTimeWindows,
  TumblingProcessingTimeWindows,
  type WindowAssigner,
} from '../../../core/index.js';
import { PipelineHarness } from '../../driver/index.js';
import { refused } from '../../refused.js';
import {
  at,
  everyWay,
  ONE,
  play,
  results,
  summing,
  summingWithBounds,
  W,
  type Windowing,
} from './vector-pipelines.js';

/** Vectors 1 to 8: into which windows a record goes. */

type Bounds = readonly [start: number, end: number];

const DAY = 86_400_000;

/** The windows of one record, in the order in which its trigger is asked. */
async function windowsOf(assigner: WindowAssigner, timestamp: number, nowMs = 0): Promise<Bounds[]> {
  const seen: Bounds[] = [];
  const noting: Trigger = {
    onElement(_element, _timestamp, { start, end }) {
      seen.push([start, end]);
      return TriggerResult.CONTINUE;
    },
    onMerge() {},
  };
  await everyWay(
    summing((keyed) => keyed.window(assigner).trigger(noting)),
    async (h) => {
      seen.length = 0;
      await h.advanceProcessingTime(nowMs);
      await play(h, at(timestamp));
    },
  );
  return seen;
}

t.test('1, 2: tumbling windows of 2 s, before the epoch too', async (t) => {
  const assigner = TumblingEventTimeWindows.of(2000);
  t.strictSame(await windowsOf(assigner, 0), [[0, 2000]]);
  t.strictSame(await windowsOf(assigner, 1999), [[0, 2000]]);
  t.strictSame(await windowsOf(assigner, 2000), [[2000, 4000]]);
  t.equal(new TimeWindow(0, 2000).maxTimestamp, 1999);
  t.strictSame(await windowsOf(assigner, -1), [[-2000, 0]]);
  t.strictSame(await windowsOf(assigner, -2000), [[-2000, 0]]);
  t.strictSame(await windowsOf(assigner, -2001), [[-4000, -2000]]);
});

t.test('3: offsets, negative ones and those of processing time too', async (t) => {
  t.strictSame(await windowsOf(TumblingEventTimeWindows.of(2000, 500), 1000), [[500, 2500]]);
  t.strictSame(await windowsOf(TumblingEventTimeWindows.of(2000, 500), 499), [[-1500, 500]]);
  for (const [day, offset] of [
    [DAY, -8 * 3_600_000],
    ['1 d', '-8 h'],
    ['1d', '-8h'],
  ] as const) {
    t.strictSame(await windowsOf(TumblingEventTimeWindows.of(day, offset), 1_577_836_800_000), [
      [1_577_808_000_000, 1_577_808_000_000 + DAY],
    ]);
  }
  const byClock = TumblingProcessingTimeWindows.of('2 s', '500ms');
  t.strictSame(await windowsOf(byClock, 7_000_000, 499), [[-1500, 500]], 'timestamps do not matter');
  t.strictSame(await windowsOf(byClock, 7_000_000, 1000), [[500, 2500]]);
});

t.test('3: windows of processing time are aligned to the epoch, not to the start of the job', async (t) => {
  const h = await PipelineHarness.create(
    summingWithBounds((keyed) => keyed.window(TumblingProcessingTimeWindows.of(1000))),
  );
  t.strictSame(await play(h, { ms: 700 }, at(5), { ms: 298 }), []);
  t.strictSame(await play(h, { ms: 1 }), [['key2-1 [0, 1000)', 999]]);
  await h.close();
});

t.test('4, 5: sliding windows, the newest first', async (t) => {
  const three = [
    [2000, 5000],
    [1000, 4000],
    [0, 3000],
  ];
  t.strictSame(await windowsOf(SlidingEventTimeWindows.of(3000, 1000), 2400), three);
  t.strictSame(await windowsOf(SlidingProcessingTimeWindows.of(3000, 1000), 0, 2400), three);
  t.strictSame(await windowsOf(SlidingEventTimeWindows.of(2500, 1000), 999), [
    [0, 2500],
    [-1000, 1500],
  ]);
});

t.test('4: each of the windows fires by itself, whether or not they share panes', async (t) => {
  const fired = [
    ['key2-1 [0, 3000)', 2999],
    ['key2-2 [1000, 4000)', 3999],
    ['key2-2 [2000, 5000)', 4999],
    ['key2-1 [3000, 6000)', 5999],
  ];
  const own: Windowing = (keyed) =>
    keyed
      .window(SlidingEventTimeWindows.of('3 s', '1 s'))
      .trigger(SlidingEventTimeWindows.of(3, 1).getDefaultTrigger());
  for (const windowing of [
    ((keyed) => keyed.window(SlidingEventTimeWindows.of('3 s', '1 s'))) as Windowing,
    own,
  ]) {
    await everyWay(summingWithBounds(windowing), async (h) => {
      t.strictSame(await play(h, at(2400), W(2998)), []);
      t.strictSame(await play(h, W(2999), at(3100), W(6000)), fired);
    });
  }
});

t.test('7: sliding windows that make no sense are refused', async (t) => {
  for (const [size, slide, offset] of [
    [1000, 1000, 1000],
    [3000, 1000, -1000],
    [0, 1000, 0],
    [-1, 1000, 0],
    [1000, 0, 0],
    [10_000_001, 1, 0],
  ] as const) {
    for (const kind of [SlidingEventTimeWindows, SlidingProcessingTimeWindows]) {
      t.equal(refused(() => kind.of(size, slide, offset)).code, 'MR1001');
    }
  }
  t.ok(SlidingEventTimeWindows.of(10_000_000, 1), 'ten million windows a record are the most');
});

t.test('7: a record without a timestamp has no window of event time', async (t) => {
  for (const assigner of [
    TumblingEventTimeWindows.of(1000),
    SlidingEventTimeWindows.of(1000, 500),
    EventTimeSessionWindows.withGap(1000),
  ]) {
    const h = await PipelineHarness.create(summing((keyed) => keyed.window(assigner as WindowAssigner)));
    await t.rejects(h.push('in', ONE), { code: 'MR5009', where: { uid: 'sums' } });
    await h.close();
  }
});

t.test('8: sessions that touch are one', async (t) => {
  await everyWay(
    summingWithBounds((keyed) => keyed.window(EventTimeSessionWindows.withGap(10))),
    async (h) => {
      t.strictSame(await play(h, at(0), at(10), at(21), W(100)), [
        ['key2-2 [0, 20)', 19],
        ['key2-1 [21, 31)', 30],
      ]);
      await play(h, at(100), at(120));
      t.strictSame(await play(h, at(110), W(1000)), [['key2-3 [100, 130)', 129]]);
      t.strictSame(results(h), []);
    },
  );
});
