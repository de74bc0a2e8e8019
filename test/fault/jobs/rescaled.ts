import {
  type BroadcastProcessFunction,
  type DataStream,
  defineJob,
  FileSink,
  IntCounter,
  type KeyedBroadcastProcessFunction,
  type ListState,
  ListStateDescriptor,
  MapStateDescriptor,
  NumberSequenceSource,
  type ProcessFunction,
  type StreamExecutionEnvironment,
  types,
  WatermarkStrategy,
} from 'millrace';

/** How many elements are broadcast, in the topologies that have such a stream. */
const RULES = 40;

const result = types.object({ key: types.int32, n: types.int32 });
const seen = new MapStateDescriptor('seen', types.float64, types.int32);

interface Result {
  readonly key: number;
  readonly n: number;
}

/** Counts what passes in operator state of both kinds; accumulators tell whether a restore has brought it all back. */
function counted(): ProcessFunction<number, number> {
  const listed = new IntCounter();
  const shared = new IntCounter();
  let own: ListState<number>;
  let everybodys: ListState<number>;
  let count = 0;
  let isFirst = false;
  return {
    initializeState(ctx) {
      const store = ctx.getOperatorStateStore();
      own = store.getListState(new ListStateDescriptor('own', types.int32));
      everybodys = store.getUnionListState(new ListStateDescriptor('everybodys', types.int32));
    },
    open(ctx) {
      ctx.addAccumulator('listed', listed);
      ctx.addAccumulator('shared', shared);
      isFirst = ctx.subtaskIndex === 0;
      // They come back as well; what is told is what the operator state brings.
      const [back, backToAll] = [listed.getLocalValue(), shared.getLocalValue()];
      listed.add(-back);
      shared.add(-backToAll);
      for (const restored of own.get()) count += restored;
      listed.add(count);
      if (isFirst) for (const restored of everybodys.get()) shared.add(restored);
    },
    processElement(value, _ctx, out) {
      count++;
      listed.add(1);
      shared.add(1);
      out.collect(value);
    },
    snapshotState() {
      own.update([count]);
      everybodys.update([count]);
    },
  };
}

function remember(
  value: number,
  state: { has(key: number): boolean; put(key: number, n: number): void },
): void {
  if (state.has(value)) throw new Error(`${value} has come twice`);
  state.put(value, 1);
}

const besides: BroadcastProcessFunction<number, number, number> = {
  processElement: (value, _ctx, out) => out.collect(value),
  processBroadcastElement: (value, ctx) => remember(value, ctx.getBroadcastState(seen)),
};

const keyedBesides: KeyedBroadcastProcessFunction<number, number, number, number> = {
  processElement: (value, _ctx, out) => out.collect(value),
  processBroadcastElement: (value, ctx) => remember(value, ctx.getBroadcastState(seen)),
};

type Numbers = DataStream<number>;
type Build = (source: (name: string, from: number, to: number) => Numbers, count: number) => Numbers;

/** The topologies by which Flink tests that in-flight data is rescaled. */
const TOPOLOGIES: Readonly<Record<string, Build>> = {
  pipeline: (source, count) =>
    source('all', 1, count).rebalance().process(counted()).returns(types.float64).uid('counted').shuffle(),
  'multi-input': (source, count) =>
    source('low', 1, count / 2)
      .rebalance()
      .connect(source('high', count / 2 + 1, count).rebalance())
      .map({ map1: (value) => value, map2: (value) => value })
      .returns(types.float64)
      .uid('both')
      .rebalance()
      .process(counted())
      .returns(types.float64)
      .uid('counted')
      .rebalance(),
  'keyed-different-parallelism': (source, count) =>
    source('all', 1, count)
      .keyBy((value) => value % 11)
      .map((value) => value)
      .returns(types.float64)
      .uid('by-eleven')
      .setParallelism(3)
      .keyBy((value) => value % 13)
      .process(counted())
      .returns(types.float64)
      .uid('counted'),
  union: (source, count) =>
    source('first', 1, count / 4)
      .union(source('second', count / 4 + 1, count / 2), source('third', count / 2 + 1, count))
      .rebalance()
      .process(counted())
      .returns(types.float64)
      .uid('counted')
      .rebalance(),
  broadcast: (source, count) =>
    source('all', 1, count)
      .rebalance()
      .connect(source('rules', 1, RULES).broadcast(seen))
      .process(besides)
      .returns(types.float64)
      .uid('besides')
      .rebalance()
      .process(counted())
      .returns(types.float64)
      .uid('counted')
      .rebalance(),
  'keyed-broadcast': (source, count) =>
    source('all', 1, count)
      .keyBy((value) => value % 17)
      .connect(source('rules', 1, RULES).broadcast(seen))
      .process(keyedBesides)
      .returns(types.float64)
      .uid('besides')
      .rebalance()
      .process(counted())
      .returns(types.float64)
      .uid('counted')
      .rebalance(),
};

export const RESCALED_TOPOLOGIES = Object.keys(TOPOLOGIES);

/** `--topology NAME --output DIR --count N --spin MICROSECONDS`: numbers the results of each key, slowly. */
export default defineJob(import.meta.url, (env: StreamExecutionEnvironment, params) => {
  const spinMs = params.getInt('spin', 0) / 1000;
  const source = (name: string, from: number, to: number): Numbers =>
    env.fromSource(new NumberSequenceSource(from, to), WatermarkStrategy.noWatermarks(), name).uid(name);
  const build = TOPOLOGIES[params.require('topology')];
  if (build === undefined) throw new Error('There is no such topology.');
  build(source, params.getInt('count'))
    .map((value) => {
      for (const until = performance.now() + spinMs; performance.now() < until; );
      return { key: value % 97, n: 1 };
    })
    .returns(result)
    .uid('slow')
    .keyBy((each: Result) => each.key)
    .reduce((a, b) => ({ key: a.key, n: a.n + b.n }))
    .uid('counts')
    .sinkTo(FileSink.jsonLines(params.require('output')), 'files')
    .uid('files');
});
