import t from 'tap';
import { OutputTag } from '../../../core/api/output-tag.js';
import { Watermark } from '../../../core/element/watermark.js';
import { processByCoFlatMap, processByCoMap } from '../../../core/operator/co-map-adapters.js';
import type { KeyedCoProcessFunction } from '../../../core/operator/co-process-function.js';
import { coProcessOperator } from '../../../core/operator/co-process-operator.js';
import { keyedCoProcessOperator } from '../../../core/operator/keyed-co-process-operator.js';
import { types } from '../../../core/serde/types.js';
import { ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import type { ValueState } from '../../../core/state/value-state.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { OperatorWorld } from '../../operator-world.js';

const silent = () => coProcessOperator({ processElement1: () => {}, processElement2: () => {} });

t.test('the watermark is the least one of the inputs that count', async (t) => {
  const harness = await OperatorTestHarness.open<string>(silent());
  const [first, second] = [harness.input(0), harness.input(1)];
  first.processWatermark(100);
  t.strictSame(harness.take(), [], 'nothing is known of the other input');
  second.processWatermark(50);
  t.strictSame(harness.take(), [{ watermark: 50 }]);
  second.processIdle();
  t.strictSame(harness.take(), [{ watermark: 100 }]);
  first.processIdle();
  t.strictSame(harness.take(), [{ status: 'idle' }]);
  second.processActive();
  second.processWatermark(70);
  t.strictSame(harness.take(), [{ status: 'active' }], 'time does not go back');
  second.processWatermark(Watermark.MAX);
  t.strictSame(harness.take(), [{ status: 'idle' }], 'the other one is idle, and time is not at its end');
  first.processActive();
  first.processWatermark(120);
  first.processWatermark(Watermark.MAX);
  t.strictSame(harness.take(), [{ status: 'active' }, { watermark: 120 }, { watermark: Watermark.MAX }]);
});

t.test('an ended input holds nothing back', async (t) => {
  const harness = await OperatorTestHarness.open<string>(silent());
  harness.input(0).processWatermark(Watermark.MAX);
  t.strictSame(harness.take(), []);
  harness.input(1).processWatermark(7);
  t.strictSame(harness.take(), [{ watermark: 7 }]);
});

t.test('co-map and co-flat-map give results of both streams with the times of their records', async (t) => {
  const mapped = await OperatorTestHarness.open<string>(
    coProcessOperator(
      processByCoMap<string, number, string>({ map1: (text) => `a ${text}`, map2: (n) => `b ${n}` }),
    ),
  );
  mapped.input(0).processElement('x', 1);
  mapped.input(1).processElement(2, 5);
  t.strictSame(mapped.take(), [
    ['a x', 1],
    ['b 2', 5],
  ]);
  const lives: string[] = [];
  const flat = await OperatorTestHarness.open<string>(
    coProcessOperator(
      processByCoFlatMap<string, number, string>({
        open: (ctx) => lives.push(`open ${ctx.subtaskIndex}`),
        flatMap1: (text, out) => {
          for (const letter of text) out.collect(letter);
        },
        flatMap2: () => {},
        close: () => lives.push('close'),
      }),
    ),
  );
  flat.input(0).processElement('xy', 1);
  flat.input(1).processElement(2, 5);
  t.strictSame(flat.take(), [
    ['x', 1],
    ['y', 1],
  ]);
  await flat.operator.close();
  await flat.operator.close();
  t.strictSame(lives, ['open 0', 'close']);
});

t.test('a promise is refused on either side', async (t) => {
  const harness = await OperatorTestHarness.open<string>(
    coProcessOperator(
      processByCoMap<string, string, unknown>({ map1: async () => 1, map2: () => Promise.resolve(1) }),
    ),
  );
  t.throws(() => harness.input(0).processElement('x', 1), { code: 'MR5002' });
  t.throws(() => harness.input(1).processElement('x', 1), { code: 'MR5002' });
});

interface Click {
  readonly user: string;
}

interface Order {
  readonly by: string;
}

/** Counts clicks until an order comes, and tells of users who did not order within 10 ms of their last click. */
function clicksBeforeOrder(): KeyedCoProcessFunction<string, Click, Order, string> {
  let count: ValueState<number>;
  let due: ValueState<number>;
  return {
    open(ctx) {
      count = ctx.getState(new ValueStateDescriptor('count', types.int32));
      due = ctx.getState(new ValueStateDescriptor('due', types.timestamp));
    },
    processElement1(_click, ctx) {
      const time = (ctx.timestamp ?? 0) + 10;
      count.update((count.value() ?? 0) + 1);
      const before = due.value();
      if (before !== undefined) ctx.timerService.deleteEventTimeTimer(before);
      due.update(time);
      ctx.timerService.registerEventTimeTimer(time);
    },
    processElement2(order, ctx, out) {
      const before = due.value();
      if (before === undefined) ctx.output(new OutputTag<string>('unseen'), order.by);
      else ctx.timerService.deleteEventTimeTimer(before);
      out.collect(`${ctx.currentKey} ordered after ${count.value() ?? 0}`);
      count.clear();
      due.clear();
    },
    onTimer(timestamp, ctx, out) {
      out.collect(`${ctx.currentKey} left at ${timestamp} ${ctx.timeDomain}`);
      count.clear();
      due.clear();
    },
  };
}

const clicksOperator = () =>
  keyedCoProcessOperator<string, Click, Order, string>(
    { first: (click) => click.user, second: (order) => order.by },
    clicksBeforeOrder(),
  );

t.test('state and timers of a key are shared by both inputs, and survive a restore', async (t) => {
  const harness = await OperatorTestHarness.open<Click>(clicksOperator());
  harness.input(0).processElement({ user: 'a' }, 1);
  harness.input(0).processElement({ user: 'a' }, 2);
  harness.input(0).processElement({ user: 'b' }, 3);
  harness.input(1).processElement({ by: 'c' }, 4);
  harness.input(1).processElement({ by: 'a' }, 4);
  t.strictSame(harness.take(), [
    { side: 'unseen', value: 'c', timestamp: 4 },
    ['c ordered after 0', 4],
    ['a ordered after 2', 4],
  ]);
  harness.input(0).processWatermark(12);
  harness.input(1).processWatermark(5);
  t.strictSame(harness.take(), [{ watermark: 5 }]);
  const restored = await harness.checkpoint(1);
  const next = await OperatorTestHarness.open<Click>(clicksOperator(), { restored }, harness.world);
  next.input(0).processWatermark(12);
  next.input(1).processWatermark(4);
  t.strictSame(next.take(), [], 'event time goes on from where it was');
  next.input(1).processWatermark(20);
  t.strictSame(next.take(), [{ watermark: 12 }], 'the timer is at 13');
  next.input(0).processWatermark(20);
  t.strictSame(next.take(), [['b left at 13 event-time', 13], { watermark: 20 }]);
});

t.test('idleness does not overtake a watermark that waits for timers', async (t) => {
  const world = new OperatorWorld();
  const harness = await OperatorTestHarness.open<Click>(clicksOperator(), {}, world);
  harness.input(0).processElement({ user: 'a' }, 1);
  harness.input(0).processElement({ user: 'b' }, 1);
  harness.input(1).processIdle();
  let allowed = 1;
  world.mustYield = () => allowed-- <= 0;
  harness.input(0).processWatermark(20);
  harness.input(0).processIdle();
  t.strictSame(harness.take(), [['a left at 11 event-time', 11]]);
  world.mustYield = () => false;
  t.equal(harness.operator.resume(), true);
  t.strictSame(harness.take(), [['b left at 11 event-time', 11], { watermark: 20 }, { status: 'idle' }]);
});
