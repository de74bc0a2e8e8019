import t from 'tap';
import { OutputTag } from '../../../core/api/output-tag.js';
import { Watermark } from '../../../core/element/watermark.js';
import { types } from '../../../core/serde/types.js';
import { EventTimeTrigger } from '../../../core/window/event-time-trigger.js';
import type { ProcessWindowFunction } from '../../../core/window/process-window-function.js';
import { PurgingTrigger } from '../../../core/window/purging-trigger.js';
import { TimeWindow } from '../../../core/window/time-window.js';
import type { Trigger } from '../../../core/window/trigger.js';
import { TumblingEventTimeWindows } from '../../../core/window/tumbling-event-time-windows.js';
import { listedContents, reducedContents } from '../../../core/window/window-contents.js';
import { passContents, processContents } from '../../../core/window/window-function.js';
import { windowOperator } from '../../../core/window/window-operator.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { OperatorWorld, type WorldOptions } from '../../operator-world.js';
import { refused } from '../../refused.js';

interface Count {
  readonly key: string;
  readonly count: number;
}

interface Choices {
  readonly sizeMs: number;
  readonly latenessMs?: number;
  readonly trigger?: Trigger;
  readonly lateTag?: OutputTag<Count>;
}

const sum = (a: Count, b: Count): Count => ({ key: a.key, count: a.count + b.count });
const one: Count = { key: 'key2', count: 1 };
const purging = new PurgingTrigger(new EventTimeTrigger());

function summing(choices: Choices) {
  return windowOperator<string, Count, Count, Count, Count>({
    keySelector: (value) => value.key,
    assigner: TumblingEventTimeWindows.of(choices.sizeMs),
    trigger: choices.trigger ?? new EventTimeTrigger(),
    allowedLatenessMs: choices.latenessMs ?? 0,
    lateTag: choices.lateTag,
    contents: reducedContents(sum, () => types.dynamic<Count>()),
    windowFunction: passContents,
  });
}

function open(choices: Choices, options: WorldOptions = {}, world = new OperatorWorld()) {
  return OperatorTestHarness.open<Count>(summing(choices), options, world);
}

const result = (count: number, timestamp: number) => [{ key: 'key2', count }, timestamp];
const dropped = (harness: OperatorTestHarness<Count>) =>
  harness.world.counters.get('numLateRecordsDropped') ?? 0;

t.test('windows are aligned to the epoch plus the offset, before it too', async (t) => {
  const cases: [size: number, offset: number, timestamp: number, start: number][] = [
    [2000, 0, 0, 0],
    [2000, 0, 1999, 0],
    [2000, 0, 2000, 2000],
    [2000, 0, -1, -2000],
    [2000, 0, -2000, -2000],
    [2000, 0, -2001, -4000],
    [2000, 500, 1000, 500],
    [2000, 500, 499, -1500],
    [86_400_000, -28_800_000, 1_577_836_800_000, 1_577_808_000_000],
  ];
  for (const [size, offset, timestamp, start] of cases) {
    t.equal(TimeWindow.startOf(timestamp, offset, size), start, `start for ${timestamp}`);
    const [window] = TumblingEventTimeWindows.of(size, offset).assignWindows(undefined, timestamp);
    t.strictSame(window, new TimeWindow(start, start + size));
    t.equal(window?.maxTimestamp, start + size - 1);
  }
});

t.test('window sizes and offsets that make no sense are refused', async (t) => {
  for (const [size, offset] of [
    [0, 0],
    [-1, 0],
    [1000, 1000],
    [1000, -1000],
  ] as const) {
    t.equal(refused(() => TumblingEventTimeWindows.of(size, offset)).code, 'MR1001');
  }
});

t.test(
  'late records fire their window again while it is kept, and with a purging trigger alone',
  async (t) => {
    const harness = await open({ sizeMs: 2000, latenessMs: 500, trigger: purging });
    harness.element(one, 500);
    harness.watermark(1500);
    harness.element(one, 1300);
    harness.watermark(2300);
    t.strictSame(harness.take(), [{ watermark: 1500 }, result(2, 1999), { watermark: 2300 }]);
    harness.element(one, 1997);
    t.strictSame(harness.take(), [result(1, 1999)], 'fires at once, with what came since the purge');
    harness.watermark(6000);
    harness.element(one, 1998);
    t.strictSame(harness.take(), [{ watermark: 6000 }]);
    t.equal(dropped(harness), 1);
  },
);

t.test('without purging a late record adds to what the window held', async (t) => {
  const harness = await open({ sizeMs: 2000, latenessMs: 500 });
  harness.element(one, 500);
  harness.element(one, 1300);
  harness.watermark(2300);
  harness.element(one, 1997);
  t.strictSame(harness.takeRecords(), [result(2, 1999), result(3, 1999)]);
});

t.test('a window fires at the first watermark at its last time, before that watermark goes on', async (t) => {
  const harness = await open({ sizeMs: 2000 });
  harness.element(one, 0);
  harness.watermark(1998);
  t.strictSame(harness.take(), [{ watermark: 1998 }]);
  harness.watermark(1999);
  t.strictSame(harness.take(), [result(1, 1999), { watermark: 1999 }]);
});

t.test('a record is late when its window has gone, not when it is older than the watermark', async (t) => {
  const harness = await open({ sizeMs: 2000 });
  harness.watermark(1985);
  harness.element(one, 1980);
  harness.watermark(1999);
  harness.element(one, 1998);
  t.strictSame(harness.takeRecords(), [result(1, 1999)]);
  t.equal(dropped(harness), 1);
});

t.test('the late side output takes late records in place of the counter', async (t) => {
  const harness = await open({ sizeMs: 2000, lateTag: new OutputTag<Count>('late') });
  harness.watermark(1999);
  harness.element(one, 1998);
  t.strictSame(harness.take(), [{ watermark: 1999 }, { side: 'late', value: one, timestamp: 1998 }]);
  t.equal(dropped(harness), 0);
});

t.test('the cleanup time of a window at the end of time is never', async (t) => {
  const harness = await open({ sizeMs: 1000, latenessMs: 2000 });
  const timestamp = Watermark.MAX - 1750;
  const lastTime = TimeWindow.startOf(timestamp, 0, 1000) + 999;
  harness.element(one, timestamp);
  harness.watermark(Watermark.MAX - 1500);
  t.strictSame(harness.takeRecords(), []);
  harness.element(one, timestamp);
  harness.watermark(lastTime);
  t.strictSame(harness.takeRecords(), [result(2, lastTime)]);
  harness.element(one, timestamp);
  t.strictSame(harness.takeRecords(), [result(3, lastTime)], 'and it takes late records for ever');
});

t.test('state and timers are gone once the cleanup time has passed', async (t) => {
  const harness = await open({ sizeMs: 1000, latenessMs: 500 });
  for (let timestamp = 0; timestamp < 20_000; timestamp += 100) harness.element(one, timestamp);
  harness.watermark(Watermark.MAX);
  const handle = await harness.checkpoint(1);
  const rows = handle.keyed?.files.reduce((count, file) => count + file.entryCount, 0) ?? 0;
  t.equal(rows, 0);
});

t.test('the end of time fires every window', async (t) => {
  const harness = await open({ sizeMs: 2000 });
  harness.element(one, 100);
  harness.element(one, 5000);
  harness.watermark(Watermark.MAX);
  t.strictSame(harness.take(), [result(1, 1999), result(1, 5999), { watermark: Watermark.MAX }]);
});

t.test('a record without a timestamp fails the task', async (t) => {
  const harness = await open({ sizeMs: 2000 });
  t.equal(refused(() => harness.element(one)).code, 'MR5009');
});

t.test('firing that must yield goes on later, and holds its watermark back', async (t) => {
  const harness = await open({ sizeMs: 1000 });
  for (let i = 0; i < 5; i++) harness.element(one, i * 1000);
  let room = 2;
  harness.world.mustYield = () => room-- <= 0;
  harness.watermark(10_000);
  t.equal(harness.take().length, 2);
  room = 0;
  t.equal(harness.operator.resume(), false);
  t.strictSame(harness.take(), []);
  room = 100;
  t.equal(harness.operator.resume(), true);
  const elements = harness.take();
  t.equal(elements.length, 4);
  t.strictSame(elements.at(-1), { watermark: 10_000 });
});

t.test('[scenario 14] after a restore windows, timers and lateness are as before', async (t) => {
  const first = await open({ sizeMs: 2000, latenessMs: 500 });
  first.element(one, 100);
  first.watermark(1999);
  first.element(one, 2500);
  first.take();
  const handle = await first.checkpoint(7);
  const world = new OperatorWorld(first.world.files);
  const second = await open({ sizeMs: 2000, latenessMs: 500 }, { restored: handle, attempt: 2 }, world);
  second.watermark(1000);
  t.strictSame(second.take(), [], 'a watermark that it has passed says nothing');
  second.element(one, 200);
  t.strictSame(second.take(), [result(2, 1999)], 'late, and still kept');
  second.watermark(2499);
  second.element(one, 300);
  second.watermark(3999);
  t.strictSame(second.take(), [{ watermark: 2499 }, result(1, 3999), { watermark: 3999 }]);
  t.equal(dropped(second), 1);
});

function listing(fn: ProcessWindowFunction<string, Count, unknown>, latenessMs = 0) {
  return windowOperator({
    keySelector: (value: Count) => value.key,
    assigner: TumblingEventTimeWindows.of(1000),
    trigger: new EventTimeTrigger(),
    allowedLatenessMs: latenessMs,
    lateTag: undefined,
    contents: listedContents(() => types.dynamic<Count>()),
    windowFunction: processContents(fn, (elements: readonly Count[]) => elements),
  });
}

t.test('a process window function sees key, window and elements in their order', async (t) => {
  const side = new OutputTag<string>('side');
  const harness = await OperatorTestHarness.open<Count>(
    listing({
      process(key, ctx, elements, out) {
        out.collect([key, ctx.window.start, ctx.window.end, elements.map((e) => e.count)]);
        ctx.output(side, `${key}@${ctx.currentWatermark()}`);
      },
    }),
  );
  for (const [key, count, timestamp] of [
    ['a', 1, 10],
    ['b', 2, 5],
    ['a', 3, 4],
    ['a', 4, 1500],
  ] as const) {
    harness.element({ key, count }, timestamp);
  }
  harness.watermark(999);
  const elements = harness.take();
  t.strictSame(
    elements.filter((e) => Array.isArray(e)),
    [
      [['a', 0, 1000, [1, 3]], 999],
      [['b', 0, 1000, [2]], 999],
    ],
  );
  t.strictSame(
    elements.filter((e) => 'side' in e),
    [
      { side: 'side', value: 'a@999', timestamp: 999 },
      { side: 'side', value: 'b@999', timestamp: 999 },
    ],
  );
});

t.test('a window function has state of the window, which it clears, and state of the key', async (t) => {
  const { ValueStateDescriptor } = await import('../../../core/state/state-descriptor.js');
  const fired = new ValueStateDescriptor('fired', types.int32);
  const total = new ValueStateDescriptor('total', types.int32);
  const cleared: number[] = [];
  const harness = await OperatorTestHarness.open<Count>(
    listing(
      {
        process(_key, ctx, _elements, out) {
          const perWindow = ctx.windowState().getState(fired);
          const perKey = ctx.globalState().getState(total);
          perWindow.update((perWindow.value() ?? 0) + 1);
          perKey.update((perKey.value() ?? 0) + 1);
          out.collect([perWindow.value(), perKey.value()]);
        },
        clear(ctx) {
          ctx.windowState().getState(fired).clear();
          cleared.push(ctx.window.start);
        },
      },
      300,
    ),
  );
  harness.element(one, 0);
  harness.element(one, 1000);
  harness.watermark(999);
  harness.element(one, 1);
  harness.watermark(1999);
  t.strictSame(harness.takeRecords(), [
    [[1, 1], 999],
    [[2, 2], 999],
    [[1, 3], 1999],
  ]);
  t.strictSame(cleared, [0]);
});
