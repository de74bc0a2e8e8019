import t from 'tap';
import { AccumulatorTotals, mergeAccumulators } from '../../../core/job/accumulator-totals.js';
import {
  type Accumulator,
  AverageAccumulator,
  DoubleCounter,
  DoubleMaximum,
  DoubleMinimum,
  Histogram,
  IntCounter,
  ListAccumulator,
  LongCounter,
} from '../../../core/operator/accumulator.js';
import { keyedProcessOperator } from '../../../core/operator/keyed-process-operator.js';
import type { ProcessFunction } from '../../../core/operator/process-function.js';
import { processOperator } from '../../../core/operator/process-operator.js';
import { processByFilter, processByFlatMap, processByMap } from '../../../core/operator/rich-functions.js';
import { types } from '../../../core/serde/types.js';
import type { ListState } from '../../../core/state/list-state.js';
import {
  ListStateDescriptor,
  MapStateDescriptor,
  ValueStateDescriptor,
} from '../../../core/state/state-descriptor.js';
import type { ValueState } from '../../../core/state/value-state.js';
import { build } from '../../build.js';
import { InlineJob, RecordingSink } from '../../inline-job.js';
import { OperatorTestHarness } from '../../operator-test-harness.js';
import { refused } from '../../refused.js';

/** Keeps the last values in operator lists of both kinds. */
function remembering(log: string[]): ProcessFunction<string, string> {
  let own: ListState<string>;
  let everybodys: ListState<string>;
  let values: string[] = [];
  return {
    initializeState(ctx) {
      const store = ctx.getOperatorStateStore();
      own = store.getListState(new ListStateDescriptor('own', types.string));
      everybodys = store.getUnionListState(new ListStateDescriptor('all', types.string));
      values = own.get();
      log.push(`initialize ${ctx.isRestored} ${ctx.restoredCheckpointId} ${values}`);
    },
    open: () => log.push('open'),
    processElement(value, _ctx, out) {
      values.push(value);
      out.collect(values.join());
    },
    snapshotState(ctx) {
      log.push(`snapshot ${ctx.checkpointId}`);
      own.update(values);
      everybodys.clear();
      everybodys.addAll(values.slice(-1));
      everybodys.add('!');
    },
    notifyCheckpointComplete: (id) => log.push(`complete ${id}`),
    notifyCheckpointAborted: (id) => log.push(`aborted ${id}`),
    close: () => log.push('close'),
  };
}

t.test('operator state is asked for before open, and comes back after a restore', async (t) => {
  const log: string[] = [];
  const harness = await OperatorTestHarness.open<string>(processOperator(remembering(log)));
  harness.element('a', 1);
  harness.element('b', 1);
  const restored = await harness.checkpoint(4);
  harness.operator.notifyCheckpointComplete(4);
  harness.operator.notifyCheckpointAborted(5);
  await harness.operator.close();
  t.strictSame(log.splice(0), [
    'initialize false undefined ',
    'open',
    'snapshot 4',
    'complete 4',
    'aborted 5',
    'close',
  ]);
  t.strictSame(
    Object.entries(restored.lists).map(([name, { mode, items }]) => [name, mode, items.length]),
    [
      ['state:["own","list<string>"]', 'split', 2],
      ['state:["all","list<string>"]', 'union', 2],
      ['watermark', 'watermark', 1],
    ],
  );
  const next = await OperatorTestHarness.open<string>(
    processOperator(remembering(log)),
    { restored, restoredCheckpointId: 4 },
    harness.world,
  );
  t.strictSame(log.splice(0), ['initialize true 4 a,b', 'open']);
  next.element('c', 2);
  t.strictSame(next.takeRecords(), [['a,b,c', 2]]);
});

t.test('operator state of one name has one type and one kind; what nobody asks for is kept', async (t) => {
  const asking = (ask: ProcessFunction<string, string>['initializeState']) =>
    processOperator<string, string>({ initializeState: (ctx) => ask?.(ctx), processElement: () => {} });
  const list = new ListStateDescriptor('s', types.string);
  const first = await OperatorTestHarness.open<string>(
    asking((ctx) => {
      const store = ctx.getOperatorStateStore();
      store.getListState(list).addAll(['x', 'y']);
      t.strictSame(store.getListState(list).get(), ['x', 'y'], 'asked for twice, it is the same');
    }),
  );
  const restored = await first.checkpoint(1);
  const reopen = (ask: ProcessFunction<string, string>['initializeState'], from = restored) =>
    OperatorTestHarness.open<string>(asking(ask), { restored: from }, first.world);
  await t.rejects(
    reopen((ctx) => {
      ctx.getOperatorStateStore().getListState(list);
      ctx.getOperatorStateStore().getUnionListState(list);
    }),
    { code: 'MR2006' },
  );
  await t.rejects(
    reopen((ctx) => void ctx.getOperatorStateStore().getListState(new ListStateDescriptor('s', types.int32))),
    { code: 'MR2103' },
  );
  await t.rejects(
    reopen((ctx) => void ctx.getOperatorStateStore().getUnionListState(list)),
    { code: 'MR2103' },
  );
  const forgetful = await reopen((ctx) => {
    const map = new MapStateDescriptor('m', types.string, types.int32);
    ctx.getOperatorStateStore().getBroadcastState(map).put('k', 1);
  });
  const later = await forgetful.checkpoint(2);
  await reopen((ctx) => {
    t.strictSame(ctx.getOperatorStateStore().getListState(list).get(), ['x', 'y']);
  }, later);
});

t.test('map, filter and flatMap may be objects with a life', async (t) => {
  const log: string[] = [];
  const life = { open: () => void log.push('open'), close: () => void log.push('close') };
  const results: unknown[] = [];
  for (const fn of [
    processByMap<number, number>({ ...life, map: (n) => n + 1 }),
    processByFilter<number>({ ...life, filter: (n) => n > 1 }),
    processByFlatMap<number, number>({
      ...life,
      flatMap: (n, out) => {
        out.collect(n);
        out.collect(-n);
      },
    }),
  ]) {
    const harness = await OperatorTestHarness.open<number>(processOperator(fn));
    harness.element(1, 5);
    harness.element(2, 6);
    await harness.operator.close();
    results.push(harness.takeRecords());
  }
  t.strictSame(results, [
    [
      [2, 5],
      [3, 6],
    ],
    [[2, 6]],
    [
      [1, 5],
      [-1, 5],
      [2, 6],
      [-2, 6],
    ],
  ]);
  t.strictSame(log, ['open', 'close', 'open', 'close', 'open', 'close']);
});

t.test('promises of function objects are refused', async (t) => {
  for (const fn of [
    processByMap<number, unknown>({ map: () => Promise.resolve(1) }),
    processByFilter<number>({ filter: () => Promise.resolve(true) as never }),
    processByFlatMap<number, number>({ flatMap: () => Promise.resolve() as never }),
  ]) {
    const harness = await OperatorTestHarness.open<number>(processOperator(fn as never));
    t.equal(refused(() => harness.element(1)).code, 'MR5002');
  }
});

t.test('on a keyed stream a function object has state of the key', async (t) => {
  const sink = new RecordingSink<string>();
  let count: ValueState<number>;
  const job = build((env) => {
    const keyed = env.fromData(['a', 'b', 'a', 'a']).keyBy((text) => text);
    keyed
      .map<string>({
        open(ctx) {
          count = ctx.getState(new ValueStateDescriptor('count', types.int32));
        },
        map(text) {
          count.update((count.value() ?? 0) + 1);
          return `${text}${count.value()}`;
        },
      })
      .uid('numbered')
      .sinkTo(sink, 'out');
    keyed
      .filter({ filter: (text) => text === 'b' })
      .uid('b')
      .sinkTo(sink, 'b');
    keyed
      .flatMap<string>({ flatMap: (text, out) => out.collect(text) })
      .uid('flat')
      .sinkTo(sink, 'flat');
  });
  t.strictSame(
    job.graph.vertices.flatMap(({ operators }) =>
      operators.filter(({ keyed }) => keyed).map(({ uid }) => uid),
    ),
    ['numbered', 'b', 'flat'],
  );
  await (await InlineJob.start(job)).run();
  t.strictSame([...sink.values].sort(), ['a', 'a', 'a', 'a1', 'a2', 'a3', 'b', 'b', 'b1']);
});

const COUNTED: readonly [name: string, make: () => Accumulator<number>, local: unknown][] = [
  ['int', () => new IntCounter(), 6],
  ['long', () => new LongCounter(), 6],
  ['double', () => new DoubleCounter(), 6],
  ['least', () => new DoubleMinimum(), 1],
  ['greatest', () => new DoubleMaximum(), 3],
  ['mean', () => new AverageAccumulator(), 1.5],
  ['list', () => new ListAccumulator<number>(), [1, 3, 1, 1]],
  [
    'histogram',
    () => new Histogram(),
    new Map([
      [1, 3],
      [3, 1],
    ]),
  ],
];

function accumulating(): ProcessFunction<number, never> {
  const accumulators = COUNTED.map(([name, make]) => [name, make()] as const);
  return {
    open(ctx) {
      for (const [name, accumulator] of accumulators) ctx.addAccumulator(name, accumulator);
    },
    processElement(n, ctx) {
      for (const [name] of accumulators) ctx.getAccumulator<number>(name)?.add(n);
    },
  };
}

t.test(
  'what is restored and not asked for stays, and is refused where it is asked for as something else',
  async (t) => {
    const first = await OperatorTestHarness.open<number>(processOperator(accumulating()));
    first.element(3);
    const restored = await first.checkpoint(1);
    const silent = await OperatorTestHarness.open<number>(
      processOperator({ processElement: () => {} }),
      { restored },
      first.world,
    );
    t.strictSame(silent.accumulators.values(), first.accumulators.values());
    t.same(await silent.checkpoint(2), restored);
    const other = processOperator<number, number>({
      open: (ctx) => ctx.addAccumulator('int', new Histogram()),
      processElement: () => {},
    });
    await t.rejects(OperatorTestHarness.open<number>(other, { restored }, first.world), {
      code: 'MR2103',
      what: "The accumulator 'int' was one of kind sum.",
    });
  },
);

t.test('accumulators are part of checkpoints, and added up over subtasks', async (t) => {
  const totals = new AccumulatorTotals();
  const first = await OperatorTestHarness.open<number>(processOperator(accumulating()));
  first.element(1);
  first.element(3);
  const restored = await first.checkpoint(1);
  first.element(1000);
  const harness = await OperatorTestHarness.open<number>(
    processOperator(accumulating()),
    { restored },
    first.world,
  );
  harness.element(1);
  harness.element(1);
  const values = harness.accumulators.values();
  totals.record({ vertexId: 0, subtask: 0 }, { op: values });
  t.strictSame(totals.results, Object.fromEntries(COUNTED.map(([name, , local]) => [name, local])));
  totals.record({ vertexId: 0, subtask: 1 }, { op: values });
  totals.record({ vertexId: 0, subtask: 1 }, { op: values });
  totals.record({ vertexId: 1, subtask: 1 });
  t.strictSame(totals.results.int, 12, 'the last run of a subtask counts');
  t.strictSame(totals.results.mean, 1.5);
  t.strictSame(
    totals.results.histogram,
    new Map([
      [1, 6],
      [3, 2],
    ]),
  );
});

t.test('counters are made when they are first asked for', async (t) => {
  const counting = processOperator<number, string>({
    processElement(n, ctx, out) {
      ctx.getIntCounter('int').add(1);
      ctx.getLongCounter('long').add(n);
      ctx.getDoubleCounter('double').add(n / 2);
      ctx.getHistogram('histogram').add(n);
      const counts = ['int', 'long', 'double'].map((name) => ctx.getAccumulator(name)?.getLocalValue());
      out.collect(`${counts} ${ctx.getHistogram('histogram').getLocalValue().get(n)}`);
      if (n < 0) ctx.getLongCounter('histogram');
    },
  });
  const first = await OperatorTestHarness.open<number>(counting);
  first.element(3);
  const restored = await first.checkpoint(1);
  const harness = await OperatorTestHarness.open<number>(counting, { restored }, first.world);
  harness.element(3);
  t.strictSame(harness.takeRecords(), [['2,6,3 2', undefined]]);
  t.equal(refused(() => harness.element(-1)).code, 'MR1001', 'of another kind');
});

t.test('keyed state may be asked for where state is initialized', async (t) => {
  const seen = keyedProcessOperator<string, string, string>(
    (text) => text,
    (() => {
      let count: ValueState<number>;
      return {
        initializeState(ctx) {
          count = ctx.getKeyedStateStore().getState(new ValueStateDescriptor('count', types.int32));
        },
        processElement(text, _ctx, out) {
          count.update((count.value() ?? 0) + 1);
          out.collect(`${text} ${count.value()}`);
        },
      };
    })(),
  );
  const harness = await OperatorTestHarness.open<string>(seen);
  for (const text of ['a', 'b', 'a']) harness.element(text);
  t.strictSame(
    harness.takeRecords().map(([value]) => value),
    ['a 1', 'b 1', 'a 2'],
  );
  const keyless = processOperator<string, string>({
    initializeState: (ctx) =>
      void ctx.getKeyedStateStore().getState(new ValueStateDescriptor('x', types.int32)),
    processElement() {},
  });
  await t.rejects(OperatorTestHarness.open(keyless), { code: 'MR2005' });
});

t.test('an accumulator has one kind', async (t) => {
  const harness = OperatorTestHarness.open<number>(
    processOperator<number, never>({
      open(ctx) {
        ctx.addAccumulator('x', new IntCounter());
        ctx.addAccumulator('x', new IntCounter());
      },
      processElement() {},
    }),
  );
  await t.rejects(harness, { code: 'MR1001', message: /already has an accumulator 'x'/ });
  const error = refused(() => mergeAccumulators('x', { kind: 'sum', value: 1 }, { kind: 'least', value: 1 }));
  t.match(error.message, /'x' is of two kinds: sum and least/);
});

t.test('functions see where they run, and count', async (t) => {
  const harness = await OperatorTestHarness.open<string>(
    keyedProcessOperator<string, string, string>((text) => text, {
      processElement(_text, ctx, out) {
        ctx.getMetricGroup().counter('seen').add(2);
        ctx.counter('seen').add(1);
        out.collect(
          `${ctx.subtaskIndex} of ${ctx.parallelism} (${ctx.maxParallelism}), attempt ${ctx.attempt}`,
        );
      },
    }),
    { parallelism: 1, attempt: 3 },
  );
  harness.element('a', 1);
  t.strictSame(harness.takeRecords(), [['0 of 1 (128), attempt 3', 1]]);
  t.equal(harness.world.counters.get('seen'), 3);
});
