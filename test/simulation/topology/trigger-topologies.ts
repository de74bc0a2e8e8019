import {
  ContinuousEventTimeTrigger,
  CountEvictor,
  CountTrigger,
  DeltaEvictor,
  DeltaTrigger,
  EventTimeTrigger,
  GlobalWindows,
  type KeyedStream,
  ProcessingTimeoutTrigger,
  ProcessingTimeSessionWindows,
  PurgingTrigger,
  type SingleOutputStreamOperator,
  SlidingProcessingTimeWindows,
  TimeEvictor,
  TumblingEventTimeWindows,
  TumblingProcessingTimeWindows,
  type WindowedStream,
} from '../../../core/index.js';
import { EVENT, type Event } from './event.js';
import { byKey } from './keyed-topologies.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

type Keyed = KeyedStream<Event, string>;
type Windowed = WindowedStream<Event, string>;
/** Events of one key, in their order. */
type Events = readonly Event[];

/** What a variant is drawn with. */
interface Sizes {
  readonly count: number;
  readonly slide: number;
  readonly windowMs: number;
  readonly ids: number;
  readonly waitMs: number;
}

/** Windows of a key whose events have an order, and what they must tell: the ids of each firing. */
interface Variant {
  readonly window: (keyed: Keyed, sizes: Sizes) => Windowed;
  readonly firings: (events: Events, sizes: Sizes) => readonly Events[];
  /** When it fires depends on more than the events: each of them is told for itself. */
  readonly apart?: boolean;
}

const each = (events: Events): readonly Events[] => events.map((event) => [event]);
const gap = (before: Event, after: Event): number => after.id - before.id;

function groupsOf(events: Events, size: number): readonly Events[] {
  const whole = Math.floor(events.length / size);
  return Array.from({ length: whole }, (_, index) => events.slice(index * size, (index + 1) * size));
}

function byWindow(events: Events, sizeMs: number): readonly Events[] {
  const windows = new Map<number, Event[]>();
  for (const event of events) {
    const start = event.time - (event.time % sizeMs);
    windows.set(start, [...(windows.get(start) ?? []), event]);
  }
  return [...windows.values()];
}

function leaps(events: Events, least: number): readonly Events[] {
  const groups: Event[][] = [];
  let group: Event[] = [];
  let last = events[0];
  for (const event of events) {
    group.push(event);
    if (last === undefined || gap(last, event) <= least) continue;
    groups.push(group);
    [group, last] = [[], event];
  }
  return groups;
}

const VARIANTS: Readonly<Record<string, Variant>> = {
  count: {
    window: (keyed, { count }) => keyed.countWindow(count),
    firings: (events, { count }) => groupsOf(events, count),
  },
  'count-slide': {
    window: (keyed, { count, slide }) => keyed.countWindow(count, slide),
    firings: (events, { count, slide }) =>
      groupsOf(events, slide).map((_, index) => {
        const end = (index + 1) * slide;
        return events.slice(Math.max(0, end - count), end);
      }),
  },
  purged: {
    window: (keyed, { count }) =>
      keyed.window(GlobalWindows.create()).trigger(PurgingTrigger.of(CountTrigger.of(count))),
    firings: (events, { count }) => groupsOf(events, count),
  },
  leaps: {
    window: (keyed, { ids }) =>
      keyed.window(GlobalWindows.create()).trigger(PurgingTrigger.of(DeltaTrigger.of(ids, gap, EVENT))),
    firings: (events, { ids }) => leaps(events, ids),
  },
  last: {
    window: (keyed, { windowMs, count }) =>
      keyed.window(TumblingEventTimeWindows.of(windowMs)).evictor(CountEvictor.of(count)),
    firings: (events, { windowMs, count }) =>
      byWindow(events, windowMs).map((window) => window.slice(-count)),
  },
  newest: {
    window: (keyed, { windowMs }) =>
      keyed.window(TumblingEventTimeWindows.of(windowMs)).evictor(TimeEvictor.of(Math.ceil(windowMs / 2))),
    firings: (events, { windowMs }) =>
      byWindow(events, windowMs).map((window) => {
        const newest = Math.max(...window.map(({ time }) => time));
        return window.filter(({ time }) => time > newest - Math.ceil(windowMs / 2));
      }),
  },
  near: {
    window: (keyed, { windowMs, ids }) =>
      keyed.window(TumblingEventTimeWindows.of(windowMs)).evictor(DeltaEvictor.of(ids, gap)),
    firings: (events, { windowMs, ids }) =>
      byWindow(events, windowMs).map((window) =>
        window.filter((event) => window.slice(-1).every((last) => gap(event, last) < ids)),
      ),
  },
  end: {
    window: (keyed) => keyed.window(GlobalWindows.createWithEndOfStreamTrigger()),
    firings: (events) => [events],
  },
  'now-and-then': {
    window: (keyed, { windowMs }) =>
      keyed
        .window(TumblingEventTimeWindows.of(windowMs))
        .trigger(PurgingTrigger.of(ContinuousEventTimeTrigger.of(Math.ceil(windowMs / 3)))),
    firings: each,
    apart: true,
  },
  impatient: {
    window: (keyed, { windowMs, waitMs }) =>
      keyed
        .window(TumblingEventTimeWindows.of(windowMs))
        .trigger(
          PurgingTrigger.of(
            ProcessingTimeoutTrigger.of(EventTimeTrigger.create(), waitMs, waitMs % 2 === 0, false),
          ),
        ),
    firings: each,
    apart: true,
  },
  // By the clock of the machine, which jumps: what they collect is told as it comes.
  'clock-tumbling': {
    window: (keyed, { waitMs }) => atOnce(keyed.window(TumblingProcessingTimeWindows.of(waitMs))),
    firings: each,
    apart: true,
  },
  'clock-sliding': {
    window: (keyed, { waitMs }) => atOnce(keyed.window(SlidingProcessingTimeWindows.of(2 * waitMs, waitMs))),
    firings: (events) => each(events.flatMap((event) => [event, event])),
    apart: true,
  },
  'clock-sessions': {
    window: (keyed, { waitMs }) => atOnce(keyed.window(ProcessingTimeSessionWindows.withGap(waitMs))),
    firings: each,
    apart: true,
  },
};

function atOnce(windowed: Windowed): Windowed {
  return windowed.trigger(PurgingTrigger.of(CountTrigger.of(1)));
}

/** Windows of all the ways in which one can be collected, fired and thinned out. */
export function triggeredWindows(kit: TopologyKit): Topology {
  const source = kit.source({ keysBySplit: true });
  const sink = kit.sink('/out/firings');
  const { prng } = kit;
  const parallelism = kit.parallelism();
  const variant = prng.pick(Object.values(VARIANTS) as [Variant, ...Variant[]]);
  const count = prng.between(1, 7);
  const sizes: Sizes = {
    count,
    slide: prng.between(1, count),
    windowMs: kit.windowMs(source),
    ids: prng.between(1, 30),
    waitMs: prng.between(1, 20),
  };
  const lineOf = (key: string, events: Events): string => `${key} ${events.map(({ id }) => id).join(',')}`;
  const tell = (windowed: Windowed): SingleOutputStreamOperator<string> =>
    windowed.process<string>({
      process(key, _ctx, events, out) {
        for (const told of variant.apart === true ? each(events) : [events]) out.collect(lineOf(key, told));
      },
    });
  return {
    name: 'triggered-windows',
    files: source.files,
    outputs: () => [
      {
        folder: '/out/firings',
        lines: [...byKey(source.events)].flatMap(([key, events]) =>
          variant.firings(events, sizes).map((firing) => lineOf(key, firing)),
        ),
      },
    ],
    build: (env) => {
      const keyed = source.stream(env).keyBy((event) => event.key);
      sink(tell(variant.window(keyed, sizes)).setParallelism(parallelism).uid('windows'), 'firings');
    },
  };
}
