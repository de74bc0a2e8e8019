import {
  type AggregateFunction,
  type BroadcastStream,
  type Collector,
  type ConnectedStreams,
  type DataStream,
  type FieldPath,
  type Infer,
  type KeyedConnectedStreams,
  type KeyedStream,
  MapStateDescriptor,
  OutputTag,
  type ReadOnlyBroadcastState,
  type SingleOutputStreamOperator,
  type StreamExecutionEnvironment,
  TumblingEventTimeWindows,
  types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '../../core/index.js';
import { same } from './same.js';

/** Nothing here runs: it compiles, or the types of the API have changed. */

const flight = types.object({
  time: types.timestamp,
  delay: types.int32,
  origin: types.string,
  gate: types.optional(types.string),
});
type Flight = Infer<typeof flight>;

const meanDelay: AggregateFunction<Flight, { sum: number; count: number }, number> = {
  createAccumulator: () => ({ sum: 0, count: 0 }),
  add: (value, acc) => ({ sum: acc.sum + value.delay, count: acc.count + 1 }),
  getResult: (acc) => acc.sum / acc.count,
  merge: (a, b) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
};

export function inference(env: StreamExecutionEnvironment): void {
  const flights = env.fromData<Flight>([], flight);
  same<typeof flights, SingleOutputStreamOperator<Flight>>(true);

  const keyed = flights.keyBy((f) => f.origin);
  same<typeof keyed, KeyedStream<Flight, string>>(true);
  const tuple = flights.keyBy((f) => ({ origin: f.origin, day: Math.floor(f.time / 86_400_000) }));
  same<typeof tuple, KeyedStream<Flight, { origin: string; day: number }>>(true);

  const means = keyed.window(TumblingEventTimeWindows.of('1 h')).aggregate(meanDelay);
  same<typeof means, SingleOutputStreamOperator<number>>(true);
  const literal = keyed.window(TumblingEventTimeWindows.of('1 h')).aggregate({
    createAccumulator: () => ({ n: 0 }),
    add: (value, acc) => ({ n: acc.n + value.delay }),
    getResult: (acc) => `${acc.n}`,
  });
  same<typeof literal, SingleOutputStreamOperator<string>>(true);

  const rows = keyed.window(TumblingEventTimeWindows.of('1 h')).aggregate(meanDelay, {
    process(origin, ctx, [mean = 0], out: Collector<{ origin: string; hour: number; mean: number }>) {
      same<typeof origin, string>(true);
      same<typeof mean, number>(true);
      out.collect({ origin, hour: ctx.window.start, mean });
    },
  });
  same<typeof rows, SingleOutputStreamOperator<{ origin: string; hour: number; mean: number }>>(true);
  const said = keyed.window(TumblingEventTimeWindows.of('1 h')).process<{ origin: string; flights: number }>({
    process(origin, _ctx, elements, out) {
      same<typeof elements, readonly Flight[]>(true);
      out.collect({ origin, flights: elements.length });
    },
  });
  same<typeof said, SingleOutputStreamOperator<{ origin: string; flights: number }>>(true);

  const narrowed = flights.filter((f): f is Flight & { gate: string } => f.gate !== undefined);
  same<typeof narrowed, SingleOutputStreamOperator<Flight & { gate: string }>>(true);
  const mapped = flights.map((f) => [f.origin, f.delay] as const);
  same<typeof mapped, SingleOutputStreamOperator<readonly [string, number]>>(true);
  const side = mapped.getSideOutput(new OutputTag<Flight>('late'));
  same<typeof side, DataStream<Flight>>(true);
}

export function keyedFunctions(env: StreamExecutionEnvironment): void {
  let last: ValueState<number>;
  env
    .fromData<Flight>([], flight)
    .keyBy((f) => f.origin)
    .process<string>({
      open(ctx) {
        last = ctx.getState(new ValueStateDescriptor('last', types.timestamp));
      },
      processElement(value, ctx, out) {
        same<typeof value, Flight>(true);
        same<typeof ctx.currentKey, string>(true);
        same<typeof ctx.timestamp, number | undefined>(true);
        ctx.timerService.registerEventTimeTimer(value.time);
        ctx.output(new OutputTag<number>('delays'), value.delay);
        last.update(value.time);
        out.collect(ctx.currentKey);
        // @ts-expect-error the collector takes what was said
        out.collect(1);
        // @ts-expect-error the tag says what its values are
        ctx.output(new OutputTag<number>('delays'), 'late');
      },
      onTimer(timestamp, ctx, out) {
        out.collect(`${timestamp} ${ctx.timeDomain}`);
      },
    });
}

export function twoInputs(env: StreamExecutionEnvironment): void {
  const flights = env.fromData<Flight>([], flight);
  const numbers = env.fromSequence(1, 9);
  const connected = flights.connect(numbers);
  same<typeof connected, ConnectedStreams<Flight, number>>(true);
  const mapped = connected.map({ map1: (f) => f.origin, map2: (n) => `${n}` });
  same<typeof mapped, SingleOutputStreamOperator<string>>(true);
  connected.map<string>({
    map1: (f) => f.origin,
    // @ts-expect-error both sides give results of one type
    map2: (n) => n,
  });
  const keyed = connected.keyBy(
    (f) => f.delay,
    (n) => n,
  );
  same<typeof keyed, KeyedConnectedStreams<Flight, number, number>>(true);
  connected.keyBy(
    (f) => f.origin,
    // @ts-expect-error both sides have keys of one type
    (n) => n,
  );
  const joined = flights.keyBy((f) => f.origin).connect(env.fromData(['a']).keyBy((text) => text));
  same<typeof joined, KeyedConnectedStreams<Flight, string, string>>(true);
  // @ts-expect-error keys of two types never meet
  flights.keyBy((f) => f.origin).connect(numbers.keyBy((n) => n));
  // @ts-expect-error without keys there is no state
  connected.process({ open: (ctx) => ctx.getState(), processElement1() {}, processElement2() {} });
  joined.process<number>({
    open: (ctx) => void ctx.getState(new ValueStateDescriptor('x')),
    processElement1(value, ctx, out) {
      same<typeof value, Flight>(true);
      same<typeof ctx.currentKey, string>(true);
      ctx.timerService.registerEventTimeTimer(out.collect.length);
    },
    processElement2(value) {
      same<typeof value, string>(true);
    },
  });
}

export function broadcast(env: StreamExecutionEnvironment): void {
  const flights = env.fromData<Flight>([], flight);
  const rules = new MapStateDescriptor('rules', types.void, types.int32);
  const ruled = env.fromSequence(1, 9).broadcast(rules);
  same<typeof ruled, BroadcastStream<number>>(true);
  const all = flights.broadcast();
  same<typeof all, DataStream<Flight>>(true);
  flights
    .keyBy((f) => f.origin)
    .connect(ruled)
    .process<string>({
      processElement(value, ctx, out) {
        same<typeof value, Flight>(true);
        const state = ctx.getBroadcastState(rules);
        same<typeof state, ReadOnlyBroadcastState<undefined, number>>(true);
        // @ts-expect-error only the broadcast side changes it
        state.put(undefined, 1);
        out.collect(ctx.currentKey);
      },
      processBroadcastElement(value, ctx) {
        same<typeof value, number>(true);
        ctx.getBroadcastState(rules).put(undefined, value);
        ctx.applyToKeyedState(new ValueStateDescriptor('n', types.int32), (key, state) => {
          same<typeof key, string>(true);
          same<typeof state, ValueState<number>>(true);
        });
        // @ts-expect-error no key is current
        void ctx.currentKey;
        // @ts-expect-error there are no timers without keys
        ctx.timerService.registerEventTimeTimer(1);
      },
    });
  flights.connect(ruled).process({
    // @ts-expect-error a stream without keys has none
    processElement: (_value, ctx) => void ctx.currentKey,
    processBroadcastElement() {},
  });
}

export function intervalJoins(env: StreamExecutionEnvironment): void {
  const flights = env.fromData<Flight>([], flight).keyBy((f) => f.delay);
  const join = flights.intervalJoin(env.fromSequence(1, 9).keyBy((n) => n)).between('-2 s', 1);
  join.process<string>({
    processElement(left, right, ctx, out) {
      same<typeof left, Flight>(true);
      same<typeof right, number>(true);
      same<typeof ctx.rightTimestamp, number>(true);
      out.collect(left.origin);
    },
  });
  join
    .lowerBoundExclusive()
    .leftOuter()
    .process<string>({
      processElement(left, right, ctx) {
        same<typeof left, Flight>(true);
        same<typeof right, number | undefined>(true);
        same<typeof ctx.leftTimestamp, number>(true);
        same<typeof ctx.rightTimestamp, number | undefined>(true);
      },
    });
  // @ts-expect-error the late tag is of the left records
  join.sideOutputLeftLateData(new OutputTag<number>('late'));
  // @ts-expect-error the keys are of two types
  flights.intervalJoin(env.fromData(['a']).keyBy((text) => text));
}

interface Trip {
  readonly car: { readonly plate: string; readonly owner?: { readonly name: string } };
  readonly stops: readonly { readonly at: number }[];
  readonly tip?: number;
  readonly fare: number;
  readonly kind: 'long' | 'short';
}

export function fieldPaths(env: StreamExecutionEnvironment): void {
  const trips = env.fromData<Trip>([]);
  same<
    FieldPath<Trip>,
    'car' | 'car.plate' | 'car.owner' | 'car.owner.name' | 'stops' | 'tip' | 'fare' | 'kind'
  >(true);
  const plates = trips.keyBy('car.plate');
  same<typeof plates, KeyedStream<Trip, string>>(true);
  const owners = trips.keyBy('car.owner.name');
  same<typeof owners, KeyedStream<Trip, string | undefined>>(true);
  const kinds = trips.keyBy('kind');
  same<typeof kinds, KeyedStream<Trip, 'long' | 'short'>>(true);
  const sums = plates.sum('fare');
  same<typeof sums, SingleOutputStreamOperator<Trip>>(true);
  plates.maxBy('kind', false);
  const projected = trips.project('fare', 'kind');
  same<typeof projected, SingleOutputStreamOperator<Pick<Trip, 'fare' | 'kind'>>>(true);
  const numbers = env
    .fromSequence(1, 2)
    .keyBy((n) => n)
    .sum();
  same<typeof numbers, SingleOutputStreamOperator<number>>(true);

  // @ts-expect-error a trip has no such field
  trips.keyBy('car.colour');
  // @ts-expect-error nor this
  trips.keyBy('stops.at');
  // @ts-expect-error only numbers have a sum
  plates.sum('kind');
  // @ts-expect-error the field may be absent
  plates.sum('tip');
  // @ts-expect-error an object has no order
  plates.min('car');
  // @ts-expect-error which field?
  plates.sum();
  const modulo = env.fromSequence(1, 2).keyBy((n) => n % 2);
  // @ts-expect-error a number has no fields
  modulo.sum('fare');
  // @ts-expect-error there is no such field
  trips.project('colour');
}

export function wrongUse(env: StreamExecutionEnvironment): void {
  const flights = env.fromData<Flight>([], flight);
  const keyed = flights.keyBy((f) => f.origin);
  const windowed = keyed.window(TumblingEventTimeWindows.of('1 h'));

  // @ts-expect-error windows need keys
  flights.window(TumblingEventTimeWindows.of('1 h'));
  // @ts-expect-error count windows need keys
  flights.countWindow(2);
  // @ts-expect-error reduce needs keys
  flights.reduce((a: Flight) => a);
  // @ts-expect-error a field that a flight does not have
  flights.keyBy((f) => f.destination);
  // @ts-expect-error the key type is another one
  flights.keyBy((f) => f.origin, types.int32);
  // @ts-expect-error a filter says true or false
  flights.filter((f) => f.delay);
  // @ts-expect-error only streams of the same records are united
  flights.union(env.fromSequence(1, 2));
  // @ts-expect-error reduce keeps the type
  keyed.reduce((a, b) => a.delay + b.delay);
  const numbers = env.fromSequence(1, 2).keyBy((n) => n);
  // @ts-expect-error the aggregate is of other records
  numbers.window(TumblingEventTimeWindows.of(1)).aggregate(meanDelay);
  // @ts-expect-error the window function takes what the aggregate gives
  windowed.aggregate(meanDelay, { process(_key: string, _ctx, _elements: readonly string[]) {} });
  // @ts-expect-error the late tag is of the windowed records
  windowed.sideOutputLateData(new OutputTag<string>('late'));
  // @ts-expect-error a partitioned stream is no operator with a uid
  flights.rebalance().uid('x');
  // @ts-expect-error a stream without keys has no state
  flights.process({ open: (ctx) => ctx.getState(new ValueStateDescriptor('x')), processElement() {} });
  // @ts-expect-error a process function without keys has no timers
  flights.process({ processElement: (_f, ctx) => ctx.timerService.registerEventTimeTimer(1) });
  const strategy = WatermarkStrategy.noWatermarks<number>().withTimestampAssigner((n) => n);
  // @ts-expect-error the assigner is of other records
  flights.assignTimestampsAndWatermarks(strategy);
  // @ts-expect-error returns says the type of the results
  flights.map((f) => f.delay).returns(types.string);
}
