import t from 'tap';
import type { KeyedStream } from '../../../core/api/keyed-stream.js';
import { OutputTag } from '../../../core/api/output-tag.js';
import type { WindowedStream } from '../../../core/api/windowed-stream.js';
import { NO_TIMESTAMP, Watermark } from '../../../core/element/watermark.js';
import { EventTimeSessionWindows } from '../../../core/window/event-time-session-windows.js';
import { EventTimeTrigger } from '../../../core/window/event-time-trigger.js';
import { ProcessingTimeSessionWindows } from '../../../core/window/processing-time-session-windows.js';
import { PurgingTrigger } from '../../../core/window/purging-trigger.js';
import { SlidingEventTimeWindows } from '../../../core/window/sliding-event-time-windows.js';
import { SlidingProcessingTimeWindows } from '../../../core/window/sliding-processing-time-windows.js';
import { TimeWindow } from '../../../core/window/time-window.js';
import { TumblingEventTimeWindows } from '../../../core/window/tumbling-event-time-windows.js';
import { TumblingProcessingTimeWindows } from '../../../core/window/tumbling-processing-time-windows.js';
import { lastOperator } from '../../last-operator.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { refused } from '../../refused.js';

/** The vectors of windows, by the numbers under which the reference of Flink's behaviour lists them. */

interface Count {
  readonly key: string;
  readonly count: number;
}

const one: Count = { key: 'key2', count: 1 };
const sum = (a: Count, b: Count): Count => ({ key: a.key, count: a.count + b.count });
const result = (count: number, timestamp: number) => [{ key: 'key2', count }, timestamp];

type Windowing = (keyed: KeyedStream<Count, string>) => WindowedStream<Count, string>;

function summing(windowing: Windowing): Promise<OperatorTestHarness<Count>> {
  return OperatorTestHarness.open<Count>(
    lastOperator<Count>((stream) => windowing(stream.keyBy((value) => value.key)).reduce(sum)),
  );
}

const dropped = (harness: OperatorTestHarness<Count>) =>
  harness.world.counters.get('numLateRecordsDropped') ?? 0;

const purging = PurgingTrigger.of(EventTimeTrigger.create());
const tumbling =
  (latenessMs = 0): Windowing =>
  (keyed) =>
    keyed.window(TumblingEventTimeWindows.of('2 s')).trigger(purging).allowedLateness(latenessMs);

function starts(assigned: readonly TimeWindow[]): [number, number][] {
  return assigned.map(({ start, end }) => [start, end]);
}

t.test('1, 2, 3: tumbling windows are aligned to the epoch plus an offset', async (t) => {
  const at = (size: number, offset: number | string, timestamp: number) =>
    starts(TumblingEventTimeWindows.of(size, offset).assignWindows(undefined, timestamp));
  t.strictSame(at(2000, 0, 0), [[0, 2000]]);
  t.strictSame(at(2000, 0, 1999), [[0, 2000]]);
  t.strictSame(at(2000, 0, 2000), [[2000, 4000]]);
  t.equal(new TimeWindow(0, 2000).maxTimestamp, 1999);
  t.strictSame(at(2000, 0, -1), [[-2000, 0]]);
  t.strictSame(at(2000, 0, -2000), [[-2000, 0]]);
  t.strictSame(at(2000, 0, -2001), [[-4000, -2000]]);
  t.strictSame(at(2000, 500, 1000), [[500, 2500]]);
  t.strictSame(at(2000, 500, 499), [[-1500, 500]]);
  const day = 86_400_000;
  t.strictSame(at(day, '-8 h', 1_577_836_800_000), [[1_577_808_000_000, 1_577_808_000_000 + day]]);
  const clock = { currentProcessingTime: () => 499 };
  t.strictSame(starts(TumblingProcessingTimeWindows.of(2000, 500).assignWindows(undefined, 7, clock)), [
    [-1500, 500],
  ]);
});

t.test('4, 5: sliding windows come newest first', async (t) => {
  const three: [number, number][] = [
    [2000, 5000],
    [1000, 4000],
    [0, 3000],
  ];
  t.strictSame(starts(SlidingEventTimeWindows.of(3000, 1000).assignWindows(undefined, 2400)), three);
  const clock = { currentProcessingTime: () => 2400 };
  t.strictSame(starts(SlidingProcessingTimeWindows.of(3000, 1000).assignWindows(undefined, 0, clock)), three);
  t.strictSame(starts(SlidingEventTimeWindows.of(2500, 1000).assignWindows(undefined, 999)), [
    [0, 2500],
    [-1000, 1500],
  ]);
});

t.test('7: sliding windows that make no sense are refused, and records without timestamps', async (t) => {
  for (const [size, slide, offset] of [
    [1000, 1000, 1000],
    [3000, 1000, -1000],
    [0, 1000, 0],
    [-1, 1000, 0],
    [1000, 0, 0],
    [10_000_001, 1, 0],
  ] as const) {
    t.equal(refused(() => SlidingEventTimeWindows.of(size, slide, offset)).code, 'MR1001');
    t.equal(refused(() => SlidingProcessingTimeWindows.of(size, slide, offset)).code, 'MR1001');
  }
  t.ok(SlidingEventTimeWindows.of(10_000_000, 1));
  for (const windowing of [
    tumbling(),
    (keyed) => keyed.window(SlidingEventTimeWindows.of(10, 5)),
    (keyed) => keyed.window(EventTimeSessionWindows.withGap(10)),
  ] as Windowing[]) {
    const harness = await summing(windowing);
    t.equal(refused(() => harness.element(one, NO_TIMESTAMP)).code, 'MR5009');
  }
});

t.test('8: windows that touch are merged', async (t) => {
  const merged: [number, number][][] = [];
  const windows = [new TimeWindow(30, 40), new TimeWindow(0, 10), new TimeWindow(10, 20)];
  TimeWindow.mergeWindows(windows, (from, into) => merged.push(starts([into, ...from])));
  t.strictSame(merged, [
    [
      [0, 20],
      [0, 10],
      [10, 20],
    ],
  ]);
});

t.test('9: late elements fire anew within the lateness', async (t) => {
  const harness = await summing(tumbling(500));
  harness.element(one, 500);
  harness.watermark(1500);
  harness.element(one, 1300);
  harness.watermark(2300);
  t.strictSame(harness.take(), [{ watermark: 1500 }, result(2, 1999), { watermark: 2300 }]);
  harness.element(one, 1997);
  t.strictSame(harness.take(), [result(1, 1999)]);
  harness.watermark(6000);
  harness.element(one, 1998);
  t.strictSame(harness.take(), [{ watermark: 6000 }]);
  t.equal(dropped(harness), 1);
});

t.test('10, 11, 12: when a window fires, and when it is late', async (t) => {
  const harness = await summing(tumbling());
  harness.element(one, 0);
  harness.watermark(1998);
  t.strictSame(harness.take(), [{ watermark: 1998 }]);
  harness.watermark(1999);
  t.strictSame(harness.take(), [result(1, 1999), { watermark: 1999 }]);
  harness.element(one, 1998);
  t.equal(dropped(harness), 1);
  const kept = await summing(tumbling());
  kept.watermark(1985);
  kept.element(one, 1980);
  kept.watermark(1999);
  t.strictSame(kept.takeRecords(), [result(1, 1999)]);
  const late = await summing((keyed) =>
    keyed.window(TumblingEventTimeWindows.of('2 s')).allowedLateness(500),
  );
  late.element(one, 0);
  late.watermark(2300);
  late.element(one, 0);
  t.strictSame(late.takeRecords(), [result(1, 1999), result(2, 1999)]);
});

t.test('14: an element is late when all its windows are', async (t) => {
  const late = new OutputTag<Count>('late');
  const windowing: Windowing = (keyed) => keyed.window(SlidingEventTimeWindows.of(3000, 1000));
  const harness = await summing((keyed) => windowing(keyed).sideOutputLateData(late));
  harness.watermark(2999);
  harness.element(one, 1500);
  t.strictSame(harness.take(), [{ watermark: 2999 }], '[0, 3000) is late, two others are not');
  harness.watermark(3999);
  t.strictSame(harness.take(), [result(1, 3999), { watermark: 3999 }]);
  harness.element(one, 2000);
  harness.element(one, 999);
  t.strictSame(harness.take(), [{ side: 'late', value: one, timestamp: 999 }]);
  t.equal(dropped(harness), 0);
  const counted = await summing(windowing);
  counted.watermark(9000);
  counted.element(one, 999);
  t.equal(dropped(counted), 1);
});

t.test('15: no cleanup beyond the end of time', async (t) => {
  const harness = await summing((keyed) =>
    keyed.window(TumblingEventTimeWindows.of(1000)).allowedLateness(2000),
  );
  const timestamp = Watermark.MAX - 1750;
  const lastTime = TimeWindow.startOf(timestamp, 0, 1000) + 999;
  harness.element(one, timestamp);
  harness.watermark(Watermark.MAX - 1500);
  harness.watermark(lastTime);
  t.strictSame(harness.takeRecords(), [result(1, lastTime)]);
});

t.test('16: a negative lateness is refused', async (t) => {
  t.equal(refused(() => void summing(tumbling(-1))).code, 'MR1001');
});

t.test('17: processing time knows no timestamps', async (t) => {
  const harness = await summing((keyed) => keyed.window(ProcessingTimeSessionWindows.withGap('3 s')));
  harness.advance(3);
  harness.element(one, 1);
  harness.advance(997);
  harness.element(one, 1_000_000);
  harness.advance(2998);
  t.strictSame(harness.takeRecords(), []);
  harness.advance(1);
  t.strictSame(harness.takeRecords(), [result(2, 3999)]);
  harness.advance(1001);
  for (const key of ['key2', 'key2', 'key1', 'key1', 'key1']) harness.element({ key, count: 1 });
  harness.advance(5000);
  t.strictSame(
    harness.takeRecords().toSorted(([a], [b]) => (a as Count).count - (b as Count).count),
    [result(2, 7999), [{ key: 'key1', count: 3 }, 7999]],
  );
});

t.test('18: what was purged fires nothing', async (t) => {
  const harness = await summing(tumbling(500));
  harness.element(one, 0);
  harness.watermark(1999);
  harness.watermark(2498);
  t.strictSame(harness.takeRecords(), [result(1, 1999)]);
});

/** Emits `key-count`, start and end, as the sessions of the vectors are shown. */
function sessions(windowing: (windowed: WindowedStream<Count, string>) => WindowedStream<Count, string>) {
  const factory = lastOperator<Count, unknown>((stream) =>
    windowing(stream.keyBy(({ key }) => key).window(EventTimeSessionWindows.withGap('3 s'))).reduce<unknown>(
      sum,
      {
        process(key, ctx, [total], out) {
          out.collect([`${key}-${total?.count}`, ctx.window.start, ctx.window.end]);
        },
      },
    ),
  );
  return OperatorTestHarness.open<Count>(factory);
}

/** What all vectors of sessions begin with. */
function begin(harness: OperatorTestHarness<Count>): void {
  harness.element(one, 1000);
  harness.watermark(1999);
  harness.element(one, 2000);
  harness.watermark(4998);
  harness.element(one, 4500);
  harness.element(one, 8500);
  harness.watermark(7400);
  harness.element(one, 7000);
  harness.watermark(11_501);
  harness.element(one, 11_600);
  harness.watermark(14_600);
}

const FIRST = [
  [['key2-5', 1000, 11_500], 11_499],
  [['key2-1', 11_600, 14_600], 14_599],
];

t.test('19: sessions without lateness', async (t) => {
  const harness = await sessions((windowed) => windowed);
  begin(harness);
  t.strictSame(harness.takeRecords(), FIRST);
  harness.element(one, 10_000);
  t.strictSame(harness.takeRecords(), []);
  t.equal(dropped(harness), 1);
});

t.test('20: a late element merges into a session that is still kept', async (t) => {
  const harness = await sessions((windowed) => windowed.allowedLateness(10));
  begin(harness);
  t.strictSame(harness.takeRecords(), FIRST);
  harness.element(one, 10_000);
  t.strictSame(harness.takeRecords(), [[['key2-2', 10_000, 14_600], 14_599]]);
  harness.element(one, 14_500);
  harness.watermark(20_000);
  t.strictSame(harness.takeRecords(), [[['key2-3', 10_000, 17_500], 17_499]]);
});

t.test('22: a late element merges two sessions that have fired', async (t) => {
  const harness = await sessions((windowed) => windowed.allowedLateness(10_000));
  begin(harness);
  t.strictSame(harness.takeRecords(), FIRST);
  harness.element(one, 10_000);
  t.strictSame(harness.takeRecords(), [[['key2-7', 1000, 14_600], 14_599]]);
  harness.element(one, 14_500);
  harness.watermark(20_000);
  t.strictSame(harness.takeRecords(), [[['key2-8', 1000, 17_500], 17_499]]);
});

t.test('21, 23: with a purging trigger a session goes on with what came since', async (t) => {
  const harness = await sessions((windowed) => windowed.trigger(purging).allowedLateness(10_000));
  begin(harness);
  t.strictSame(harness.takeRecords(), FIRST);
  harness.element(one, 10_000);
  t.strictSame(harness.takeRecords(), [[['key2-1', 1000, 14_600], 14_599]]);
  harness.element(one, 14_500);
  harness.watermark(20_000);
  t.strictSame(harness.takeRecords(), [[['key2-1', 1000, 17_500], 17_499]]);
});

t.test(
  '24: merging tells the trigger first, then clears what was merged, then moves the contents',
  async (t) => {
    const said: string[] = [];
    const factory = lastOperator<Count>((stream) =>
      stream
        .keyBy(({ key }) => key)
        .window(EventTimeSessionWindows.withGap(10))
        .trigger({
          onElement: () => 0,
          onMerge: ({ start, end }) => said.push(`onMerge ${start} ${end}`),
          clear: ({ start, end }) => said.push(`clear ${start} ${end}`),
        })
        .reduce((a, b) => {
          said.push('contents');
          return sum(a, b);
        }),
    );
    const harness = await OperatorTestHarness.open<Count>(factory);
    harness.element(one, 0);
    harness.element(one, 18);
    harness.element(one, 9);
    t.strictSame(said, ['onMerge 0 28', 'clear 0 10', 'clear 18 28', 'contents', 'contents']);
  },
);
