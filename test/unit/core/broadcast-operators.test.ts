import t from 'tap';
import { OutputTag } from '../../../core/api/output-tag.js';
import type {
  BroadcastProcessFunction,
  KeyedBroadcastProcessFunction,
} from '../../../core/operator/broadcast-process-function.js';
import { broadcastProcessOperator } from '../../../core/operator/broadcast-process-operator.js';
import { keyedBroadcastProcessOperator } from '../../../core/operator/keyed-broadcast-process-operator.js';
import { types } from '../../../core/serde/types.js';
import type { BroadcastState } from '../../../core/state/broadcast-state.js';
import type { ListState } from '../../../core/state/list-state.js';
import {
  ListStateDescriptor,
  MapStateDescriptor,
  ValueStateDescriptor,
} from '../../../core/state/state-descriptor.js';
import type { ValueState } from '../../../core/state/value-state.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { refused } from '../../refused.js';

const limits = new MapStateDescriptor('limits', types.string, types.float64);
const current = new MapStateDescriptor('current', types.void, types.object({ text: types.string }));

interface Reading {
  readonly sensor: string;
  readonly value: number;
}

const aboveLimit: BroadcastProcessFunction<Reading, { sensor: string; limit?: number }, string> = {
  processElement({ sensor, value }, ctx, out) {
    const limit = ctx.getBroadcastState(limits).get(sensor) ?? 100;
    if (value > limit) out.collect(`${sensor} ${value} > ${limit} at ${ctx.timestamp}`);
  },
  processBroadcastElement({ sensor, limit }, ctx) {
    const state = ctx.getBroadcastState(limits);
    if (limit === undefined) state.delete(sensor);
    else state.put(sensor, limit);
    ctx.output(new OutputTag<string>('changes'), `${sensor} of ${state.entries().length}`);
  },
};

t.test('what was broadcast is read beside the other stream, and restored', async (t) => {
  const factory = broadcastProcessOperator(aboveLimit, [limits]);
  const harness = await OperatorTestHarness.open<Reading>(factory);
  harness.element({ sensor: 'a', value: 50 }, 1);
  harness.input(1).processElement({ sensor: 'a', limit: 10 }, 2);
  harness.input(1).processElement({ sensor: 'b', limit: 60 }, 2);
  harness.element({ sensor: 'a', value: 50 }, 3);
  t.strictSame(harness.take(), [
    { side: 'changes', value: 'a of 1', timestamp: 2 },
    { side: 'changes', value: 'b of 2', timestamp: 2 },
    ['a 50 > 10 at 3', 3],
  ]);
  const restored = await harness.checkpoint(1);
  const next = await OperatorTestHarness.open<Reading>(factory, { restored }, harness.world);
  next.element({ sensor: 'b', value: 61 }, 4);
  next.input(1).processElement({ sensor: 'a' }, 5);
  next.element({ sensor: 'a', value: 99 }, 6);
  t.strictSame(next.take(), [['b 61 > 60 at 4', 4], { side: 'changes', value: 'a of 1', timestamp: 5 }]);
  t.equal(Object.values(restored.lists).find(({ mode }) => mode === 'broadcast')?.items.length, 2);
});

t.test('only the broadcast side changes the state', async (t) => {
  for (const method of ['put', 'putAll', 'delete', 'clear'] as const) {
    const harness = await OperatorTestHarness.open<Reading>(
      broadcastProcessOperator<Reading, string, never>(
        {
          processElement(value, ctx) {
            const state = ctx.getBroadcastState(limits) as BroadcastState<string, number>;
            (state[method] as (key: unknown, value?: unknown) => void)(value.sensor, 1);
          },
          processBroadcastElement: () => {},
        },
        [limits],
      ),
    );
    t.equal(refused(() => harness.element({ sensor: 'a', value: 1 })).code, 'MR2011', method);
  }
});

t.test('a state that was not given to broadcast is refused', async (t) => {
  const ask = (descriptor: MapStateDescriptor<string, number>) =>
    OperatorTestHarness.open<Reading>(
      broadcastProcessOperator<Reading, string, never>(
        {
          processElement: (_value, ctx) => void ctx.getBroadcastState(descriptor),
          processBroadcastElement: () => {},
        },
        [limits],
      ),
    );
  const other = await ask(new MapStateDescriptor('other', types.string, types.float64));
  const error = refused(() => other.element({ sensor: 'a', value: 1 }));
  t.equal(error.code, 'MR1001');
  t.match(error.message, /no broadcast state 'other'.*'limits' \(map<string,float64>\)/);
  const retyped = await ask(new MapStateDescriptor('limits', types.string, types.int32) as never);
  t.equal(refused(() => retyped.element({ sensor: 'a', value: 1 })).code, 'MR1001');
});

t.test('a map with void keys holds one value; keys that are objects are told apart by content', async (t) => {
  const byPlace = new MapStateDescriptor('by-place', types.dynamic<{ x: number }>(), types.int32);
  const fn: BroadcastProcessFunction<string, string, string> = {
    processElement(_value, ctx, out) {
      const places = ctx.getBroadcastState(byPlace);
      out.collect(
        `${ctx.getBroadcastState(current).get(undefined)?.text} ${JSON.stringify(places.entries())}`,
      );
      out.collect(
        `${places.has({ x: 1 })} ${places.get({ x: 2 })} ${places.isEmpty()} ${places.keys().length}`,
      );
    },
    processBroadcastElement(text, ctx) {
      ctx.getBroadcastState(current).put(undefined, { text });
      const places = ctx.getBroadcastState(byPlace);
      places.put({ x: 1 }, (places.get({ x: 1 }) ?? 0) + 1);
      places.putAll([[{ x: 2 }, 5]]);
      if (text === 'last') t.equal(places.delete({ x: 2 }), true);
      if (text === 'last') t.equal(places.delete({ x: 2 }), false);
    },
  };
  const factory = broadcastProcessOperator(fn, [current, byPlace]);
  const harness = await OperatorTestHarness.open<string>(factory);
  harness.input(1).processElement('first', 1);
  harness.input(1).processElement('second', 1);
  const restored = await harness.checkpoint(1);
  for (const each of [
    harness,
    await OperatorTestHarness.open<string>(factory, { restored }, harness.world),
  ]) {
    each.element('', 1);
    t.strictSame(each.takeRecords(), [
      ['second [[{"x":1},2],[{"x":2},5]]', 1],
      ['true 5 false 2', 1],
    ]);
    each.input(1).processElement('last', 1);
    each.element('', 2);
    t.strictSame(each.takeRecords(), [
      ['last [[{"x":1},3]]', 2],
      ['true undefined false 1', 2],
    ]);
  }
});

const seen = new ValueStateDescriptor('seen', types.int32);
const history = new ListStateDescriptor('history', types.string);

function counting(): KeyedBroadcastProcessFunction<string, Reading, string, string> {
  let count: ValueState<number>;
  let values: ListState<string>;
  return {
    open(ctx) {
      count = ctx.getState(seen);
      values = ctx.getListState(history);
    },
    processElement({ value }, ctx) {
      count.update((count.value() ?? 0) + 1);
      values.addAll([`${value}`, '!']);
      ctx.timerService.registerEventTimeTimer(10);
    },
    processBroadcastElement(command, ctx, out) {
      ctx.getBroadcastState(limits).put(command, ctx.timerService.currentWatermark());
      if (command === 'keyed') count.update(1);
      ctx.applyToKeyedState(seen, (key, state) => {
        out.collect(`${command} ${key} ${state.value()} ${values.get().join('')}`);
        if (command === 'reset') state.clear();
      });
      if (command === 'lists') {
        ctx.applyToKeyedState(history, (key, state) => out.collect(`${key}: ${state.get().length}`));
      }
    },
    onTimer(timestamp, ctx, out) {
      out.collect(`${ctx.currentKey} at ${timestamp}: ${ctx.getBroadcastState(limits).keys().join()}`);
    },
  };
}

t.test('the broadcast side reaches the state of all keys, the keyed side has timers', async (t) => {
  const factory = keyedBroadcastProcessOperator({
    keySelector: (reading: Reading) => reading.sensor,
    fn: counting(),
    descriptors: [limits],
  });
  const harness = await OperatorTestHarness.open<Reading>(factory);
  for (const sensor of ['a', 'b', 'a', 'c']) harness.element({ sensor, value: sensor.length }, 1);
  harness.input(1).processElement('show', 2);
  const shown = harness.takeRecords().map(([text]) => text);
  t.strictSame(shown.sort(), ['show a 2 1!1!', 'show b 1 1!', 'show c 1 1!']);
  harness.input(1).processElement('reset', 3);
  t.equal(harness.takeRecords().length, 3);
  const restored = await harness.checkpoint(1);
  const next = await OperatorTestHarness.open<Reading>(factory, { restored }, harness.world);
  next.input(1).processElement('lists', 4);
  t.strictSame(
    next
      .takeRecords()
      .map(([text]) => text)
      .sort(),
    ['a: 4', 'b: 2', 'c: 2'],
    'no key has a count, all have a list',
  );
  next.element({ sensor: 'b', value: 1 }, 5);
  t.equal(refused(() => next.input(1).processElement('keyed', 5)).code, 'MR2005', 'no key is current');
  next.input(0).processWatermark(10);
  next.input(1).processWatermark(10);
  t.strictSame(
    next
      .takeRecords()
      .map(([text]) => text)
      .sort(),
    ['a at 10: show,reset,lists,keyed', 'b at 10: show,reset,lists,keyed', 'c at 10: show,reset,lists,keyed'],
  );
});
