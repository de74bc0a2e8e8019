import {
  type AggregatingState,
  AggregatingStateDescriptor,
  AverageAccumulator,
  DoubleMaximum,
  DoubleMinimum,
  Histogram,
  type KeyedProcessFunction,
  ListAccumulator,
  type ListState,
  ListStateDescriptor,
  LongCounter,
  type MapState,
  MapStateDescriptor,
  type OperatorStateStore,
  type ProcessFunction,
  type ReducingState,
  ReducingStateDescriptor,
  type StateTtlConfig,
  type TypeDescriptor,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../../core/index.js';
import type { Event } from './event.js';
import { byKey } from './keyed-topologies.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

interface Mean {
  sum: number;
  count: number;
}

const MEAN = types.object({ sum: types.float64, count: types.int32 });
/** Longer than any world lasts by its wall clock, jumps included. */
const FOR_EVER = '30 d';
const NEWEST_MAX = 5;

/** Sums and means of each key, in states that fold, and live for ever as far as a world can tell. */
export function foldedStates(kit: TopologyKit): Topology {
  const source = kit.source({ keysBySplit: true });
  const sink = kit.sink('/out/folds');
  const parallelism = kit.parallelism();
  const { prng } = kit;
  const declared = prng.chance(0.5);
  const ttl: StateTtlConfig = {
    ttl: FOR_EVER,
    updateType: prng.pick(['OnCreateAndWrite', 'OnReadAndWrite', 'Disabled']),
    cleanupInBackground: prng.chance(0.7),
  };
  const options = prng.chance(0.5) ? { ttl } : {};
  const lineOf = (key: string, count: number, sum: number, most: number, mean: number): string =>
    `${key} ${count} ${sum} ${most} ${mean}`;
  const lines = (): string[] =>
    [...byKey(source.events)].flatMap(([key, events]) => {
      let [sum, most] = [0, Number.NEGATIVE_INFINITY];
      return events.map(({ amount }, index) => {
        sum += amount;
        most = Math.max(most, amount);
        return lineOf(key, index + 1, sum, most, sum / (index + 1));
      });
    });
  const folds = (): KeyedProcessFunction<string, Event, string> => {
    let sum: ReducingState<number>;
    let most: ReducingState<number>;
    let mean: AggregatingState<Event, number>;
    let count: ValueState<number>;
    const accumulators = everyAccumulator();
    const type = <T>(of: TypeDescriptor<T>): TypeDescriptor<T> | undefined => (declared ? of : undefined);
    return {
      open(ctx) {
        for (const [name, accumulator] of Object.entries(accumulators)) ctx.addAccumulator(name, accumulator);
        const add = (a: number, b: number): number => a + b;
        sum = ctx.getReducingState(new ReducingStateDescriptor('sum', add, type(types.int32), options));
        most = ctx.getReducingState(new ReducingStateDescriptor('most', Math.max, types.float64, options));
        mean = ctx.getAggregatingState(new AggregatingStateDescriptor('mean', MEANS, type(MEAN), options));
        count = ctx.getState(new ValueStateDescriptor('count', type(types.int32), options));
      },
      processElement(event, ctx, out) {
        count.update((count.value() ?? 0) + 1);
        for (const accumulator of Object.values(accumulators)) accumulator.add(event.amount);
        sum.add(event.amount);
        most.add(event.amount);
        mean.add(event);
        const [counted, summed, highest, average] = [count.value(), sum.get(), most.get(), mean.get()];
        out.collect(lineOf(ctx.currentKey, counted ?? -1, summed ?? -1, highest ?? -1, average ?? -1));
      },
    };
  };
  return {
    name: 'folded-states',
    files: source.files,
    outputs: () => [{ folder: '/out/folds', lines: lines() }],
    build: (env) => {
      const told = source
        .stream(env)
        .keyBy((event) => event.key)
        .process(folds())
        .setParallelism(parallelism);
      sink(told, 'folds');
    },
  };
}

function everyAccumulator() {
  return {
    total: new LongCounter(),
    least: new DoubleMinimum(),
    greatest: new DoubleMaximum(),
    average: new AverageAccumulator(),
    list: new ListAccumulator<number>(),
    histogram: new Histogram(),
  };
}

const MEANS = {
  createAccumulator: (): Mean => ({ sum: 0, count: 0 }),
  add: ({ amount }: Event, mean: Mean): Mean => ({ sum: mean.sum + amount, count: mean.count + 1 }),
  getResult: ({ sum, count }: Mean): number => sum / count,
  merge: (a: Mean, b: Mean): Mean => ({ sum: a.sum + b.sum, count: a.count + b.count }),
};

/**
 * State that lives for moments: what is left of it when the next event comes is for the clock to say, and for what was
 * written last. Before that, a list of each subtask and one of all, which are dealt out anew with each restore. Where
 * they are asked for late, checkpoints come before that.
 */
export function fleetingStates(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/ids');
  const [first, second] = [kit.parallelism(), kit.parallelism()];
  const { prng } = kit;
  const ttl: StateTtlConfig = {
    ttl: prng.between(1, 30),
    updateType: prng.pick(['OnCreateAndWrite', 'OnReadAndWrite']),
    stateVisibility: prng.pick(['NeverReturnExpired', 'ReturnExpiredIfNotCleanedUp']),
    cleanupInBackground: prng.chance(0.8),
  };
  const wait = prng.pick([0, 0, 1, 20]);
  return {
    name: 'fleeting-states',
    files: source.files,
    hasUnionState: true,
    outputs: () => [{ folder: '/out/ids', lines: source.events.map(({ id }) => String(id)) }],
    build: (env) => {
      const ids = source
        .stream(env)
        // Its subtasks end at about one time: while some have, and others have not, there is no checkpoint.
        .rebalance()
        .process(wait === 0 ? remembersNewest() : remembersLate(wait))
        .setParallelism(first)
        .keyBy((event) => event.key)
        .process(forgets(ttl, kit.steadyClock))
        .setParallelism(second);
      sink(ids, 'ids');
    },
  };
}

function remembersNewest(): ProcessFunction<Event, Event> {
  let newest: number[] = [];
  let own: ListState<number>;
  let everybody: ListState<number>;
  return {
    initializeState(ctx) {
      const store = ctx.getOperatorStateStore();
      own = store.getListState(new ListStateDescriptor('own', types.float64));
      everybody = store.getUnionListState(new ListStateDescriptor('everybody', types.float64));
      newest = [...own.get()].slice(-NEWEST_MAX);
      const all = [...everybody.get()];
      if (new Set(all).size !== all.length)
        throw new Error(`Something was dealt out twice: ${all.join(' ')}`);
      if (newest.some((id) => !all.includes(id))) throw new Error('Somebody has what is not there.');
    },
    snapshotState() {
      own.update(newest);
      everybody.update(newest);
    },
    processElement(event, _ctx, out) {
      newest = [...newest, event.id].slice(-NEWEST_MAX);
      out.collect(event);
    },
  };
}

/** Asks for its lists when some events have come, and for that of all subtasks a while later. */
function remembersLate(wait: number): ProcessFunction<Event, Event> {
  let store: OperatorStateStore | undefined;
  let seen = 0;
  let own: ListState<number> | undefined;
  let everybody: ListState<number> | undefined;
  return {
    initializeState(ctx) {
      store = ctx.getOperatorStateStore();
    },
    processElement(event, _ctx, out) {
      seen++;
      if (seen === wait) {
        own = store?.getListState(new ListStateDescriptor('own', types.float64));
        const ids = [...(own?.get() ?? [])];
        if (new Set(ids).size !== ids.length)
          throw new Error(`Something was dealt out twice: ${ids.join(' ')}`);
        own?.update(ids.slice(-NEWEST_MAX));
      }
      if (seen === 2 * wait) {
        everybody = store?.getUnionListState(new ListStateDescriptor('everybody', types.float64));
        everybody?.update([...everybody.get()].slice(-NEWEST_MAX));
      }
      if (event.amount % 5 === 0) own?.add(event.id);
      if (event.amount % 7 === 0) everybody?.add(event.id);
      out.collect(event);
    },
  };
}

/** What a value is, since when, and how many were collected with it: a state without an end. */
const SINCE = types.object({ id: types.float64, time: types.timestamp, length: types.int32 });

/** Throws where `last`, which was seen at a moment, is there for too long, or not for as long as it lives. */
function mustLive(
  { ttl, stateVisibility }: StateTtlConfig,
  last: number | undefined,
  since: { readonly id: number; readonly time: number } | undefined,
  nowMs: number,
): void {
  const lives = since !== undefined && since.time + Number(ttl) > nowMs;
  const right = lives ? last === since.id : last === undefined;
  const mayStay = since !== undefined && stateVisibility === 'ReturnExpiredIfNotCleanedUp';
  if (right || (!lives && mayStay && last === since.id)) return;
  throw new Error(`${last} is there at ${nowMs}, and ${since?.id} since ${since?.time}, for ${ttl} ms.`);
}

/** Elements that are renewed whenever they are read end together. `length`: how many there were. */
function mustLiveTogether({ updateType }: StateTtlConfig, known: number, length: number | undefined): void {
  if (updateType !== 'OnReadAndWrite' || known === 0 || length === undefined || known === length) return;
  throw new Error(`Of ${length} elements that were read together ${known} are there.`);
}

/** `steadyClock`: what has expired once lives no more. */
function forgets(ttl: StateTtlConfig, steadyClock: boolean): KeyedProcessFunction<string, Event, string> {
  let last: ValueState<number>;
  let since: ValueState<{ id: number; time: number; length: number }>;
  let all: ListState<number>;
  let amounts: MapState<number, string>;
  let count: ReducingState<number>;
  return {
    open(ctx) {
      last = ctx.getState(new ValueStateDescriptor('last', types.float64, { ttl }));
      since = ctx.getState(new ValueStateDescriptor('since', SINCE));
      all = ctx.getListState(new ListStateDescriptor('all', types.float64, { ttl }));
      amounts = ctx.getMapState(new MapStateDescriptor('amounts', types.int32, types.string, { ttl }));
      const add = (a: number, b: number): number => a + b;
      count = ctx.getReducingState(new ReducingStateDescriptor('count', add, types.int32, { ttl }));
    },
    processElement({ id, amount }, ctx, out) {
      const nowMs = ctx.timerService.currentProcessingTime();
      const before = last.value();
      if (steadyClock) mustLive(ttl, before, since.value(), nowMs);
      const known = [...all.get()];
      // What has expired and was not removed yet may be seen of the one, and not of the other.
      const isExact = ttl.stateVisibility === 'NeverReturnExpired';
      if (isExact && before !== undefined && known.length > 0 && known.at(-1) !== before)
        throw new Error(`The last event is ${before}, and of all ${known.at(-1)}.`);
      if (new Set(known).size !== known.length)
        throw new Error(`Something is there twice: ${known.join(' ')}`);
      if (isExact && steadyClock) mustLiveTogether(ttl, known.length, since.value()?.length);
      for (const [other, key] of amounts.entries())
        if (key !== ctx.currentKey) throw new Error(`${ctx.currentKey} has ${other} of ${key}.`);
      last.update(id);
      since.update({ id, time: nowMs, length: amount % 11 === 0 ? 0 : known.length + 1 });
      all.add(id);
      count.add(1);
      amounts.put(amount, ctx.currentKey);
      if (amount % 9 === 0) amounts.clear();
      if (amount % 11 === 0) all.clear();
      if (amount % 13 === 0) {
        last.clear();
        since.clear();
      }
      out.collect(String(id));
    },
  };
}

/** Timers of the machine's clock, which jumps: what was collected is told when one fires, the rest in the end. */
export function clockTimers(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/ids');
  const parallelism = kit.parallelism();
  const waitMs = kit.prng.between(1, 50);
  const again = kit.prng.chance(0.3);
  return {
    name: 'clock-timers',
    files: source.files,
    outputs: () => [{ folder: '/out/ids', lines: source.events.map(({ id }) => String(id)) }],
    build: (env) => {
      let waiting: ListState<number>;
      let due: ValueState<number>;
      const told = source
        .stream(env)
        .keyBy((event) => event.key)
        .process<string>({
          open(ctx) {
            waiting = ctx.getListState(new ListStateDescriptor('waiting', types.float64));
            due = ctx.getState(new ValueStateDescriptor('due', types.timestamp));
          },
          processElement(event, ctx) {
            waiting.add(event.id);
            const before = due.value();
            if (before !== undefined && !again) return;
            if (before !== undefined) ctx.timerService.deleteProcessingTimeTimer(before);
            const time = ctx.timerService.currentProcessingTime() + waitMs;
            due.update(time);
            ctx.timerService.registerProcessingTimeTimer(time);
            ctx.timerService.registerEventTimeTimer(END_OF_TIME);
          },
          onTimer(timestamp, ctx, out) {
            if (ctx.timeDomain === 'processing-time' && timestamp !== due.value())
              throw new Error(`A timer of ${timestamp} fires, and ${due.value()} is due.`);
            if (ctx.timeDomain === 'event-time') ctx.timerService.deleteProcessingTimeTimer(due.value() ?? 0);
            for (const id of waiting.get()) out.collect(String(id));
            waiting.clear();
            due.clear();
          },
        })
        .setParallelism(parallelism);
      sink(told, 'ids');
    },
  };
}

/** No event comes so late. */
const END_OF_TIME = 4_000_000_000_000;
