import {
  type Collector,
  MapStateDescriptor,
  type ProcessFunction,
  type RuntimeContext,
  types,
} from '../../../core/index.js';
import type { Event } from './event.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

/** Texts of both widths; some go on over several segments. */
function textOf({ id, amount }: Event): string {
  if (id % 17 === 0) return 'long '.repeat(150 + (amount & 63));
  return id % 5 === 0 ? `wide ${'ж'.repeat(id % 13)}` : `plain ${amount}`;
}

interface Text {
  readonly id: number;
  readonly text: string;
}

/** Records of all sizes through many exchanges, each of which makes several of one now and then. */
export function longPipeline(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/pipeline');
  const [first, second] = [kit.parallelism(), kit.parallelism()];
  const copies = kit.prng.pick([1, 1, 20]);
  const declared = kit.prng.chance(0.6);
  const type = types.object({ id: types.float64, text: types.string });
  const copiesOf = (id: number): number => (id % 11 === 0 ? copies : 1);
  const multiply = ({ id, text }: Text, out: Collector<Text & { copy: number }>): void => {
    for (let copy = 0; copy < copiesOf(id); copy++) out.collect({ id, text, copy });
  };
  const lines = (): string[] =>
    source.events.flatMap((event) =>
      Array.from({ length: copiesOf(event.id) }, (_, copy) => `${event.id} ${copy} ${textOf(event).length}`),
    );
  return {
    name: 'long-pipeline',
    files: source.files,
    outputs: () => [{ folder: '/out/pipeline', lines: lines() }],
    build: (env) => {
      const texts = source
        .stream(env)
        .shuffle()
        .map((event) => ({ id: event.id, text: textOf(event) }))
        .uid('texts')
        .setParallelism(first);
      const multiplied = (declared ? texts.returns(type) : texts)
        .rebalance()
        .flatMap(multiply)
        .uid('multiplied')
        .setParallelism(second)
        .global()
        .process(gathered<Text & { copy: number }>())
        .uid('gathered')
        .setParallelism(first);
      const told = multiplied.rebalance().map(({ id, copy, text }) => `${id} ${copy} ${text.length}`);
      sink(told.uid('told').setParallelism(second), 'pipeline');
    },
  };
}

/** Hands on what comes to the first subtask, and nothing may come to others. */
function gathered<T>(): ProcessFunction<T, T> {
  let subtask = 0;
  return {
    open(ctx) {
      subtask = ctx.subtaskIndex;
    },
    processElement(value, _ctx, out) {
      if (subtask !== 0) throw new Error(`What is for the first subtask comes to ${subtask}.`);
      out.collect(value);
    },
  };
}

/** A partitioner of the job's own, whose records are where it sends them, at any parallelism. */
export function customPartitioned(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/custom');
  const parallelism = kit.parallelism();
  const place = (key: number, channels: number): number => key % channels;
  return {
    name: 'custom-partitioned',
    files: source.files,
    outputs: () => [{ folder: '/out/custom', lines: source.events.map(({ id, key }) => `${id} ${key}`) }],
    build: (env) => {
      let context: RuntimeContext | undefined;
      const told = source
        .stream(env)
        .partitionCustom(place, (event) => event.id % 100)
        .process<string>({
          open(ctx) {
            context = ctx;
          },
          processElement({ id, key }, _ctx, out) {
            const own = place(id % 100, context?.parallelism ?? 1);
            if (own !== context?.subtaskIndex) throw new Error(`${id} belongs to ${own}`);
            out.collect(`${id} ${key}`);
          },
        })
        .uid('placed')
        .setParallelism(parallelism);
      sink(told, 'custom');
    },
  };
}

/** A stream without keys beside one that goes to every subtask: one gate of edges that are overtaken and not. */
export function broadcastBeside(kit: TopologyKit): Topology {
  const [left, right] = [kit.source(), kit.source()];
  const sink = kit.sink('/out/beside');
  const parallelism = kit.parallelism();
  const seen = new MapStateDescriptor('seen', types.float64, types.int32);
  return {
    name: 'broadcast-beside',
    files: new Map([...left.files, ...right.files]),
    outputs: () => [{ folder: '/out/beside', lines: left.events.map(({ id, key }) => `${id} ${key}`) }],
    build: (env) => {
      const told = left
        .stream(env)
        .rebalance()
        .connect(right.stream(env).broadcast(seen))
        .process<string>({
          processElement: ({ id, key }, _ctx, out) => out.collect(`${id} ${key}`),
          processBroadcastElement({ id, amount }, ctx) {
            const before = ctx.getBroadcastState(seen);
            if (before.has(id)) throw new Error(`${id} has come twice`);
            before.put(id, amount);
          },
        })
        .uid('beside')
        .setParallelism(parallelism);
      sink(told, 'beside');
    },
  };
}

/** The same stream twice, by two ways to one input: both edges have the same ends. */
export function unionOfOne(kit: TopologyKit): Topology {
  const source = kit.source();
  const other = kit.source();
  const sink = kit.sink('/out/union');
  const parallelism = kit.parallelism();
  return {
    name: 'union-of-one',
    files: new Map([...source.files, ...other.files]),
    outputs: () => {
      const counts = new Map<string, number>();
      for (const { key } of [...source.events, ...source.events, ...other.events])
        counts.set(key, (counts.get(key) ?? 0) + 1);
      const lines = [...counts].flatMap(([key, count]) =>
        Array.from({ length: count }, (_, index) => `${key} ${index + 1}`),
      );
      return [{ folder: '/out/union', lines }];
    },
    build: (env) => {
      const stream = source.stream(env).map(({ key }) => ({ key, count: 1 }));
      const union = stream
        .uid('ones')
        .union(
          stream,
          other
            .stream(env)
            .map(({ key }) => ({ key, count: 1 }))
            .uid('others'),
        )
        .keyBy((each) => each.key)
        .reduce((a, b) => ({ key: a.key, count: a.count + b.count }))
        .uid('counted')
        .setParallelism(parallelism);
      sink(
        union
          .map(({ key, count }) => `${key} ${count}`)
          .uid('lines')
          .setParallelism(parallelism),
        'union',
      );
    },
  };
}
