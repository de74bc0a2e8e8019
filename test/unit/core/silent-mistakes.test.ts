import t from 'tap';
import { DataGeneratorSource } from '../../../core/api/data-generator-source.js';
import { OutputTag } from '../../../core/api/output-tag.js';
import { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import { flatMapOperator } from '../../../core/operator/flat-map-operator.js';
import type { FlatMapFunction } from '../../../core/operator/functions.js';
import { keyedProcessOperator } from '../../../core/operator/keyed-process-operator.js';
import { keyedReduceOperator } from '../../../core/operator/keyed-reduce-operator.js';
import { processOperator } from '../../../core/operator/process-operator.js';
import { types } from '../../../core/serde/types.js';
import type { AggregateFunction, ReduceFunction } from '../../../core/state/aggregate-function.js';
import { ReducingStateDescriptor } from '../../../core/state/state-descriptor.js';
import { EventTimeTrigger } from '../../../core/window/event-time-trigger.js';
import { TumblingEventTimeWindows } from '../../../core/window/tumbling-event-time-windows.js';
import { aggregatedContents, reducedContents } from '../../../core/window/window-contents.js';
import { passContents } from '../../../core/window/window-function.js';
import { windowOperator } from '../../../core/window/window-operator.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { refused } from '../../refused.js';

/** Mistakes of untyped code that would lose records without a word. */

const forgetful = (() => {}) as unknown as ReduceFunction<number>;
const dynamic = () => types.dynamic<number>();

function windowed(contents: ReturnType<typeof reducedContents<number>>) {
  return windowOperator<string, number, number, number, number>({
    keySelector: () => 'all',
    assigner: TumblingEventTimeWindows.of(10),
    trigger: new EventTimeTrigger(),
    allowedLatenessMs: 0,
    lateTag: undefined,
    contents,
    windowFunction: passContents,
  });
}

t.test('a fold that forgets to return is refused, not taken for no state', async (t) => {
  const forgetfulAggregate = {
    createAccumulator: () => 0,
    add: forgetful,
    getResult: (sum: number) => sum,
  } as AggregateFunction<number, number, number>;
  const operators = [
    keyedReduceOperator({ keySelector: () => 'all', fn: forgetful, life: {}, type: dynamic }),
    windowed(reducedContents(forgetful, dynamic)),
    windowed(aggregatedContents(forgetfulAggregate)),
    keyedProcessOperator<string, number, never>(() => 'all', {
      processElement: (value, ctx) =>
        ctx.getReducingState(new ReducingStateDescriptor('sum', forgetful)).add(value),
    }),
  ];
  for (const operator of operators) {
    const harness = await OperatorTestHarness.open<number>(operator);
    const { code, what } = refused(() => {
      harness.element(1, 0);
      harness.element(2, 0);
    });
    t.equal(code, 'MR1001', what);
    t.match(what, /returned undefined/);
  }
});

t.test('flatMap refuses results that are returned', async (t) => {
  const returned: unknown[] = [[1, 2], new Set([1]), undefined, 3, 'text', null, {}];
  const flatMap = ((n: number) => returned[n]) as unknown as FlatMapFunction<number, number>;
  const harness = await OperatorTestHarness.open<number>(flatMapOperator(flatMap));
  for (const n of [0, 1]) t.match(refused(() => harness.element(n)).what, /returned its results/);
  for (const n of [2, 3, 4, 5, 6]) harness.element(n);
  t.same(harness.take(), [], 'what an arrow function returns by the way does not matter');
});

t.test('the name of a side output is no tag', async (t) => {
  const late = 'late' as unknown as OutputTag<number>;
  const plain = processOperator<number, never>({ processElement: (value, ctx) => ctx.output(late, value) });
  const keyed = keyedProcessOperator<string, number, never>(() => 'all', {
    processElement: (value, ctx) => ctx.output(late, value),
  });
  for (const operator of [plain, keyed]) {
    const harness = await OperatorTestHarness.open<number>(operator);
    t.match(refused(() => harness.element(1, 0)).message, /MR1001 .*the text 'late' was given/);
  }
  const numbers = new StreamExecutionEnvironment().fromSequence(1, 2);
  const windows = numbers.keyBy((n) => n).window(TumblingEventTimeWindows.of(10));
  t.equal(refused(() => numbers.getSideOutput(late)).code, 'MR1001');
  t.equal(refused(() => windows.sideOutputLateData(late)).code, 'MR1001');
  for (const id of ['', undefined as unknown as string]) {
    t.equal(refused(() => new OutputTag(id)).code, 'MR1001');
  }
});

t.test('a generator of records is synchronous', async (t) => {
  t.equal(refused(() => new DataGeneratorSource(async (i) => i, 5)).code, 'MR5002');
});
