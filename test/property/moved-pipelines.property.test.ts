import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  type CoProcessFunction,
  CountTrigger,
  type DataStream,
  EventTimeSessionWindows,
  type KeyedBroadcastProcessFunction,
  type ListState,
  ListStateDescriptor,
  MapStateDescriptor,
  PurgingTrigger,
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../core/index.js';
import { check } from '../check.js';
import { type HarnessBuild, type HarnessOptions, PipelineHarness } from '../driver/index.js';

/**
 * Pipelines of every kind that are taken down between any two steps and go on at another parallelism and on another
 * backend, against the same pipeline left alone: all that comes out is the same.
 */

interface Item {
  readonly id: number;
  readonly key: number;
  readonly at: number;
}

const item = types.object({ id: types.int32, key: types.int32, at: types.int32 });
const FLUSH = -1;

type Streams = readonly [a: DataStream<Item>, b: DataStream<Item>];

const idsOf = (items: readonly Item[]): string =>
  items
    .map(({ id }) => id)
    .toSorted((x, y) => x - y)
    .join();

function sessions([a, b]: Streams): DataStream<string> {
  return a
    .union(b)
    .keyBy('key')
    .window(EventTimeSessionWindows.withGap(10))
    .allowedLateness(20)
    .process<string>({
      process: (key, { window }, items, out) =>
        out.collect(`${key} [${window.start}, ${window.end}) ${idsOf(items)}`),
    })
    .uid('sessions');
}

function sliding([a]: Streams): DataStream<string> {
  return a
    .keyBy('key')
    .window(SlidingEventTimeWindows.of(30, 10))
    .aggregate<number[], number[], string>(
      {
        createAccumulator: () => [],
        add: ({ id }, ids) => [...ids, id],
        getResult: (ids) => ids,
        merge: (x, y) => [...x, ...y],
      },
      {
        process: (key, { window }, [ids = []], out) =>
          out.collect(`${key} ${window.start} ${ids.toSorted((x, y) => x - y).join()}`),
      },
    )
    .uid('sliding');
}

function counted([a, b]: Streams): DataStream<string> {
  return a
    .union(b)
    .keyBy('key')
    .window(TumblingEventTimeWindows.of(40))
    .trigger(PurgingTrigger.of(CountTrigger.of(3)))
    .process<string>({ process: (key, _ctx, items, out) => out.collect(`${key} ${idsOf(items)}`) })
    .uid('counted');
}

function joined([a, b]: Streams): DataStream<string> {
  const near = a
    .keyBy('key')
    .intervalJoin(b.keyBy('key'))
    .between(-8, 5)
    .fullOuter()
    .process<string>({ processElement: (x, y, _ctx, out) => out.collect(`near ${x?.id} ${y?.id}`) })
    .uid('near');
  const within = a
    .join(b)
    .where(({ key }) => key)
    .equalTo(({ key }) => key)
    .window(TumblingEventTimeWindows.of(20))
    .apply((x, y) => `within ${x.id} ${y.id}`)
    .uid('within');
  return near.union(within);
}

const rules = new MapStateDescriptor('rules', types.int32, types.int32);

/** Pairs each record with the rule of its key, and says 15 later how many records the key had. */
function ruled([a, b]: Streams): DataStream<string> {
  let seen: ValueState<number> | undefined;
  const fn: KeyedBroadcastProcessFunction<number, Item, Item, string> = {
    open(ctx) {
      seen = ctx.getState(new ValueStateDescriptor('seen', types.int32));
    },
    processElement({ id, key, at }, ctx, out) {
      seen?.update((seen.value() ?? 0) + 1);
      ctx.timerService.registerEventTimeTimer(at + 15);
      out.collect(`${id} ${ctx.getBroadcastState(rules).get(key)}`);
    },
    processBroadcastElement: ({ id, key }, ctx) => ctx.getBroadcastState(rules).put(key, id),
    onTimer: (timestamp, ctx, out) => out.collect(`${ctx.currentKey} at ${timestamp}: ${seen?.value()}`),
  };
  return a.keyBy('key').connect(b.broadcast(rules)).process(fn).uid('ruled');
}

/** Keeps what comes in operator state until it is told to let go of it. */
function kept([a, b]: Streams): DataStream<string> {
  let waiting: number[] = [];
  const ever = new Set<number>();
  let waitingState: ListState<number> | undefined;
  let everState: ListState<number> | undefined;
  const fn: CoProcessFunction<Item, Item, string> = {
    initializeState(ctx) {
      const store = ctx.getOperatorStateStore();
      waitingState = store.getListState(new ListStateDescriptor('waiting', types.int32));
      everState = store.getUnionListState(new ListStateDescriptor('ever', types.int32));
      waiting = [...waitingState.get()];
      for (const id of everState.get()) ever.add(id);
    },
    snapshotState() {
      waitingState?.update(waiting);
      everState?.update(ever);
    },
    processElement1({ id }, _ctx, out) {
      if (ever.has(id)) out.collect(`${id} twice`);
      ever.add(id);
      waiting.push(id);
    },
    processElement2({ key }, _ctx, out) {
      if (key !== FLUSH) return;
      for (const id of waiting) out.collect(`${id}`);
      waiting = [];
    },
  };
  return a.rebalance().connect(b.broadcast()).process(fn).uid('kept');
}

const PIPELINES = { sessions, sliding, counted, joined, ruled, kept };

type Kind = keyof typeof PIPELINES;

const built =
  (kind: Kind): HarnessBuild =>
  (_env, io) => {
    PIPELINES[kind]([io.source('a', item), io.source('b', item)]).sinkTo(io.sink('out'));
  };

type Step =
  | { readonly what: 'push'; readonly input: 'a' | 'b'; readonly key: number; readonly at: number }
  | { readonly what: 'watermark'; readonly input: 'a' | 'b'; readonly at: number }
  | { readonly what: 'move'; readonly parallelism: number; readonly stateBackend: 'heap' | 'lmdb' };

/** All that came out, in no order, and what was dropped. */
async function outcome(kind: Kind, steps: readonly Step[], moves: boolean, options: HarnessOptions) {
  const build = built(kind);
  let h = await PipelineHarness.create(build, options);
  const came: string[] = [];
  let dropped = 0;
  const take = (): void => {
    for (const { value, timestamp } of h.take<string>('out')) came.push(`${value} @${timestamp}`);
  };
  let id = 0;
  for (const step of [...steps, { what: 'push', input: 'b', key: FLUSH, at: 200 } as const]) {
    if (step.what === 'push') await h.push(step.input, { id: id++, key: step.key, at: step.at }, step.at);
    else if (step.what === 'watermark') await h.watermark(step.input, step.at);
    else if (moves) {
      const snapshot = await h.snapshot();
      take();
      dropped += h.metric('numLateRecordsDropped');
      await h.close();
      const { parallelism, stateBackend } = step;
      h = await PipelineHarness.restore(snapshot, build, { parallelism, stateBackend });
    }
  }
  await h.endInput('a');
  await h.endInput('b');
  take();
  dropped += h.metric('numLateRecordsDropped');
  await h.close();
  return { came: came.toSorted(), dropped };
}

const input = fc.constantFrom('a' as const, 'b' as const);
const parallelism = fc.integer({ min: 1, max: 4 });
const stateBackend = fc.constantFrom('heap' as const, 'heap' as const, 'lmdb' as const);
const at = fc.nat(100);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 7,
    arbitrary: fc.record({ what: fc.constant('push' as const), input, key: fc.nat(5), at }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('watermark' as const), input, at }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('move' as const), parallelism, stateBackend }) },
);

for (const kind of Object.keys(PIPELINES) as Kind[]) {
  t.test(
    `[scenario 10] moved between any two steps, ${kind} give what they give when left alone`,
    async () => {
      await check(
        `moved ${kind} = ${kind} left alone`,
        fc.asyncProperty(
          fc.array(step, { maxLength: 40, size: 'max' }),
          parallelism,
          stateBackend,
          async (steps, first, backend) => {
            const options = { parallelism: first, maxParallelism: 128, stateBackend: backend };
            const moved = await outcome(kind, steps, true, options);
            assert.deepStrictEqual(moved, await outcome(kind, steps, false, { maxParallelism: 128 }));
          },
        ),
        { runs: 15 },
      );
    },
  );
}
