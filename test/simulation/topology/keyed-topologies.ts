import {
  type ListState,
  ListStateDescriptor,
  type MapState,
  MapStateDescriptor,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../../core/index.js';
import type { Event } from './event.js';
import { evolvingCount } from './evolving-count.js';
import { tallied } from './tally.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

export function byKey(events: readonly Event[]): Map<string, Event[]> {
  const keys = new Map<string, Event[]>();
  for (const event of events) {
    const known = keys.get(event.key);
    if (known === undefined) keys.set(event.key, [event]);
    else known.push(event);
  }
  return keys;
}

/** Running counts: each key yields 1, 2, 3 and so on, each exactly once and in order. */
export function runningCounts(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/counts');
  const parallelism = kit.parallelism();
  const lines = (): string[] =>
    [...byKey(source.events)].flatMap(([key, events]) => events.map((_, index) => `${key} ${index + 1}`));
  return {
    name: 'running-counts',
    tallies: ['/out/counts#ones', '/out/counts'],
    files: source.files,
    outputs: () => [{ folder: '/out/counts', lines: lines() }],
    build: (env) => {
      const counts = source
        .stream(env)
        .map(tallied('/out/counts#ones', ({ key }: Event) => ({ key, count: 1 })))
        .keyBy((one) => one.key)
        .reduce((a, b) => ({ key: a.key, count: a.count + b.count }))
        .setParallelism(parallelism);
      const told = counts.map(tallied('/out/counts', ({ key, count }) => `${key} ${count}`));
      sink(told.setParallelism(parallelism), 'counts');
    },
  };
}

/**
 * Value, list and map state of keys whose events have an order: each line depends on all events of the key
 * before it. What the states are declared as is changed whenever the job is stopped.
 */
export function keyedHistory(kit: TopologyKit): Topology {
  const source = kit.source({ keysBySplit: true });
  const sink = kit.sink('/out/history');
  const parallelism = kit.parallelism();
  const declared = kit.prng.chance(0.6);
  const counting = evolvingCount(kit.version, declared);
  const isChanged = kit.version > 0;
  const lines = (): string[] =>
    [...byKey(source.events)].flatMap(([key, events]) => {
      const amounts = new Map<number, number>();
      return events.map((event, index) => {
        const kind = Math.abs(event.amount) % 4;
        amounts.set(kind, (amounts.get(kind) ?? 0) + event.amount);
        const last = events.slice(index - (index % 5), index + 1).map(({ id }) => id);
        return historyLine(key, index + 1, last, [...amounts]);
      });
    });
  return {
    name: 'keyed-history',
    evolves: true,
    files: source.files,
    outputs: () => [
      {
        folder: '/out/history',
        lines: lines(),
        order: (line) => ({ group: line.split(' ')[0] ?? '', rank: Number(line.split(' ')[1]) }),
      },
    ],
    build: (env) => {
      let count: ValueState<unknown>;
      let last: ListState<number | undefined>;
      let amounts: MapState<number, number>;
      let fleeting: ValueState<number>;
      const history = source
        .stream(env)
        .keyBy((event) => event.key)
        .process<string>({
          open(ctx) {
            const element = isChanged ? types.optional(types.float64) : types.float64;
            const amount = isChanged ? types.float64 : types.int32;
            count = ctx.getState(new ValueStateDescriptor('count', counting.type));
            last = ctx.getListState(
              new ListStateDescriptor<number | undefined>('last', declared ? element : undefined),
            );
            amounts = ctx.getMapState(new MapStateDescriptor('amounts', types.int32, amount));
            fleeting = ctx.getState(new ValueStateDescriptor('fleeting', types.int32));
          },
          processElement(event, ctx, out) {
            const before = count.value();
            const { count: seen, step } =
              before === undefined ? { count: 0, step: 1 } : counting.read(before);
            count.update(counting.write(seen + step));
            comeAndGo(fleeting, seen);
            if (seen % 5 === 0) last.update([event.id]);
            else last.add(event.id);
            const kind = Math.abs(event.amount) % 4;
            amounts.put(kind, (amounts.get(kind) ?? 0) + event.amount);
            out.collect(historyLine(ctx.currentKey, seen + step, [...last.get()], [...amounts.entries()]));
          },
        })
        .setParallelism(parallelism);
      // Kept together, so that the order of a key is seen in the files of one subtask.
      sink(
        history.keyBy((line) => line.split(' ')[0] ?? ''),
        'history',
      );
    },
  };
}

/** A value that is there for one step, and gone for two, though it comes and goes in the second of them. */
function comeAndGo(fleeting: ValueState<number>, step: number): void {
  const before = fleeting.value();
  const right = step % 3 === 1 ? step - 1 : undefined;
  if (before !== right) throw new Error(`In step ${step} there is ${before}, and not ${right}.`);
  if (step % 3 === 0) fleeting.update(step);
  else fleeting.clear();
  if (step % 3 !== 1) return;
  fleeting.update(step);
  fleeting.clear();
}

function historyLine(
  key: string,
  count: number,
  last: readonly (number | undefined)[],
  amounts: readonly (readonly [number, number])[],
): string {
  const sorted = [...amounts].sort(([a], [b]) => a - b).map(([kind, sum]) => `${kind}:${sum}`);
  return `${key} ${count} ${last.join(',')} ${sorted.join(',')}`;
}

/** State that outgrows managed memory: large values that are replaced, cleared and read again much later. */
export function largeState(kit: TopologyKit): Topology {
  const source = kit.source({ keysBySplit: true, keys: 300 });
  const sink = kit.sink('/out/last');
  const parallelism = kit.prng.between(1, 2);
  const size = kit.prng.between(2000, 5000);
  const isLast = (event: Event): boolean => event.amount % 7 === 0;
  const lines = (): string[] =>
    [...byKey(source.events)].flatMap(([key, events]) =>
      events.map((event, index) => {
        const before = events[index - 1];
        return `${key} ${event.id} ${before === undefined || isLast(before) ? 'none' : before.id}`;
      }),
    );
  return {
    name: 'large-state',
    files: source.files,
    outputs: () => [{ folder: '/out/last', lines: lines() }],
    build: (env) => {
      let last: ValueState<string>;
      const told = source
        .stream(env)
        .keyBy((event) => event.key)
        .process<string>({
          open(ctx) {
            last = ctx.getState(new ValueStateDescriptor('last', types.string));
          },
          processElement(event, ctx, out) {
            const before = last.value();
            const length = before?.length;
            if (length !== undefined && length !== size) throw new Error(`A value has ${length} characters.`);
            out.collect(`${ctx.currentKey} ${event.id} ${before?.trimEnd() ?? 'none'}`);
            if (isLast(event)) last.clear();
            else last.update(String(event.id).padEnd(size));
          },
        })
        .setParallelism(parallelism);
      sink(told, 'last');
    },
  };
}

/**
 * Event-time timers: events are counted by buckets of time, each bucket is told by its timer, and a second
 * timer that is registered and deleted over and over must never fire.
 */
export function timers(kit: TopologyKit): Topology {
  const [left, right] = [kit.source(), kit.source()];
  const sink = kit.sink('/out/buckets');
  const sizeMs = Math.max(kit.windowMs(left), kit.windowMs(right));
  const parallelism = kit.parallelism();
  const doubled = (event: Event): Event => ({ ...event, amount: event.amount * 2 });
  return {
    name: 'timers',
    files: new Map([...left.files, ...right.files]),
    outputs: () => {
      const events = [...left.events.map(doubled), ...right.events.filter(({ id }) => id % 2 === 0)];
      return [{ folder: '/out/buckets', lines: bucketLines(events, sizeMs) }];
    },
    build: (env) => {
      let counts: MapState<number, number>;
      let sums: MapState<number, number>;
      const united = left
        .stream(env)
        .map(doubled)
        .union(right.stream(env).filter(({ id }) => id % 2 === 0));
      const fired = united
        .keyBy((event) => event.key)
        .process<string>({
          open(ctx) {
            counts = ctx.getMapState(new MapStateDescriptor('counts', types.timestamp, types.int32));
            sums = ctx.getMapState(new MapStateDescriptor('sums', types.timestamp, types.int32));
          },
          processElement(event, ctx) {
            const end = endOf(event.time, sizeMs);
            const before = counts.get(end) ?? 0;
            // No event comes late here, so all that a watermark makes due has fired with it.
            if (before === 0)
              for (const due of counts.keys()) mustWait(due, ctx.timerService.currentWatermark());
            counts.put(end, before + 1);
            sums.put(end, (sums.get(end) ?? 0) + event.amount);
            ctx.timerService.registerEventTimeTimer(end);
            ctx.timerService.registerEventTimeTimer(end + 1);
            ctx.timerService.deleteEventTimeTimer(end + 1);
          },
          onTimer(timestamp, ctx, out) {
            if (timestamp > ctx.timerService.currentWatermark())
              throw new Error(`${timestamp} comes too early.`);
            out.collect(`${ctx.currentKey} ${timestamp} ${counts.get(timestamp)} ${sums.get(timestamp)}`);
            counts.delete(timestamp);
            sums.delete(timestamp);
          },
        })
        .setParallelism(parallelism);
      sink(fired, 'buckets');
    },
  };
}

function mustWait(timer: number, watermark: number): void {
  if (timer <= watermark) throw new Error(`A timer of ${timer} has not fired at ${watermark}.`);
}

function bucketLines(events: readonly Event[], sizeMs: number): string[] {
  const buckets = new Map<string, { count: number; sum: number }>();
  for (const { key, time, amount } of events) {
    const name = `${key} ${endOf(time, sizeMs)}`;
    const bucket = buckets.get(name) ?? { count: 0, sum: 0 };
    bucket.count++;
    bucket.sum += amount;
    buckets.set(name, bucket);
  }
  return [...buckets].map(([name, { count, sum }]) => `${name} ${count} ${sum}`);
}

/** The time at which no event of the bucket can follow. */
function endOf(time: number, sizeMs: number): number {
  return time - (time % sizeMs) + sizeMs;
}
