import t from 'tap';
import { OutputTag } from '../../../core/api/output-tag.js';
import { Watermark } from '../../../core/element/watermark.js';
import type { KeyedProcessFunction } from '../../../core/operator/keyed-process-function.js';
import { keyedProcessOperator } from '../../../core/operator/keyed-process-operator.js';
import { keyedReduceOperator } from '../../../core/operator/keyed-reduce-operator.js';
import { processOperator } from '../../../core/operator/process-operator.js';
import { types } from '../../../core/serde/types.js';
import type { ListState } from '../../../core/state/list-state.js';
import type { MapState } from '../../../core/state/map-state.js';
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../../../core/state/state-descriptor.js';
import type { ValueState } from '../../../core/state/value-state.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { OperatorWorld } from '../../operator-world.js';
import { refused } from '../../refused.js';

interface Click {
  readonly user: string;
  readonly at: number;
}

const click = (user: string, at: number): Click => ({ user, at });
const openProcess = (fn: KeyedProcessFunction<string, Click, unknown>, options = {}, world?: OperatorWorld) =>
  OperatorTestHarness.open<Click>(
    keyedProcessOperator((value: Click) => value.user, fn),
    options,
    world,
  );

function countingPerUser(): KeyedProcessFunction<string, Click, unknown> {
  let count: ValueState<number>;
  return {
    open(ctx) {
      count = ctx.getState(new ValueStateDescriptor('count', types.int32));
    },
    processElement(_value, ctx) {
      count.update((count.value() ?? 0) + 1);
      ctx.timerService.registerEventTimeTimer((ctx.timestamp ?? 0) + 10);
    },
    onTimer(timestamp, ctx, out) {
      out.collect(`${ctx.currentKey} ${count.value()} ${ctx.timeDomain} ${timestamp} ${ctx.timestamp}`);
    },
  };
}

t.test('reduce folds the records of each key and emits every new value', async (t) => {
  const sum = keyedReduceOperator<string, { k: string; n: number }>({
    keySelector: (value) => value.k,
    fn: (a, b) => ({ k: a.k, n: a.n + b.n }),
    life: {},
    type: () => types.object({ k: types.string, n: types.float64 }),
  });
  const harness = await OperatorTestHarness.open<{ k: string; n: number }>(sum);
  harness.element({ k: 'a', n: 1 }, 5);
  harness.element({ k: 'b', n: 10 }, 6);
  harness.element({ k: 'a', n: 2 });
  harness.watermark(6);
  t.strictSame(harness.take(), [
    [{ k: 'a', n: 1 }, 5],
    [{ k: 'b', n: 10 }, 6],
    [{ k: 'a', n: 3 }, undefined],
    { watermark: 6 },
  ]);
  const restored = await harness.checkpoint(1);
  const next = await OperatorTestHarness.open<{ k: string; n: number }>(sum, { restored }, harness.world);
  next.element({ k: 'b', n: 1 }, 9);
  t.strictSame(next.take(), [[{ k: 'b', n: 11 }, 9]]);
});

t.test('event-time timers fire by key in the order of time, before the watermark', async (t) => {
  const harness = await openProcess(countingPerUser());
  harness.element(click('a', 1), 1);
  harness.element(click('b', 0), 0);
  harness.element(click('a', 5), 5);
  harness.watermark(11);
  t.strictSame(harness.take(), [
    ['b 1 event-time 10 10', 10],
    ['a 2 event-time 11 11', 11],
    { watermark: 11 },
  ]);
  harness.watermark(Watermark.MAX);
  t.strictSame(harness.takeRecords(), [['a 2 event-time 15 15', 15]]);
});

t.test(
  'a timer at or below the watermark fires at the next watermark, whatever pauses come between',
  async (t) => {
    const harness = await openProcess(countingPerUser());
    harness.watermark(100);
    harness.element(click('a', 1), 1);
    t.equal(harness.operator.resume(), true);
    t.strictSame(harness.take(), [{ watermark: 100 }]);
    harness.watermark(101);
    t.strictSame(harness.takeRecords(), [['a 1 event-time 11 11', 11]]);
  },
);

t.test(
  'processing-time timers fire when the wall clock reaches them, and their results have no timestamp',
  async (t) => {
    const fired: (string | number | undefined)[][] = [];
    const harness = await openProcess({
      processElement(value, ctx) {
        ctx.timerService.registerProcessingTimeTimer(ctx.timerService.currentProcessingTime() + value.at);
      },
      onTimer(timestamp, ctx, out) {
        fired.push([ctx.currentKey, timestamp, ctx.timeDomain]);
        out.collect('fired');
      },
    });
    harness.element(click('a', 50), 1);
    harness.element(click('b', 20), 2);
    harness.advance(10);
    t.strictSame(fired, []);
    harness.advance(40);
    t.strictSame(fired, [
      ['b', 20, 'processing-time'],
      ['a', 50, 'processing-time'],
    ]);
    t.strictSame(harness.take(), [
      ['fired', undefined],
      ['fired', undefined],
    ]);
  },
);

t.test('deleted timers do not fire', async (t) => {
  const harness = await openProcess({
    processElement(value, ctx) {
      if (value.at > 0) ctx.timerService.registerEventTimeTimer(value.at);
      else ctx.timerService.deleteEventTimeTimer(-value.at);
    },
    onTimer(timestamp, _ctx, out) {
      out.collect(timestamp);
    },
  });
  harness.element(click('a', 10));
  harness.element(click('b', 10));
  harness.element(click('a', -10));
  harness.watermark(10);
  t.equal(harness.takeRecords().length, 1);
});

t.test('all kinds of state are there, each of its key', async (t) => {
  let list: ListState<number>;
  let map: MapState<string, number>;
  const sum = new ReducingStateDescriptor<number>('sum', (a, b) => a + b, types.float64);
  const mean = new AggregatingStateDescriptor(
    'mean',
    {
      createAccumulator: () => ({ sum: 0, count: 0 }),
      add: (value: number, acc) => ({ sum: acc.sum + value, count: acc.count + 1 }),
      getResult: (acc) => acc.sum / acc.count,
    },
    types.object({ sum: types.float64, count: types.int32 }),
  );
  const fn: KeyedProcessFunction<string, Click, unknown> = {
    open(ctx) {
      list = ctx.getListState(new ListStateDescriptor('list', types.float64));
      map = ctx.getMapState(new MapStateDescriptor('map', types.string, types.float64));
    },
    processElement(value, ctx, out) {
      list.add(value.at);
      map.put(`at ${value.at}`, value.at);
      const sums = ctx.getReducingState(sum);
      const means = ctx.getAggregatingState(mean);
      sums.add(value.at);
      means.add(value.at);
      out.collect([list.get(), [...map.keys()], sums.get(), means.get()]);
    },
  };
  const harness = await openProcess(fn);
  harness.element(click('a', 1));
  harness.element(click('b', 7));
  harness.element(click('a', 4));
  const expected = [
    [[1], ['at 1'], 1, 1],
    [[7], ['at 7'], 7, 7],
    [[1, 4], ['at 1', 'at 4'], 5, 2.5],
  ];
  t.strictSame(
    harness.takeRecords().map(([value]) => value),
    expected,
  );
  const restored = await harness.checkpoint(1);
  const next = await openProcess(fn, { restored }, harness.world);
  next.element(click('b', 9));
  t.strictSame(next.takeRecords(), [[[[7, 9], ['at 7', 'at 9'], 16, 8], undefined]]);
});

t.test('timers and watermark are restored', async (t) => {
  const first = await openProcess(countingPerUser());
  first.watermark(5);
  first.element(click('a', 1), 1);
  const restored = await first.checkpoint(1);
  const second = await openProcess(countingPerUser(), { restored }, new OperatorWorld(first.world.files));
  second.watermark(4);
  t.strictSame(second.take(), []);
  second.watermark(11);
  t.strictSame(second.take(), [['a 1 event-time 11 11', 11], { watermark: 11 }]);
});

t.test('a process function sees time and has side outputs, but no state', async (t) => {
  const rejected = new OutputTag<string>('rejected');
  const harness = await OperatorTestHarness.open<string>(
    processOperator<string, number>({
      processElement(line, ctx, out) {
        if (Number.isNaN(Number(line))) ctx.output(rejected, line);
        else out.collect(Number(line) + ctx.timerService.currentWatermark());
        ctx.counter('lines').add(1);
      },
    }),
  );
  harness.watermark(100);
  harness.element('1', 7);
  harness.element('x', 8);
  t.strictSame(harness.take(), [
    { watermark: 100 },
    [101, 7],
    { side: 'rejected', value: 'x', timestamp: 8 },
  ]);
  t.equal(harness.world.counters.get('lines'), 2);
  const stateful = await OperatorTestHarness.open<string>(
    processOperator<string, number>({
      processElement: (_line, ctx) => (ctx as unknown as { getState(d: unknown): void }).getState({}),
    }),
  );
  t.match(refused(() => stateful.element('1')).message, /MR2005.*keyBy/);
});
