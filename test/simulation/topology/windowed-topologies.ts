import {
  type AggregateFunction,
  EventTimeSessionWindows,
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  types,
} from '../../../core/index.js';
import type { Event } from './event.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

interface Sum {
  readonly key: string;
  readonly start: number;
  readonly count: number;
  readonly sum: number;
}

/** The accumulator is changed in place, as users do. */
interface Accumulator {
  count: number;
  sum: number;
}

function summing(declared: boolean): AggregateFunction<Event, Accumulator, Accumulator> {
  return {
    ...(declared ? { accumulatorType: types.object({ count: types.int32, sum: types.int32 }) } : {}),
    createAccumulator: () => ({ count: 0, sum: 0 }),
    add(event, acc) {
      acc.count++;
      acc.sum += event.amount;
      return acc;
    },
    getResult: (acc) => acc,
    merge: (a, b) => ({ count: a.count + b.count, sum: a.sum + b.sum }),
  };
}

function sumsOf(events: readonly Event[], sizeMs: number, keyOf: (event: Event) => string): Sum[] {
  const sums = new Map<string, { key: string; start: number; count: number; sum: number }>();
  for (const event of events) {
    const key = keyOf(event);
    const start = event.time - (event.time % sizeMs);
    const sum = sums.get(`${key} ${start}`) ?? { key, start, count: 0, sum: 0 };
    sum.count++;
    sum.sum += event.amount;
    sums.set(`${key} ${start}`, sum);
  }
  return [...sums.values()];
}

function lineOf({ key, start, count, sum }: Sum): string {
  return `${key} ${start} ${count} ${sum}`;
}

/** Filter, keyBy, tumbling windows with an aggregate, sink. */
export function windowAggregate(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/sums');
  const sizeMs = kit.windowMs(source);
  const parallelism = kit.parallelism();
  const declared = kit.prng.chance(0.5);
  const keep = (event: Event): boolean => event.amount % 5 !== 0;
  return {
    name: 'window-aggregate',
    files: source.files,
    outputs: () => [
      {
        folder: '/out/sums',
        lines: sumsOf(source.events.filter(keep), sizeMs, ({ key }) => key).map(lineOf),
      },
    ],
    build: (env) => {
      const sums = source
        .stream(env)
        .filter(keep)
        .keyBy((event) => event.key)
        .window(TumblingEventTimeWindows.of(sizeMs))
        .aggregate<Accumulator, Accumulator, string>(summing(declared), {
          process(key, ctx, [acc], out) {
            if (acc !== undefined) out.collect(lineOf({ key, start: ctx.window.start, ...acc }));
          },
        })
        .setParallelism(parallelism)
        .uid('sums');
      sink(sums, 'sums');
    },
  };
}

/** Two sources of different length united, then windows that keep all their elements. */
export function unionWindows(kit: TopologyKit): Topology {
  const [left, right] = [kit.source(), kit.source()];
  const [sums, raw] = [kit.sink('/out/sums'), kit.sink('/out/raw')];
  const sizeMs = Math.max(kit.windowMs(left), kit.windowMs(right));
  const parallelism = kit.parallelism();
  return {
    name: 'union-windows',
    files: new Map([...left.files, ...right.files]),
    outputs: () => {
      const events = [...left.events, ...right.events];
      return [
        { folder: '/out/sums', lines: sumsOf(events, sizeMs, ({ key }) => key).map(lineOf) },
        { folder: '/out/raw', lines: events.map(({ id }) => String(id)) },
      ];
    },
    build: (env) => {
      const united = left.stream(env).union(right.stream(env));
      const windowed = united
        .keyBy((event) => event.key)
        .window(TumblingEventTimeWindows.of(sizeMs))
        .process<string>({
          process(key, ctx, elements, out) {
            const sum = elements.reduce((total, { amount }) => total + amount, 0);
            out.collect(lineOf({ key, start: ctx.window.start, count: elements.length, sum }));
          },
        })
        .setParallelism(parallelism);
      sums(windowed, 'sums');
      raw(
        united.map(({ id }) => String(id)),
        'raw',
      );
    },
  };
}

/** Windows over windows: small ones by key, then larger ones over all of them. */
export function cascadedWindows(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/totals');
  const smallMs = kit.windowMs(source);
  const largeMs = smallMs * kit.prng.between(1, 5);
  const [first, second] = [kit.parallelism(), kit.parallelism()];
  const group = (key: string): string => `g${key.length}`;
  return {
    name: 'cascaded-windows',
    files: source.files,
    outputs: () => [
      { folder: '/out/totals', lines: sumsOf(source.events, largeMs, ({ key }) => group(key)).map(lineOf) },
    ],
    build: (env) => {
      const small = source
        .stream(env)
        .keyBy((event) => event.key)
        .window(TumblingEventTimeWindows.of(smallMs))
        .aggregate<Accumulator, Accumulator, Sum>(summing(true), {
          process(key, ctx, [acc], out) {
            if (acc !== undefined) out.collect({ key, start: ctx.window.start, ...acc });
          },
        })
        .setParallelism(first);
      const large = small
        .keyBy((sum) => group(sum.key))
        .window(TumblingEventTimeWindows.of(largeMs))
        .reduce<string>(
          (a, b) => ({ key: a.key, start: a.start, count: a.count + b.count, sum: a.sum + b.sum }),
          {
            process(key, ctx, [sum], out) {
              if (sum !== undefined) out.collect(lineOf({ ...sum, key, start: ctx.window.start }));
            },
          },
        )
        .setParallelism(second);
      sink(large, 'totals');
    },
  };
}

/** Windows that share panes, and are of any ratio of size to slide. */
export function slidingWindows(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/sums');
  const slideMs = kit.windowMs(source);
  const sizeMs = slideMs * kit.prng.between(1, 4) + kit.prng.between(0, slideMs);
  const parallelism = kit.parallelism();
  return {
    name: 'sliding-windows',
    files: source.files,
    outputs: () => [{ folder: '/out/sums', lines: slidingSums(source.events, sizeMs, slideMs) }],
    build: (env) => {
      const sums = source
        .stream(env)
        .keyBy((event) => event.key)
        .window(SlidingEventTimeWindows.of(sizeMs, slideMs))
        .aggregate<Accumulator, Accumulator, string>(summing(true), {
          process(key, ctx, [acc], out) {
            if (acc !== undefined) out.collect(lineOf({ key, start: ctx.window.start, ...acc }));
          },
        })
        .setParallelism(parallelism)
        .uid('sums');
      sink(sums, 'sums');
    },
  };
}

function slidingSums(events: readonly Event[], sizeMs: number, slideMs: number): string[] {
  const copies: { readonly event: Event; readonly start: number }[] = [];
  for (const event of events) {
    const last = event.time - (event.time % slideMs);
    for (let start = last; start > event.time - sizeMs; start -= slideMs) copies.push({ event, start });
  }
  return sumsByStart(copies);
}

/** Sessions, which grow and merge as events come in disorder. */
export function sessionWindows(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/sums');
  const gapMs = kit.windowMs(source);
  const parallelism = kit.parallelism();
  return {
    name: 'session-windows',
    files: source.files,
    outputs: () => [{ folder: '/out/sums', lines: sessionSums(source.events, gapMs) }],
    build: (env) => {
      const sums = source
        .stream(env)
        .keyBy((event) => event.key)
        .window(EventTimeSessionWindows.withGap(gapMs))
        .aggregate<Accumulator, Accumulator, string>(summing(false), {
          process(key, ctx, [acc], out) {
            if (acc !== undefined) out.collect(lineOf({ key, start: ctx.window.start, ...acc }));
          },
        })
        .setParallelism(parallelism)
        .uid('sums');
      sink(sums, 'sums');
    },
  };
}

function sessionSums(events: readonly Event[], gapMs: number): string[] {
  const copies: { readonly event: Event; readonly start: number }[] = [];
  const open = new Map<string, { start: number; last: number }>();
  for (const event of events.toSorted((a, b) => a.time - b.time)) {
    const before = open.get(event.key);
    const goesOn = before !== undefined && event.time <= before.last + gapMs;
    const start = goesOn ? before.start : event.time;
    open.set(event.key, { start, last: event.time });
    copies.push({ event, start });
  }
  return sumsByStart(copies);
}

function sumsByStart(copies: readonly { readonly event: Event; readonly start: number }[]): string[] {
  const sums = new Map<string, { key: string; start: number; count: number; sum: number }>();
  for (const { event, start } of copies) {
    const name = `${event.key} ${start}`;
    const sum = sums.get(name) ?? { key: event.key, start, count: 0, sum: 0 };
    sum.count++;
    sum.sum += event.amount;
    sums.set(name, sum);
  }
  return [...sums.values()].map(lineOf);
}
