import {
  AggregatingStateDescriptor,
  type BroadcastProcessFunction,
  type BroadcastState,
  type Collector,
  type CoProcessFunction,
  type DataStream,
  type KeyedBroadcastProcessFunction,
  type KeyedCoProcessFunction,
  type KeyedProcessFunction,
  type KeyedStates,
  ListStateDescriptor,
  MapStateDescriptor,
  OutputTag,
  type ProcessFunction,
  type ReadOnlyBroadcastState,
  ReducingStateDescriptor,
  type SingleOutputStreamOperator,
  type TimeWindow,
  TumblingEventTimeWindows,
  types,
  ValueStateDescriptor,
} from '../../core/index.js';
import { same } from './same.js';

/** Nothing here runs: it compiles, or the types of functions and of what they are given have changed. */

interface Click {
  readonly user: string;
  readonly ms: number;
}

const hour = TumblingEventTimeWindows.of('1 h');
const late = new OutputTag<Click>('late');
const lengths = new OutputTag('lengths', types.int32);

export function windowContexts(clicks: DataStream<Click>): void {
  const windowed = clicks.keyBy('user').window(hour);
  const rows = windowed.process<number>({
    process(user, ctx, elements, out) {
      same<typeof user, string>(true);
      same<typeof ctx.window, TimeWindow>(true);
      same<typeof elements, readonly Click[]>(true);
      same<ReturnType<typeof ctx.currentWatermark>, number>(true);
      const fired = ctx.windowState().getState(new ValueStateDescriptor('fired', types.boolean));
      same<ReturnType<typeof fired.value>, boolean | undefined>(true);
      ctx.globalState().getListState(new ListStateDescriptor('users', types.string)).add(user);
      ctx.output(late, { user, ms: elements.length });
      // @ts-expect-error the tag says what its values are
      ctx.output(lengths, user);
      // @ts-expect-error a window has no timers of its own
      void ctx.timerService;
      out.collect(elements.length);
    },
    clear: (ctx) => ctx.windowState().getState(new ValueStateDescriptor('fired', types.boolean)).clear(),
  });
  same<typeof rows, SingleOutputStreamOperator<number>>(true);
  const folded = windowed.reduce((a, b) => ({ user: a.user, ms: a.ms + b.ms }), {
    process(user, ctx, [sum], out: Collector<readonly [string, number]>) {
      same<typeof sum, Click | undefined>(true);
      out.collect([user, (sum?.ms ?? 0) / ctx.window.end]);
    },
  });
  same<typeof folded, SingleOutputStreamOperator<readonly [string, number]>>(true);
  const all = clicks.windowAll(hour).process<string>({
    process(ctx, elements, out) {
      same<typeof elements, readonly Click[]>(true);
      out.collect(`${ctx.window.end} ${elements.length}`);
    },
  });
  same<typeof all, SingleOutputStreamOperator<string>>(true);
  const applied = windowed.apply<string>((user, window, elements, out) => {
    same<typeof window, TimeWindow>(true);
    out.collect(user.repeat(elements.length));
  });
  same<typeof applied, SingleOutputStreamOperator<string>>(true);
}

export function sideOutputs(clicks: DataStream<Click>): void {
  const sums = clicks.keyBy('user').window(hour).sideOutputLateData(late).sum('ms');
  const tooLate = sums.getSideOutput(late);
  same<typeof tooLate, DataStream<Click>>(true);
  const numbers = sums.getSideOutput(lengths);
  same<typeof numbers, DataStream<number>>(true);
  // @ts-expect-error the name of a side output says no type
  sums.getSideOutput('late');
  // @ts-expect-error the tag's type is another one
  new OutputTag<string>('lengths', types.int32);
}

export function keyedStates(states: KeyedStates): void {
  const map = states.getMapState(new MapStateDescriptor('pages', types.string, types.int32));
  same<ReturnType<typeof map.get>, number | undefined>(true);
  // @ts-expect-error keys are texts
  map.put(1, 1);
  const list = states.getListState(new ListStateDescriptor('all', types.timestamp));
  // @ts-expect-error its elements are times
  list.add('now');
  const least = states.getReducingState(new ReducingStateDescriptor<number>('least', Math.min));
  same<ReturnType<typeof least.get>, number | undefined>(true);
  const counted = states.getAggregatingState(
    new AggregatingStateDescriptor('counted', {
      createAccumulator: () => 0,
      add: (_click: Click, count: number) => count + 1,
      getResult: (count) => `${count}`,
    }),
  );
  same<Parameters<typeof counted.add>[0], Click>(true);
  same<ReturnType<typeof counted.get>, string | undefined>(true);
  // @ts-expect-error a list is no single value
  states.getState(new ListStateDescriptor('all', types.timestamp));
}

export function broadcastDescriptors(clicks: DataStream<Click>): void {
  const newest = new MapStateDescriptor('newest', types.void, types.string);
  const byUser = new MapStateDescriptor('by-user', types.string, types.int32);
  const ruled = clicks.broadcast(newest, byUser);
  clicks.connect(ruled).process<string>({
    processElement(_click, ctx, out) {
      const limit = ctx.getBroadcastState(byUser);
      same<typeof limit, ReadOnlyBroadcastState<string, number>>(true);
      out.collect(ctx.getBroadcastState(newest).get(undefined) ?? 'none');
    },
    processBroadcastElement(click, ctx) {
      same<typeof click, Click>(true);
      const state = ctx.getBroadcastState(newest);
      same<typeof state, BroadcastState<undefined, string>>(true);
      state.put(undefined, click.user);
      // @ts-expect-error the key is void
      state.put(click.user, click.user);
      // @ts-expect-error its values are numbers
      ctx.getBroadcastState(byUser).put(click.user, click.user);
    },
  });
  // @ts-expect-error broadcast state is a map
  clicks.broadcast(new ValueStateDescriptor('newest', types.string));
}

/** A function with keys, kept in a variable, does not pass for one without: it would find no state and no timers. */
export function keyedFunctionsNeedKeys(
  clicks: DataStream<Click>,
  keyed: KeyedProcessFunction<string, Click, string>,
  coKeyed: KeyedCoProcessFunction<string, Click, Click, string>,
  broadcastKeyed: KeyedBroadcastProcessFunction<string, Click, Click, string>,
): void {
  const byUser = clicks.keyBy('user');
  const rules = clicks.broadcast(new MapStateDescriptor('rules', types.string, types.int32));
  byUser.process(keyed);
  byUser.connect(byUser).process(coKeyed);
  byUser.connect(rules).process(broadcastKeyed);
  // @ts-expect-error the stream has no keys
  clicks.process(keyed);
  // @ts-expect-error neither has keys
  clicks.connect(clicks).process(coKeyed);
  // @ts-expect-error the stream has no keys
  clicks.connect(rules).process(broadcastKeyed);
  // @ts-expect-error its keys are numbers
  clicks.keyBy('ms').process(keyed);
}

/** A function that needs no keys may be given some. */
export function keylessFunctionsTakeKeys(
  clicks: DataStream<Click>,
  keyless: ProcessFunction<Click, string>,
  coKeyless: CoProcessFunction<Click, Click, string>,
  broadcastKeyless: BroadcastProcessFunction<Click, Click, string>,
): void {
  const byUser = clicks.keyBy('user');
  byUser.process(keyless);
  byUser.connect(byUser).process(coKeyless);
  clicks.connect(clicks.broadcast(new MapStateDescriptor('rules'))).process(broadcastKeyless);
}
