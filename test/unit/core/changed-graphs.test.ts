import t, { type Test } from 'tap';
import {
  type DataStream,
  type KeyedProcessFunction,
  type ListState,
  ListStateDescriptor,
  type ProcessFunction,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../../core/index.js';
import { type HarnessBuild, type HarnessSnapshot, PipelineHarness } from '../../driver/index.js';

/** What a job is like beside how it was when its savepoint was taken. */
interface Change {
  readonly unchained?: boolean;
  /** New operators without state: before the first one, between those of a chain, at its end. */
  readonly before?: boolean;
  readonly between?: boolean;
  readonly behind?: boolean;
  /** A new one with state. */
  readonly statefulBehind?: boolean;
  /** Parallelism of operators that were chained to others. */
  readonly seenParallelism?: number;
  readonly plainParallelism?: number;
  readonly countedParallelism?: number;
  readonly startsChain?: boolean;
  readonly rebalanced?: boolean;
  /** Without the operator that has no state, or those that have some. */
  readonly withoutPlain?: boolean;
  readonly withoutTail?: boolean;
}

/** Counts in operator state what has passed, and says it with each record. */
function seen(): ProcessFunction<string, string> {
  let own: ListState<number>;
  let count = 0;
  return {
    initializeState(ctx) {
      own = ctx.getOperatorStateStore().getListState(new ListStateDescriptor('seen', types.int32));
      for (const before of own.get()) count += before;
    },
    processElement(value, _ctx, out) {
      count++;
      out.collect(value);
    },
    snapshotState: () => own.update([count]),
  };
}

function counted(): KeyedProcessFunction<string, string, string> {
  let n: ValueState<number> | undefined;
  return {
    open(ctx) {
      n = ctx.getState(new ValueStateDescriptor('n', types.int32));
    },
    processElement(value, _ctx, out) {
      n?.update((n.value() ?? 0) + 1);
      out.collect(`${value} ${n?.value()}`);
    },
  };
}

/** source, seen, plain | counted, tail, sink: two chains. */
function jobWith(change: Change): HarnessBuild {
  return (env, io) => {
    if (change.unchained) env.disableOperatorChaining();
    let stream: DataStream<string> = io.source<string>('in', types.string);
    if (change.before) stream = stream.map((value) => value).uid('new-before');
    if (change.rebalanced) stream = stream.rebalance();
    const first = stream.process(seen()).returns(types.string).uid('seen');
    if (change.seenParallelism !== undefined) first.setParallelism(change.seenParallelism);
    if (change.startsChain) first.startNewChain();
    stream = first;
    if (change.between) stream = stream.filter(() => true).uid('new-between');
    if (!change.withoutPlain) {
      const plain = stream
        .process<string>({ processElement: (value, _ctx, out) => out.collect(value) })
        .returns(types.string)
        .uid('plain');
      if (change.plainParallelism !== undefined) plain.setParallelism(change.plainParallelism);
      stream = plain;
    }
    const counts = stream
      .keyBy((value) => value)
      .process(counted())
      .returns(types.string)
      .uid('counted');
    if (change.countedParallelism !== undefined) counts.setParallelism(change.countedParallelism);
    stream = counts;
    if (change.behind) stream = stream.map((value) => value).uid('new-behind');
    if (change.statefulBehind) stream = stream.process(seen()).returns(types.string).uid('new-seen');
    if (!change.withoutTail) stream = stream.process(seen()).returns(types.string).uid('tail');
    stream.sinkTo(io.sink('out'), 'out');
  };
}

const AT = { parallelism: 2, maxParallelism: 16 };

async function savepoint(): Promise<HarnessSnapshot> {
  const harness = await PipelineHarness.create(jobWith({}), AT);
  for (const value of ['a', 'b', 'c', 'a']) await harness.push('in', value);
  const taken = await harness.snapshot();
  await harness.close();
  return taken;
}

const CHANGES: Readonly<Record<string, Change>> = {
  nothing: {},
  'chaining turned off': { unchained: true },
  'an operator before a chain': { before: true },
  'an operator in a chain': { between: true },
  'an operator behind a chain': { behind: true },
  'an operator with state behind a chain': { statefulBehind: true },
  'an operator of a chain taken out, which has no state': { withoutPlain: true },
  'a chain cut by another parallelism at its beginning': { seenParallelism: 1 },
  'a chain cut by another parallelism at its end': { plainParallelism: 3 },
  'another parallelism behind a chain': { countedParallelism: 3 },
  'a chain begun anew': { startsChain: true },
  'a chain cut by another partitioning': { rebalanced: true },
  'all at once': { unchained: true, before: true, between: true, behind: true, plainParallelism: 3 },
};

async function goesOn(t: Test, taken: HarnessSnapshot, change: Change): Promise<void> {
  for (const stateBackend of ['heap', 'lmdb'] as const) {
    const harness = await PipelineHarness.restore(taken, jobWith(change), { parallelism: 2, stateBackend });
    for (const value of ['a', 'b', 'd']) await harness.push('in', value);
    const values = harness.take<string>('out').map(({ value }) => value);
    t.same(values.sort(), ['a 3', 'b 2', 'd 1'], stateBackend);
    await harness.close();
  }
}

t.test('state is found whatever becomes of the chains', async (t) => {
  const taken = await savepoint();
  for (const [name, change] of Object.entries(CHANGES)) await t.test(name, (t) => goesOn(t, taken, change));
});

t.test('what was stored behind a change is found where the change is taken back', async (t) => {
  const first = await PipelineHarness.restore(await savepoint(), jobWith(CHANGES['all at once'] ?? {}), {
    parallelism: 3,
  });
  const taken = await first.snapshot();
  await first.close();
  await goesOn(t, taken, {});
});

t.test('an operator with state that is no more is named', async (t) => {
  await t.rejects(
    PipelineHarness.restore(await savepoint(), jobWith({ withoutTail: true }), { parallelism: 2 }),
    {
      code: 'MR2101',
      what: /does not have: tail/,
    },
  );
});
