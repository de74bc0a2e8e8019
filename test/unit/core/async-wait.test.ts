import t from 'tap';
import type { RichAsyncFunction } from '../../../core/operator/async-function.js';
import { AsyncRetryStrategies, RetryPredicates } from '../../../core/operator/async-retry-strategy.js';
import { type AsyncWaitSpec, asyncWaitOperator } from '../../../core/operator/async-wait-operator.js';
import { types } from '../../../core/serde/types.js';
import { OperatorTestHarness, type OutputElement } from '../../operator-test-harness.js';
import { OperatorWorld, type WorldOptions } from '../../operator-world.js';

type Value = string;

/** An asynchronous function whose requests the test settles, in any order. */
class ScriptedFunction implements RichAsyncFunction<Value, Value> {
  readonly asked: Value[] = [];
  readonly #pending = new Map<
    Value,
    { resolve: (results: Value[]) => void; reject: (error: Error) => void }
  >();

  asyncInvoke(value: Value): Promise<Value[]> {
    this.asked.push(value);
    return new Promise((resolve, reject) => this.#pending.set(value, { resolve, reject }));
  }

  resolve(value: Value, results: Value[] = [value.toUpperCase()]): void {
    this.#pending.get(value)?.resolve(results);
  }

  reject(value: Value, message: string): void {
    this.#pending.get(value)?.reject(new Error(message));
  }
}

/** An operator whose steps the test makes. */
class AsyncHarness {
  readonly inner: OperatorTestHarness<Value>;

  private constructor(inner: OperatorTestHarness<Value>) {
    this.inner = inner;
  }

  static async open(
    fn: RichAsyncFunction<never, unknown>,
    spec: Partial<AsyncWaitSpec> = {},
    options: WorldOptions = {},
    world = new OperatorWorld(),
  ): Promise<AsyncHarness> {
    const factory = asyncWaitOperator({
      fn: fn as unknown as RichAsyncFunction<unknown, unknown>,
      mode: 'ordered',
      timeoutMs: 1000,
      capacity: 100,
      retry: undefined,
      inputType: types.string as AsyncWaitSpec['inputType'],
      ...spec,
    });
    return new AsyncHarness(await OperatorTestHarness.open<Value>(factory, options, world));
  }

  push(...values: Value[]): void {
    for (const value of values) this.inner.element(value, 1);
  }

  get hasRoom(): boolean {
    return this.inner.operator.room() > 0;
  }

  /** What comes out once everything that has settled is taken. */
  async step(): Promise<OutputElement[]> {
    await this.inner.world.settle();
    this.inner.operator.resume();
    return this.inner.take();
  }

  async values(): Promise<unknown[]> {
    return (await this.step()).map((element) =>
      Array.isArray(element) ? element[0] : 'watermark' in element ? element.watermark : element,
    );
  }
}

t.test('ordered results leave in the order of their records, with their timestamps', async (t) => {
  const fn = new ScriptedFunction();
  const harness = await AsyncHarness.open(fn);
  harness.inner.element('a', 7);
  harness.inner.element('b', 8);
  fn.resolve('b');
  t.same(await harness.step(), []);
  fn.resolve('a', ['A1', 'A2']);
  t.same(await harness.step(), [
    ['A1', 7],
    ['A2', 7],
    ['B', 8],
  ]);
});

t.test('a watermark waits for the results of the records before it', async (t) => {
  for (const mode of ['ordered', 'unordered'] as const) {
    const fn = new ScriptedFunction();
    const harness = await AsyncHarness.open(fn, { mode });
    harness.inner.watermark(1);
    t.same(await harness.values(), [1], 'nothing is under way');
    harness.push('a');
    harness.inner.watermark(5);
    harness.inner.watermark(6);
    harness.push('b');
    harness.inner.watermark(9);
    fn.resolve('b');
    t.same(await harness.values(), [], mode);
    fn.resolve('a');
    t.same(await harness.values(), ['A', 6, 'B', 9], mode);
  }
});

t.test('unordered results overtake each other between two watermarks only', async (t) => {
  const fn = new ScriptedFunction();
  const harness = await AsyncHarness.open(fn, { mode: 'unordered' });
  harness.push('a', 'b', 'c');
  harness.inner.watermark(10);
  harness.push('d', 'e');
  fn.resolve('e');
  fn.resolve('c');
  t.same(await harness.values(), ['C']);
  fn.resolve('a');
  t.same(await harness.values(), ['A']);
  fn.resolve('b');
  t.same(await harness.values(), ['B', 10, 'E']);
  fn.resolve('d');
  t.same(await harness.values(), ['D']);
});

t.test('idleness keeps its place, and says nothing when it is over before it leaves', async (t) => {
  const fn = new ScriptedFunction();
  const harness = await AsyncHarness.open(fn, { mode: 'unordered' });
  harness.push('a');
  harness.inner.idle();
  harness.inner.active();
  harness.push('b');
  fn.resolve('b');
  t.same(await harness.values(), ['B'], 'nothing stands between the two');
  harness.inner.idle();
  fn.resolve('a');
  t.same(await harness.values(), ['A', { status: 'idle' }]);
});

t.test('no more are asked than the capacity, and there is room again when results leave', async (t) => {
  const fn = new ScriptedFunction();
  const harness = await AsyncHarness.open(fn, { capacity: 2 });
  harness.push('a', 'b', 'c', 'd');
  t.same(fn.asked, ['a', 'b']);
  t.notOk(harness.hasRoom);
  fn.resolve('b');
  t.same(await harness.values(), []);
  t.same(fn.asked, ['a', 'b'], 'a result that waits for its turn counts');
  fn.resolve('a');
  t.same(await harness.values(), ['A', 'B']);
  t.same(fn.asked, ['a', 'b', 'c', 'd']);
  t.notOk(harness.hasRoom);
  fn.resolve('c');
  await harness.step();
  t.ok(harness.hasRoom);
});

t.test('results stop where the outputs are full', async (t) => {
  const fn = new ScriptedFunction();
  const harness = await AsyncHarness.open(fn);
  harness.push('a', 'b');
  fn.resolve('a');
  fn.resolve('b');
  harness.inner.world.mustYield = () => harness.inner.output.elements.length > 0;
  t.same(await harness.values(), ['A']);
  t.same(await harness.values(), ['B']);
});

t.test('a promise gives one result, several, or none; a future is completed from anywhere', async (t) => {
  const single = await AsyncHarness.open({ asyncInvoke: async (value: Value) => `${value}!` });
  single.push('a');
  t.same(await single.values(), ['a!']);
  const none = await AsyncHarness.open({ asyncInvoke: async () => undefined });
  none.push('a');
  t.same(await none.values(), []);
  t.ok(none.hasRoom);
  const future = await AsyncHarness.open({
    asyncInvoke: async (value: Value, out) => {
      queueMicrotask(() => queueMicrotask(() => out.complete([value, value])));
    },
  });
  future.push('a');
  t.same(await future.values(), ['a', 'a']);
});

t.test('[scenario 18] a rejection fails the task at the next step', async (t) => {
  const fn = new ScriptedFunction();
  const harness = await AsyncHarness.open(fn);
  harness.push('a');
  fn.reject('a', 'no answer');
  await t.rejects(harness.step(), { message: 'no answer' });
  t.equal(harness.inner.userCode.node, 0, 'it is told of this operator');
});

t.test('a request that takes too long fails with a code, or is given what `timeout` says', async (t) => {
  const fn = new ScriptedFunction();
  const harness = await AsyncHarness.open(fn);
  harness.push('a');
  harness.inner.advance(999);
  t.throws(() => harness.inner.advance(1), { code: 'MR5010' });

  const patient = new ScriptedFunction();
  const handled = await AsyncHarness.open({
    asyncInvoke: (value: Value) => patient.asyncInvoke(value),
    timeout: (value: Value) => [`${value} late`],
  });
  handled.push('a');
  handled.inner.advance(500);
  handled.push('b');
  handled.inner.advance(500);
  patient.resolve('a');
  t.same(await handled.values(), ['a late'], 'what comes after it is ignored');
  patient.resolve('b');
  t.same(await handled.values(), ['B'], 'each has its own time');
});

t.test('a failed request is tried again after its delay, in its place', async (t) => {
  let tries = 0;
  const harness = await AsyncHarness.open(
    {
      asyncInvoke: (value: Value) => {
        if (value === 'a' && ++tries < 3) throw new Error('not yet');
        return Promise.resolve([value]);
      },
    },
    { retry: AsyncRetryStrategies.exponentialBackoff(5, 100, 1000, 2) },
  );
  harness.push('a', 'b');
  t.same(await harness.values(), []);
  harness.inner.advance(99);
  t.equal(tries, 1);
  harness.inner.advance(1);
  t.equal(tries, 2);
  await harness.step();
  harness.inner.advance(200);
  t.same(await harness.values(), ['a', 'b']);
});

t.test('retries end: with the last error, with the last result, or with the timeout of all', async (t) => {
  const failing = await AsyncHarness.open(
    { asyncInvoke: () => Promise.reject(new Error('never')) },
    { retry: AsyncRetryStrategies.fixedDelay(1, 10) },
  );
  failing.push('a');
  await failing.step();
  failing.inner.advance(10);
  await t.rejects(failing.step(), { message: 'never' });

  const empty = await AsyncHarness.open(
    { asyncInvoke: async () => [] },
    { retry: AsyncRetryStrategies.fixedDelay(1, 10, { ifResult: RetryPredicates.EMPTY_RESULT_PREDICATE }) },
  );
  empty.push('a');
  await empty.step();
  t.equal(empty.inner.operator.inputs.length, 1);
  empty.inner.advance(10);
  t.same(await empty.values(), []);
  empty.inner.operator.endInput();
  t.ok(empty.hasRoom, 'it was taken as it is');

  const slow = await AsyncHarness.open(
    { asyncInvoke: () => Promise.reject(new Error('busy')) },
    { retry: AsyncRetryStrategies.fixedDelay(100, 600) },
  );
  slow.push('a');
  await slow.step();
  slow.inner.advance(600);
  await slow.step();
  t.throws(() => slow.inner.advance(400), { code: 'MR5010', message: /2 tries/ });
});

t.test('what was under way is asked again after a restore, in its order', async (t) => {
  const fn = new ScriptedFunction();
  const harness = await AsyncHarness.open(fn, { mode: 'unordered', capacity: 2 });
  harness.push('a', 'b');
  harness.inner.watermark(5);
  harness.push('c');
  fn.resolve('b');
  t.same(await harness.values(), ['B']);
  const restored = await harness.inner.checkpoint(1);
  const again = new ScriptedFunction();
  const second = await AsyncHarness.open(again, { mode: 'unordered', capacity: 2 }, { restored });
  await second.step();
  t.same(again.asked, ['a', 'c']);
  // The watermark between them is told anew by those above, if it still holds there.
  again.resolve('c');
  t.same(await second.values(), ['C']);
  again.resolve('a');
  t.same(await second.values(), ['A']);
});

t.test(
  'no watermark between requests is restored: what came before this subtask may be another by now',
  async (t) => {
    const harness = await AsyncHarness.open(new ScriptedFunction(), {}, { subtaskIndex: 1, parallelism: 2 });
    harness.push('a');
    harness.inner.watermark(5);
    harness.push('b');
    const restored = await harness.inner.checkpoint(1);
    const restoredAt = async (subtaskIndex: number, parallelism: number) => {
      const fn = new ScriptedFunction();
      const again = await AsyncHarness.open(fn, {}, { restored, subtaskIndex, parallelism });
      await again.step();
      fn.resolve('a');
      fn.resolve('b');
      return again.values();
    };
    t.same(await restoredAt(1, 2), ['A', 'B']);
    t.same(await restoredAt(0, 1), ['A', 'B']);
    t.same(await restoredAt(1, 3), ['A', 'B']);
  },
);

t.test(
  'requests under way are those of the declared type, whatever it was when they were asked',
  async (t) => {
    const harness = await AsyncHarness.open(new ScriptedFunction());
    harness.push('a');
    const restored = await harness.inner.checkpoint(1);
    const [[name = '', list] = []] = Object.entries(restored.lists);
    if (list === undefined) throw new Error('the request is in the snapshot');
    const asked = async (stored: string) => {
      const again = new ScriptedFunction();
      const handle = { ...restored, lists: { [stored]: list } };
      await (await AsyncHarness.open(again, {}, { restored: handle })).step();
      return again.asked;
    };
    t.match(name, /^requests:/);
    t.same(await asked('requests'), ['a'], 'written before the type stood there');
    await t.rejects(asked('requests:[int32]'), { code: 'MR2103', message: /requests under way/ });
  },
);

t.test('the end of input waits for all', async (t) => {
  const fn = new ScriptedFunction();
  const harness = await AsyncHarness.open(fn);
  harness.push('a');
  harness.inner.operator.endInput();
  t.notOk(harness.hasRoom);
  fn.resolve('a');
  t.same(await harness.values(), ['A']);
  t.ok(harness.hasRoom);
});

t.test('a function that gives neither a promise nor takes a future is refused', async (t) => {
  const harness = await AsyncHarness.open({ asyncInvoke: (() => 1) as never });
  t.throws(() => harness.push('a'), { code: 'MR1001' });
});
