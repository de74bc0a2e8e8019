import {
  type DataStream,
  type KeyedStream,
  reinterpretAsKeyedStream,
  type SingleOutputStreamOperator,
  type TimeWindow,
  TumblingEventTimeWindows,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../core/index.js';
import { same } from './same.js';

/** Nothing here runs: it compiles, or the types of function objects have changed. */

interface Click {
  readonly user: string;
  readonly ms: number;
}

interface Order {
  readonly user: string;
  readonly cents: number;
}

const hour = TumblingEventTimeWindows.of('1 h');

export function reductions(clicks: DataStream<Click>): void {
  let folds: ValueState<number>;
  const keyed = clicks.keyBy('user');
  const reduced = keyed.reduce({
    open(ctx) {
      folds = ctx.getState(new ValueStateDescriptor('folds', types.int32));
    },
    reduce(a, b) {
      same<typeof a, Click>(true);
      same<typeof b, Click>(true);
      folds.update((folds.value() ?? 0) + 1);
      return a;
    },
  });
  same<typeof reduced, SingleOutputStreamOperator<Click>>(true);
  // @ts-expect-error it gives a click
  keyed.reduce({ reduce: (a: Click) => a.ms });
  // @ts-expect-error what folds the records of windows has no life
  keyed.window(hour).reduce({ reduce: (a: Click) => a });
  const again = reinterpretAsKeyedStream(reduced, (click) => click.user);
  same<typeof again, KeyedStream<Click, string>>(true);
}

export function windows(clicks: DataStream<Click>, orders: DataStream<Order>): void {
  const rows = clicks
    .keyBy('user')
    .window(hour)
    .apply<number>({
      open: (ctx) => ctx.getIntCounter('rows').add(0),
      apply(user, window, elements, out) {
        same<typeof user, string>(true);
        same<typeof window, TimeWindow>(true);
        same<typeof elements, readonly Click[]>(true);
        out.collect(elements.length);
      },
    });
  same<typeof rows, SingleOutputStreamOperator<number>>(true);
  const both = clicks
    .join(orders)
    .where((click) => click.user)
    .equalTo((order) => order.user);
  const joined = both.window(hour).apply({
    join(click, order) {
      same<typeof click, Click>(true);
      same<typeof order, Order>(true);
      return { user: click.user, cents: order.cents };
    },
  });
  same<typeof joined, SingleOutputStreamOperator<{ user: string; cents: number }>>(true);
  const groups = clicks
    .coGroup(orders)
    .where((click) => click.user)
    .equalTo((order) => order.user);
  const grouped = groups.window(hour).apply<string>({
    coGroup(left, right, out) {
      same<typeof left, readonly Click[]>(true);
      same<typeof right, readonly Order[]>(true);
      out.collect(`${left.length} ${right.length}`);
    },
  });
  same<typeof grouped, SingleOutputStreamOperator<string>>(true);
}
