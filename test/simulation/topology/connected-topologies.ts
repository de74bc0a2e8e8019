import {
  type Collector,
  MapStateDescriptor,
  types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '../../../core/index.js';
import type { Event, EventPlan } from './event.js';
import { everyEvent } from './every-event.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

/** No event has such a time: what waits for it sees everything. */
const END_OF_TIME = Number.MAX_SAFE_INTEGER - 1;

const amounts = new MapStateDescriptor('amounts', types.float64, types.int32);

function sumsByKey(events: readonly Event[]): Map<string, { count: number; sum: number }> {
  const sums = new Map<string, { count: number; sum: number }>();
  for (const { key, amount } of events) {
    const { count, sum } = sums.get(key) ?? { count: 0, sum: 0 };
    sums.set(key, { count: count + 1, sum: sum + amount });
  }
  return sums;
}

/** Two keyed streams that share the state of a key, each event told once with what it is. */
export function connected(kit: TopologyKit): Topology {
  const [left, right] = [kit.source(), kit.source()];
  const sink = kit.sink('/out/connected');
  const parallelism = kit.parallelism();
  return {
    name: 'connected',
    files: new Map([...left.files, ...right.files]),
    outputs: () => {
      const [lefts, rights] = [sumsByKey(left.events), sumsByKey(right.events)];
      const lines = [...new Set([...lefts.keys(), ...rights.keys()])].map(
        (key) => `${key}: ${lefts.get(key)?.count ?? 0} and ${rights.get(key)?.sum ?? 0}`,
      );
      return [{ folder: '/out/connected', lines: [...lines, ...left.events.map(({ id }) => `left ${id}`)] }];
    },
    build: (env) => {
      let count: ValueState<number>;
      let sum: ValueState<number>;
      const results = left
        .stream(env)
        .connect(right.stream(env))
        .keyBy(
          (event) => event.key,
          (event) => event.key,
        )
        .process<string>({
          open(ctx) {
            count = ctx.getState(new ValueStateDescriptor('count', types.int32));
            sum = ctx.getState(new ValueStateDescriptor('sum'));
          },
          processElement1(event, ctx, out) {
            count.update((count.value() ?? 0) + 1);
            ctx.timerService.registerEventTimeTimer(END_OF_TIME);
            out.collect(`left ${event.id}`);
          },
          processElement2(event, ctx) {
            sum.update((sum.value() ?? 0) + event.amount);
            ctx.timerService.registerEventTimeTimer(END_OF_TIME);
          },
          onTimer: (_timestamp, ctx, out) =>
            out.collect(`${ctx.currentKey}: ${count.value() ?? 0} and ${sum.value() ?? 0}`),
        })
        .setParallelism(parallelism)
        .uid('connected');
      sink(results, 'connected');
    },
  };
}

/** Every subtask holds all events of one stream, beside the keys of the other. */
export function broadcastState(kit: TopologyKit): Topology {
  const [left, right] = [kit.source(), kit.source()];
  const sink = kit.sink('/out/ruled');
  const parallelism = kit.parallelism();
  return {
    name: 'broadcast-state',
    files: new Map([...left.files, ...right.files]),
    outputs: () => {
      const all = right.events.reduce((total, { amount }) => total + amount, 0);
      const lines = [...sumsByKey(left.events)].map(
        ([key, { count }]) => `${key}: ${count} beside ${right.events.length} of ${all}`,
      );
      return [{ folder: '/out/ruled', lines }];
    },
    build: (env) => {
      let count: ValueState<number>;
      const results = left
        .stream(env)
        .keyBy('key')
        .connect(right.stream(env).broadcast(amounts))
        .process<string>({
          open(ctx) {
            count = ctx.getState(new ValueStateDescriptor('count', types.int32));
          },
          processElement(_event, ctx) {
            count.update((count.value() ?? 0) + 1);
            ctx.timerService.registerEventTimeTimer(END_OF_TIME);
          },
          processBroadcastElement: ({ id, amount }, ctx) => ctx.getBroadcastState(amounts).put(id, amount),
          onTimer(_timestamp, ctx, out) {
            const values = ctx.getBroadcastState(amounts).values();
            const sum = values.reduce((total, amount) => total + amount, 0);
            out.collect(`${ctx.currentKey}: ${count.value()} beside ${values.length} of ${sum}`);
          },
        })
        .setParallelism(parallelism)
        .uid('ruled');
      sink(results, 'ruled');
    },
  };
}

/** Whose records come out without a partner, where they find none. */
type Outer = 'inner' | 'left' | 'right' | 'full';

/** Event time is told with each event in half of the sources: what comes next may lie at the very bound. */
function atOnce({ salt, disorderMs }: EventPlan): WatermarkStrategy<Event> | undefined {
  if (salt % 2 === 0) return undefined;
  const told = WatermarkStrategy.forGenerator(() => everyEvent(disorderMs));
  return told.withTimestampAssigner(({ time }: Event) => time);
}

/** An interval join of two sources, inner or outer, against a nested loop. */
export function intervalJoin(kit: TopologyKit): Topology {
  const keys = kit.prng.pick([1, 3, 10]);
  // No split holds back the event time of others.
  const splits = kit.prng.chance(0.4) ? 1 : undefined;
  const tight = kit.prng.chance(0.5);
  const left = kit.source({ watermarks: atOnce, keys, splits, tight });
  // Most records have partners.
  const right = kit.source({ watermarks: atOnce, keys, splits, tight, strideMs: left.plan.strideMs });
  const sink = kit.sink('/out/joined');
  const parallelism = kit.parallelism();
  const stride = Math.min(left.plan.strideMs, right.plan.strideMs);
  const lower = stride * kit.prng.between(-3, 1);
  const upper = lower + stride * kit.prng.between(0, 4);
  const outer = kit.prng.pick<Outer>(['inner', 'inner', 'left', 'right', 'full', 'full']);
  return {
    name: 'interval-join',
    files: new Map([...left.files, ...right.files]),
    outputs: () => [
      { folder: '/out/joined', lines: nestedLoop(left.events, right.events, lower, upper, outer) },
    ],
    build: (env) => {
      const inner = left
        .stream(env)
        .keyBy('key')
        .intervalJoin(right.stream(env).keyBy('key'))
        .between(lower, upper);
      const tell = {
        processElement: (
          a: Event | undefined,
          b: Event | undefined,
          _ctx: unknown,
          out: Collector<string>,
        ): void => out.collect(`${a?.id} ${b?.id}`),
      };
      const joined = {
        inner: () => inner.process<string>(tell),
        left: () => inner.leftOuter().process<string>(tell),
        right: () => inner.rightOuter().process<string>(tell),
        full: () => inner.fullOuter().process<string>(tell),
      };
      const results = joined[outer]();
      sink(results.setParallelism(parallelism).uid('joined'), 'joined');
    },
  };
}

function nestedLoop(
  left: readonly Event[],
  right: readonly Event[],
  lower: number,
  upper: number,
  outer: Outer,
): string[] {
  const lines: string[] = [];
  const matched = new Set<number>();
  for (const a of left) {
    for (const b of right) {
      if (a.key !== b.key || a.time + lower > b.time || b.time > a.time + upper) continue;
      lines.push(`${a.id} ${b.id}`);
      matched.add(a.id).add(b.id);
    }
  }
  const alone = (events: readonly Event[]): readonly Event[] => events.filter(({ id }) => !matched.has(id));
  if (outer === 'left' || outer === 'full') for (const { id } of alone(left)) lines.push(`${id} undefined`);
  if (outer === 'right' || outer === 'full') for (const { id } of alone(right)) lines.push(`undefined ${id}`);
  return lines;
}
