import t from 'tap';
import type { KeyedStream } from '../../../core/api/keyed-stream.js';
import type { SingleOutputStreamOperator } from '../../../core/api/single-output-stream-operator.js';
import { NO_TIMESTAMP } from '../../../core/element/watermark.js';
import { CountEvictor } from '../../../core/window/count-evictor.js';
import { CountTrigger } from '../../../core/window/count-trigger.js';
import { DeltaEvictor } from '../../../core/window/delta-evictor.js';
import { EventTimeSessionWindows } from '../../../core/window/event-time-session-windows.js';
import type { Evictor } from '../../../core/window/evictor.js';
import { GlobalWindows } from '../../../core/window/global-windows.js';
import { TimeEvictor } from '../../../core/window/time-evictor.js';
import { TumblingEventTimeWindows } from '../../../core/window/tumbling-event-time-windows.js';
import { lastOperator } from '../../last-operator.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { refused } from '../../refused.js';

type Numbers = KeyedStream<number, string>;

function open<R>(job: (keyed: Numbers) => SingleOutputStreamOperator<R>) {
  return OperatorTestHarness.open<number>(
    lastOperator<number, R>((stream) => job(stream.keyBy(() => 'all'))),
  );
}

const listing = (evictor: Evictor<number>) =>
  open((keyed) =>
    keyed
      .window(GlobalWindows.create())
      .trigger(CountTrigger.of(3))
      .evictor(evictor)
      .apply<readonly number[]>((_key, _window, elements, out) => out.collect([...elements])),
  );

const values = (harness: OperatorTestHarness<number>) => harness.takeRecords().map(([value]) => value);

t.test('a count evictor keeps the last records, before the function or after it', async (t) => {
  const before = await listing(CountEvictor.of(2));
  const after = await listing(CountEvictor.of(2, true));
  for (const harness of [before, after]) {
    for (let value = 1; value <= 6; value++) harness.element(value, NO_TIMESTAMP);
  }
  t.strictSame(values(before), [
    [2, 3],
    [5, 6],
  ]);
  t.strictSame(values(after), [
    [1, 2, 3],
    [2, 3, 4, 5, 6],
  ]);
});

t.test('a delta evictor keeps what is near to the last record', async (t) => {
  const harness = await listing(DeltaEvictor.of(5, (a, b) => Math.abs(a - b)));
  for (const value of [1, 9, 5, 4, 30, 26]) harness.element(value);
  t.strictSame(values(harness), [
    [1, 9, 5],
    [30, 26],
  ]);
});

t.test('a time evictor keeps what is young, by timestamps', async (t) => {
  const harness = await listing(TimeEvictor.of(10));
  for (const timestamp of [100, 95, 90, 111, 105, 100]) harness.element(timestamp, timestamp);
  t.strictSame(values(harness), [
    [100, 95],
    [111, 105],
  ]);
  const timeless = await listing(TimeEvictor.of(0));
  for (const value of [1, 2, 3]) timeless.element(value);
  t.strictSame(values(timeless), [[1, 2, 3]], 'records without timestamps all stay');
});

t.test('what an evictor takes is gone from reduce and aggregate too', async (t) => {
  const even: Evictor<number> = {
    evictBefore(elements) {
      for (let i = elements.length - 1; i >= 0; i--)
        if ((elements[i]?.value ?? 0) % 2 === 1) elements.splice(i, 1);
    },
  };
  const sum = await open((keyed) =>
    keyed
      .window(TumblingEventTimeWindows.of(10))
      .evictor(even)
      .reduce((a, b) => a + b),
  );
  const count = await open((keyed) =>
    keyed
      .window(EventTimeSessionWindows.withGap(4))
      .evictor(even)
      .aggregate({ createAccumulator: () => 0, add: (_value, acc) => acc + 1, getResult: (acc) => acc }),
  );
  for (const harness of [sum, count]) {
    for (const value of [1, 2, 3, 4, 5]) harness.element(value, value);
    harness.element(11, 11);
    harness.watermark(30);
  }
  t.strictSame(sum.takeRecords(), [[6, 9]], 'a window of which nothing is left has no sum');
  t.strictSame(count.takeRecords(), [
    [2, 8],
    [0, 14],
  ]);
  for (const harness of [sum, count]) {
    const { keyed } = await harness.checkpoint(1);
    t.equal(keyed?.files.reduce((rows, file) => rows + file.entryCount, 0) ?? 0, 0);
  }
});

t.test('evictors that make no sense are refused when the job is built', async (t) => {
  t.equal(refused(() => CountEvictor.of(-1)).code, 'MR1001');
  t.equal(refused(() => CountEvictor.of(0.5)).code, 'MR1001');
  t.equal(refused(() => TimeEvictor.of(-1)).code, 'MR1001');
  t.equal(refused(() => TimeEvictor.of('soon')).code, 'MR1001');
  t.equal(refused(() => DeltaEvictor.of(Number.NaN, () => 0)).code, 'MR1001');
  t.equal(refused(() => DeltaEvictor.of(1, undefined as never)).code, 'MR1001');
  t.equal(refused(() => void listing(CountEvictor as never)).code, 'MR1001');
});
