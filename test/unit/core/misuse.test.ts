import t from 'tap';
import {
  ContinuousEventTimeTrigger,
  type DataStream,
  DiscardingSink,
  GlobalWindows,
  MapStateDescriptor,
  PurgingTrigger,
  type SingleOutputStreamOperator,
  StreamExecutionEnvironment,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from '../../../core/index.js';
import { broadcastProcessOperator } from '../../../core/operator/broadcast-process-operator.js';
import { coProcessOperator } from '../../../core/operator/co-process-operator.js';
import { processOperator } from '../../../core/operator/process-operator.js';
import type { OperatorFactory } from '../../../core/operator/stream-operator.js';
import { build } from '../../build.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { refused } from '../../refused.js';

/** What a job is told before its first record; where TypeScript refuses it, too, it stands in the type tests. */

const everyMinute = ContinuousEventTimeTrigger.of('1 min');
const hour = TumblingEventTimeWindows.of('1 h');
const rules = new MapStateDescriptor<string, number>('rules');
const sink = new DiscardingSink<unknown>();

function numbers(): DataStream<number> {
  return new StreamExecutionEnvironment().fromSequence(1, 9);
}

t.test('a window by key on a stream without keys', async (t) => {
  const untyped = numbers() as unknown as { window(w: unknown): void; countWindow(n: number): void };
  for (const use of [() => untyped.window(hour), () => untyped.countWindow(2)]) {
    const { code, message } = refused(use);
    t.equal(code, 'MR1001');
    t.match(message, /no keys.*keyBy.*windowAll|no keys.*keyBy.*countWindowAll/);
  }
});

t.test('a function with timers on a stream without keys', async (t) => {
  const stream = numbers();
  const timed = { processElement() {}, onTimer() {} } as never;
  const coTimed = { processElement1() {}, processElement2() {}, onTimer() {} } as never;
  const broadcastTimed = { processElement() {}, processBroadcastElement() {}, onTimer() {} } as never;
  const uses = [
    () => stream.process(timed),
    () => stream.connect(stream).process(coTimed),
    () => stream.connect(stream.broadcast(rules)).process(broadcastTimed),
  ];
  for (const use of uses) t.match(refused(use).message, /MR1001.*has onTimer.*no keys.*keyBy/);
  t.doesNotThrow(() => stream.keyBy((n) => n).process(timed));
});

const STATES = ['getState', 'getListState', 'getMapState', 'getReducingState', 'getAggregatingState'];
const TIMERS = ['registerEventTimeTimer', 'registerProcessingTimeTimer', 'deleteEventTimeTimer'].concat(
  'deleteProcessingTimeTimer',
);

/** Operators without keys whose `open` calls a method of its context, or of the timer service in it. */
function openers(method: string): OperatorFactory[] {
  type Untyped = Readonly<Record<string, (argument: unknown) => void>>;
  const open = (ctx: unknown): void => {
    const untyped = ctx as Untyped & { readonly timerService: Untyped };
    (STATES.includes(method) ? untyped : untyped.timerService)[method]?.(1);
  };
  const processElement = (): void => {};
  return [
    processOperator({ open, processElement }),
    coProcessOperator({ open, processElement1: processElement, processElement2: processElement }),
    broadcastProcessOperator({ open, processElement, processBroadcastElement: processElement }, [rules]),
  ];
}

t.test('keyed state and timers where there are no keys, before the first record', async (t) => {
  for (const method of [...STATES, ...TIMERS]) {
    for (const operator of openers(method)) {
      await t.rejects(
        OperatorTestHarness.open(operator),
        { code: 'MR2005', message: /no key.*keyBy/ },
        `${method} of ${operator.create.name}`,
      );
    }
  }
});

t.test('a negative lateness', async (t) => {
  const stream = numbers();
  const paired = stream
    .join(stream)
    .where((n) => n)
    .equalTo((n) => n);
  const grouped = stream
    .coGroup(stream)
    .where((n) => n)
    .equalTo((n) => n);
  const windows = [
    stream.keyBy((n) => n).window(hour),
    stream.windowAll(hour),
    paired.window(hour),
    grouped.window(hour),
  ];
  for (const windowed of windows) {
    t.doesNotThrow(() => windowed.allowedLateness(0));
    for (const lateness of [-1, '-1 s'] as const) {
      t.match(refused(() => windowed.allowedLateness(lateness)).message, /MR1001.*lateness.*negative/);
    }
  }
});

t.test('operators that fire by event time, below a source without watermarks', async (t) => {
  type Numbers = SingleOutputStreamOperator<number>;
  const operators: Record<string, (stream: Numbers) => Numbers> = {
    window: (stream) =>
      stream
        .keyBy((n) => n)
        .window(hour)
        .sum(),
    windowAll: (stream) => stream.windowAll(hour).sum(),
    trigger: (stream) =>
      stream.windowAll(GlobalWindows.create()).trigger(PurgingTrigger.of(everyMinute)).sum(),
    join: (stream) =>
      stream
        .join(stream)
        .where((n) => n)
        .equalTo((n) => n)
        .window(hour)
        .apply((a, b) => a + b),
    coGroup: (stream) =>
      stream
        .coGroup(stream)
        .where((n) => n)
        .equalTo((n) => n)
        .window(hour)
        .apply<number>(() => {}),
    intervalJoin: (stream) =>
      stream
        .keyBy((n) => n)
        .intervalJoin(stream.keyBy((n) => n))
        .between(0, 1)
        .process<number>({ processElement() {} }),
  };
  for (const [name, operator] of Object.entries(operators)) {
    const warnings = (strategy: WatermarkStrategy<number>) =>
      build((env) => {
        const stream = env.fromSequence(1, 9).name('silent one').assignTimestampsAndWatermarks(strategy);
        operator(stream).name(`the ${name}`).uid('fires').sinkTo(sink, 'out');
      }).graph.warnings;
    const [warning, ...others] = warnings(WatermarkStrategy.noWatermarks());
    t.strictSame(others, [], name);
    t.match(warning, new RegExp(`'the ${name}' fires by event time.* no watermarks come from 'silent one'`));
    t.strictSame(warnings(WatermarkStrategy.forMonotonousTimestamps()), [], `${name} with watermarks`);
  }
});

t.test('one uid for two operators, of any kind', async (t) => {
  const jobs: ((stream: SingleOutputStreamOperator<number>) => void)[] = [
    (stream) => {
      stream.uid('same').sinkTo(sink).uid('same');
    },
    (stream) => {
      stream
        .keyBy((n) => n)
        .sum()
        .uid('same')
        .map(String)
        .uid('same')
        .sinkTo(sink);
    },
  ];
  for (const job of jobs) {
    const { code, message } = refused(() => build((env) => job(env.fromSequence(1, 9))));
    t.equal(code, 'MR1002');
    t.match(message, /The uid 'same' is given to '.*' and to '.*'/);
  }
});
