import {
  type AggregateFunction,
  type KeyedStream,
  type SingleOutputStreamOperator,
  TumblingEventTimeWindows,
  WatermarkStrategy,
  type WindowedStream,
} from '../../../core/index.js';
import type { Event } from './event.js';
import { everyEvent } from './every-event.js';
import { byKey } from './keyed-topologies.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

/** Few enough that pairs of a window are few. */
const isJoined = ({ amount }: Event): boolean => amount % 6 === 0;

/** Windows over two sources at once: pairs, or both sides as they are. */
export function windowJoins(kit: TopologyKit): Topology {
  const [left, right] = [kit.source(), kit.source()];
  const sink = kit.sink('/out/joined');
  const parallelism = kit.parallelism();
  const sizeMs = Math.max(kit.windowMs(left), kit.windowMs(right));
  const groups = kit.prng.chance(0.5);
  const startOf = ({ time }: Event): number => time - (time % sizeMs);
  const placeOf = (event: Event): string => `${event.key} ${startOf(event)}`;
  const grouped = (): string[] => {
    const [ours, theirs] = [counted(left.events, placeOf), counted(right.events, placeOf)];
    const places = new Set([...ours.keys(), ...theirs.keys()]);
    return [...places].map((place) => `${place} ${ours.get(place) ?? 0} ${theirs.get(place) ?? 0}`);
  };
  const paired = (): string[] =>
    left.events.filter(isJoined).flatMap((a) =>
      right.events
        .filter(isJoined)
        .filter((b) => placeOf(a) === placeOf(b))
        .map((b) => `${a.id} ${b.id}`),
    );
  return {
    name: 'window-joins',
    files: new Map([...left.files, ...right.files]),
    outputs: () => [{ folder: '/out/joined', lines: groups ? grouped() : paired() }],
    build: (env) => {
      const [ours, theirs] = [left.stream(env), right.stream(env)];
      const windows = TumblingEventTimeWindows.of(sizeMs);
      const results = groups
        ? ours
            .coGroup(theirs)
            .where((a) => a.key)
            .equalTo((b) => b.key)
            .window(windows)
            .apply<string>((as, bs, out) => {
              const [some] = [...as, ...bs];
              if (some !== undefined) out.collect(`${placeOf(some)} ${as.length} ${bs.length}`);
            })
        : ours
            .filter(isJoined)
            .join(theirs.filter(isJoined))
            .where((a) => a.key)
            .equalTo((b) => b.key)
            .window(windows)
            .apply((a, b) => `${a.id} ${b.id}`);
      sink(results.setParallelism(parallelism).uid('joined'), 'joined');
    },
  };
}

function counted(events: readonly Event[], placeOf: (event: Event) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const event of events) counts.set(placeOf(event), (counts.get(placeOf(event)) ?? 0) + 1);
  return counts;
}

/** Two streams side by side in one function, without a key; then windows over all that comes out of it. */
export function coFunctions(kit: TopologyKit): Topology {
  const [left, right] = [kit.source(), kit.source()];
  const [all, sums] = [kit.sink('/out/all'), kit.sink('/out/sums')];
  const parallelism = kit.parallelism();
  const sizeMs = Math.max(kit.windowMs(left), kit.windowMs(right));
  const kind = kit.prng.pick(['map', 'flat-map', 'process']);
  const [double, negate] = [
    (event: Event): Event => ({ ...event, amount: event.amount * 2 }),
    (event: Event): Event => ({ ...event, amount: -event.amount }),
  ];
  const changed = (): Event[] => [...left.events.map(double), ...right.events.map(negate)];
  return {
    name: 'co-functions',
    files: new Map([...left.files, ...right.files]),
    outputs: () => {
      const events = changed();
      const totals = new Map<number, number>();
      for (const { time, amount } of events)
        totals.set(time - (time % sizeMs), (totals.get(time - (time % sizeMs)) ?? 0) + amount);
      return [
        { folder: '/out/all', lines: events.map(({ id, amount }) => `${id} ${amount}`) },
        { folder: '/out/sums', lines: [...totals.values()].map(String) },
      ];
    },
    build: (env) => {
      const both = left.stream(env).connect(right.stream(env));
      const mapped =
        kind === 'map'
          ? both.map({ map1: double, map2: negate })
          : kind === 'flat-map'
            ? both.flatMap<Event>({
                flatMap1: (event, out) => out.collect(double(event)),
                flatMap2: (event, out) => out.collect(negate(event)),
              })
            : both.process<Event>({
                processElement1: (event, _ctx, out) => out.collect(double(event)),
                processElement2: (event, _ctx, out) => out.collect(negate(event)),
              });
      const events = mapped.setParallelism(parallelism).uid('both');
      all(
        events.map(({ id, amount }) => `${id} ${amount}`),
        'all',
      );
      const totals = events.windowAll(TumblingEventTimeWindows.of(sizeMs)).aggregate(SUM).uid('totals');
      sums(totals.map(String), 'sums');
    },
  };
}

const SUM: AggregateFunction<Event, number, number> = {
  createAccumulator: () => 0,
  add: ({ amount }, sum) => sum + amount,
  getResult: (sum) => sum,
  merge: (a, b) => a + b,
};

type Rolling = 'sum' | 'min' | 'max' | 'minBy' | 'maxBy';

/** Rolling aggregations of keys whose events have an order, or the same of windows, behind watermarks of its own. */
export function aggregations(kit: TopologyKit): Topology {
  const source = kit.source({ keysBySplit: true });
  const sink = kit.sink('/out/aggregates');
  const parallelism = kit.parallelism();
  const kind = kit.prng.pick<Rolling>(['sum', 'min', 'max', 'minBy', 'maxBy']);
  const windowed = kit.prng.chance(0.5);
  const sizeMs = kit.windowMs(source);
  const { splits, perSplit, strideMs, disorderMs } = source.plan;
  // Readers have splits of any times, and give all of them to one generator.
  const lagMs = splits * perSplit * strideMs + disorderMs;
  // Of records that are equal the first is told; before windows they may have changed their order.
  const isBy = !windowed && (kind === 'minBy' || kind === 'maxBy');
  const lineOf = (event: Event): string => `${event.key} ${isBy ? event.id : ''} ${event.amount}`;
  const lines = (): string[] => {
    const places = windowed
      ? byKey(
          source.events.map((event) => ({
            ...event,
            key: `${event.key} ${Math.floor(event.time / sizeMs)}`,
          })),
        )
      : byKey(source.events);
    return [...places.values()].flatMap((events) => {
      const steps = events.map((_, index) => folded(kind, events.slice(0, index + 1)));
      const told = windowed ? steps.slice(-1) : steps;
      return told.map((event) => lineOf({ ...event, key: event.key.split(' ')[0] ?? '' }));
    });
  };
  return {
    name: 'aggregations',
    files: source.files,
    outputs: () => [{ folder: '/out/aggregates', lines: lines() }],
    build: (env) => {
      const stream = source.stream(env);
      if (!windowed) {
        const keyed = stream.keyBy((event) => event.key);
        sink(rolled(keyed, kind).setParallelism(parallelism).map(lineOf), 'aggregates');
        return;
      }
      const strategy = WatermarkStrategy.forGenerator(() => everyEvent(lagMs)).withTimestampAssigner(
        (event: Event) => event.time,
      );
      const windows = stream
        .assignTimestampsAndWatermarks(strategy)
        .setParallelism(source.parallelism)
        .keyBy((event) => event.key)
        .window(TumblingEventTimeWindows.of(sizeMs));
      sink(rolled(windows, kind).setParallelism(parallelism).uid('of-windows').map(lineOf), 'aggregates');
    },
  };
}

function rolled(
  of: KeyedStream<Event, string> | WindowedStream<Event, string>,
  kind: Rolling,
): SingleOutputStreamOperator<Event> {
  switch (kind) {
    case 'sum':
      return of.sum('amount');
    case 'min':
      return of.min('amount');
    case 'max':
      return of.max('amount');
    case 'minBy':
      return of.minBy('amount');
    default:
      return of.maxBy('amount');
  }
}

function folded(kind: Rolling, events: readonly Event[]): Event {
  const [first, ...others] = events;
  if (first === undefined) throw new Error('There is an event in each window.');
  let best = first;
  let { amount } = first;
  for (const event of others) {
    if (kind === 'sum') amount += event.amount;
    else if (kind.startsWith('min') ? event.amount < amount : event.amount > amount) {
      best = event;
      amount = event.amount;
    }
  }
  return kind.endsWith('By') ? best : { ...first, amount };
}
