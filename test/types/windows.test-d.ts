import {
  CountEvictor,
  CountTrigger,
  type DataStream,
  DeltaTrigger,
  EventTimeSessionWindows,
  type SingleOutputStreamOperator,
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  type WindowedStream,
} from '../../core/index.js';
import { same } from './same.js';

/** Nothing here runs: it compiles, or the types of windows have changed. */

interface Click {
  readonly user: string;
  readonly ms: number;
  readonly page: { readonly id: number; readonly title: string };
}

interface View {
  readonly id: number;
  readonly viewer: string;
}

const hour = TumblingEventTimeWindows.of('1 h');

export function inference(clicks: DataStream<Click>, views: DataStream<View>): void {
  const keyed = clicks.keyBy((click) => click.user);
  const sessions = keyed.window(EventTimeSessionWindows.withDynamicGap((click) => click.ms));
  same<typeof sessions, WindowedStream<Click, string>>(true);
  const sliding = keyed.window(SlidingEventTimeWindows.of('1 h', '1 min')).evictor(CountEvictor.of(3));
  same<typeof sliding, WindowedStream<Click, string>>(true);
  const delta = keyed.window(hour).trigger(DeltaTrigger.of(1, (a: Click, b: Click) => b.ms - a.ms));
  same<typeof delta, WindowedStream<Click, string>>(true);

  const summed = keyed.window(hour).sum('ms');
  same<typeof summed, SingleOutputStreamOperator<Click>>(true);
  keyed.window(hour).maxBy('page.id', false);
  const all = clicks
    .windowAll(hour)
    .trigger(CountTrigger.of(3))
    .aggregate({
      createAccumulator: () => 0,
      add: (click, acc) => acc + click.ms,
      getResult: (acc) => `${acc}`,
    });
  same<typeof all, SingleOutputStreamOperator<string>>(true);

  const joined = clicks
    .join(views)
    .where((click) => click.user)
    .equalTo((view) => view.viewer)
    .window(hour)
    .apply((click, view) => ({ ms: click.ms, id: view.id }));
  same<typeof joined, SingleOutputStreamOperator<{ ms: number; id: number }>>(true);
  const grouped = clicks
    .coGroup(views)
    .where((click) => click.page.id)
    .equalTo((view) => view.id)
    .window(hour)
    .apply<number>((left, right, out) => {
      same<typeof left, readonly Click[]>(true);
      same<typeof right, readonly View[]>(true);
      out.collect(left.length + right.length);
    });
  same<typeof grouped, SingleOutputStreamOperator<number>>(true);
}

export function wrongUse(clicks: DataStream<Click>, views: DataStream<View>): void {
  const windowed = clicks.keyBy((click) => click.user).window(hour);
  // @ts-expect-error a text has no sum
  windowed.sum('user');
  // @ts-expect-error a click has no such field
  windowed.min('page.views');
  // @ts-expect-error an object has no order
  windowed.maxBy('page');
  // @ts-expect-error only streams of numbers are summed without a field
  windowed.sum();
  const byUser = clicks.join(views).where((click) => click.user);
  // @ts-expect-error the keys are of two types
  byUser.equalTo((view) => view.id);
  // @ts-expect-error the trigger is of other records
  windowed.trigger(DeltaTrigger.of(1, (a: View, b: View) => b.id - a.id));
  // @ts-expect-error the gap is of other records
  clicks.keyBy((click) => click.user).window(EventTimeSessionWindows.withDynamicGap((view: View) => view.id));
}
