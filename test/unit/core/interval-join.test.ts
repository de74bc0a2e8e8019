import t from 'tap';
import { OutputTag } from '../../../core/api/output-tag.js';
import { Watermark } from '../../../core/element/watermark.js';
import {
  type IntervalJoinDescription,
  intervalJoinOperator,
} from '../../../core/operator/interval-join-operator.js';
import { types } from '../../../core/serde/types.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { OperatorWorld } from '../../operator-world.js';
import { refused } from '../../refused.js';

type Description = IntervalJoinDescription<string, string, string, string>;

/** Joins texts by their first letter. */
const description = (changes: Partial<Description> = {}): Description => ({
  keys: { first: (text) => text[0] ?? '', second: (text) => text[0] ?? '' },
  lowerMs: -2,
  upperMs: 1,
  outer: { left: false, right: false },
  leftLateTag: undefined,
  rightLateTag: undefined,
  types: { left: () => types.string, right: () => types.string },
  fn: {
    processElement: (left, right, ctx, out) =>
      out.collect(`${left} ${right} ${ctx.leftTimestamp} ${ctx.rightTimestamp}`),
  },
  ...changes,
});

const open = (changes: Partial<Description> = {}, options = {}, world?: OperatorWorld) =>
  OperatorTestHarness.open<string>(intervalJoinOperator(description(changes)), options, world);

function both(harness: OperatorTestHarness<string>, watermark: number): void {
  harness.input(0).processWatermark(watermark);
  harness.input(1).processWatermark(watermark);
}

t.test('a record joins the ones from the lower to the upper bound, whichever came first', async (t) => {
  const wanted = [
    ['a a 10 8', 10],
    ['a a 10 9', 10],
    ['a a 10 10', 10],
    ['a a 10 11', 11],
  ];
  const rightFirst = await open();
  for (let at = 5; at <= 15; at++) rightFirst.input(1).processElement('a', at);
  rightFirst.input(0).processElement('a', 10);
  t.strictSame(rightFirst.take(), wanted);
  const leftFirst = await open();
  leftFirst.input(0).processElement('a', 10);
  for (let at = 5; at <= 15; at++) leftFirst.input(1).processElement('a', at);
  t.strictSame(leftFirst.take(), wanted);
  const exclusive = await open({ lowerMs: -1, upperMs: 0 });
  for (let at = 5; at <= 15; at++) exclusive.input(1).processElement('a', at);
  exclusive.input(0).processElement('a', 10);
  t.strictSame(exclusive.take(), [
    ['a a 10 9', 10],
    ['a a 10 10', 10],
  ]);
});

t.test('only records of one key meet, and each pair once', async (t) => {
  const harness = await open();
  harness.input(0).processElement('a1', 10);
  harness.input(0).processElement('a2', 10);
  harness.input(1).processElement('b', 10);
  harness.input(1).processElement('a3', 10);
  harness.input(1).processElement('a4', 10);
  t.strictSame(harness.take(), [
    ['a1 a3 10 10', 10],
    ['a2 a3 10 10', 10],
    ['a1 a4 10 10', 10],
    ['a2 a4 10 10', 10],
  ]);
});

t.test('records below the watermark are late, the one at it is not', async (t) => {
  const [left, right] = [new OutputTag<string>('left'), new OutputTag<string>('right')];
  const harness = await open({ leftLateTag: left, rightLateTag: right });
  both(harness, 10);
  harness.take();
  harness.input(0).processElement('a', 9);
  harness.input(1).processElement('a', 9);
  harness.input(0).processElement('a', 10);
  harness.input(1).processElement('a', 10);
  t.strictSame(harness.take(), [
    { side: 'left', value: 'a', timestamp: 9 },
    { side: 'right', value: 'a', timestamp: 9 },
    ['a a 10 10', 10],
  ]);
  const silent = await open();
  both(silent, 10);
  silent.input(0).processElement('a', 9);
  t.strictSame(silent.takeRecords(), []);
  t.strictSame([...silent.world.counters], [], 'and nobody counts it');
});

t.test('a record goes when its last partner is due', async (t) => {
  // A left record at t goes at t + upper, a right one at t - lower; at t where that lies before it.
  const cases = [
    { lowerMs: -2, upperMs: 1, left: 11, right: 12 },
    { lowerMs: 1, upperMs: 3, left: 13, right: 10 },
    { lowerMs: -3, upperMs: -1, left: 10, right: 13 },
  ];
  for (const { lowerMs, upperMs, left, right } of cases) {
    for (const [index, goes] of [left, right].entries()) {
      const outer = { left: true, right: true };
      const harness = await open({ lowerMs, upperMs, outer });
      harness.input(index).processElement('a', 10);
      both(harness, goes - 1);
      t.strictSame(harness.takeRecords(), [], `kept at ${goes - 1}`);
      both(harness, goes);
      t.equal(harness.takeRecords().length, 1, `gone at ${goes}`);
    }
  }
});

t.test('outer joins give out what had no partner, once, before the watermark', async (t) => {
  for (const [outer, wanted] of [
    [{ left: true, right: false }, ['a undefined 10 undefined']],
    [{ left: false, right: true }, ['undefined c undefined 20']],
    [{ left: true, right: true }, ['a undefined 10 undefined', 'undefined c undefined 20']],
  ] as const) {
    const first = await open({ outer });
    first.input(0).processElement('a', 10);
    first.input(0).processElement('b', 15);
    first.input(1).processElement('b', 15);
    t.strictSame(first.takeRecords(), [['b b 15 15', 15]]);
    const restored = await first.checkpoint(1);
    const harness = await open({ outer }, { restored }, first.world);
    harness.input(1).processElement('c', 20);
    both(harness, Watermark.MAX);
    const results = harness.take();
    t.strictSame(results.at(-1), { watermark: Watermark.MAX });
    t.strictSame(
      results.slice(0, -1).map((element) => Array.isArray(element) && element[0]),
      wanted,
    );
  }
});

t.test('cleaning up stops when it must', async (t) => {
  const world = new OperatorWorld();
  const harness = await open({ outer: { left: true, right: false } }, {}, world);
  for (let at = 0; at < 5; at++) harness.input(0).processElement('a', at);
  let allowed = 2;
  world.mustYield = () => allowed-- <= 0;
  both(harness, 100);
  t.equal(harness.take().length, 2);
  t.equal(harness.operator.resume(), false);
  world.mustYield = () => false;
  t.equal(harness.operator.resume(), true);
  t.strictSame(harness.take().at(-1), { watermark: 100 });
});

t.test('bounds may reach beyond the end of time', async (t) => {
  const harness = await open({ lowerMs: 0, upperMs: Watermark.MAX, outer: { left: true, right: false } });
  harness.input(0).processElement('a', 10);
  harness.input(1).processElement('a', 1_000_000);
  both(harness, 2_000_000);
  t.equal(harness.takeRecords().length, 1);
  harness.input(0).processElement('b', 2_000_001);
  both(harness, Watermark.MAX);
  t.strictSame(harness.takeRecords(), [['b undefined 2000001 undefined', 2_000_001]]);
});

t.test('bounds may move after a restore, and not lie much further apart', async (t) => {
  const first = await open();
  first.input(0).processElement('a', 10);
  const restored = await first.checkpoint(1);
  const moved = await open({ lowerMs: 2, upperMs: 5 }, { restored }, first.world);
  moved.input(1).processElement('a', 15);
  t.equal(moved.takeRecords().length, 1);
  await t.rejects(open({ lowerMs: -20, upperMs: 20 }, { restored }, first.world), { code: 'MR2103' });
});

t.test('a record without a time is refused', async (t) => {
  const harness = await open();
  t.equal(refused(() => harness.element('a')).code, 'MR5009');
});
