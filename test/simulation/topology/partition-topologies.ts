import type { PartitionWindowedStream, SingleOutputStreamOperator } from '../../../core/index.js';
import type { Event } from './event.js';
import { byKey } from './keyed-topologies.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

/** Events of one key, in no order. */
type Events = readonly Event[];

interface Variant {
  readonly build: (partitions: PartitionWindowedStream<Event>) => SingleOutputStreamOperator<string>;
  readonly lines: (key: string, events: Events) => readonly string[];
}

const total = (events: Events): number => events.reduce((sum, { amount }) => sum + amount, 0);
const byId = (events: Events): Event[] => [...events].sort((a, b) => a.id - b.id);

const VARIANTS: readonly [Variant, ...Variant[]] = [
  {
    build: (partitions) =>
      partitions.sortPartition('id', 'ASCENDING').map(({ key, id, amount }) => `${key} ${id} ${amount}`),
    lines: (key, events) => events.map(({ id, amount }) => `${key} ${id} ${amount}`),
  },
  {
    build: (partitions) =>
      partitions.mapPartition<string>((events, out) => {
        const all = [...events];
        const [first] = all;
        if (first === undefined) return;
        if (all.some(({ time }, index) => time < (all[index - 1]?.time ?? time)))
          throw new Error('Not by time.');
        out.collect(
          `${first.key} ${byId(all)
            .map(({ id }) => id)
            .join(',')}`,
        );
      }),
    lines: (key, events) => [
      `${key} ${byId(events)
        .map(({ id }) => id)
        .join(',')}`,
    ],
  },
  {
    build: (partitions) =>
      partitions
        .reduce((a, b) => Object.assign(a, { amount: a.amount + b.amount }))
        .map(({ key, amount }) => `${key} ${amount}`),
    lines: (key, events) => [`${key} ${total(events)}`],
  },
  {
    build: (partitions) =>
      partitions.aggregate<{ key: string; sum: number }, string>({
        createAccumulator: () => ({ key: '', sum: 0 }),
        add: ({ key, amount }, { sum }) => ({ key, sum: sum + amount }),
        getResult: ({ key, sum }) => `${key} ${sum}`,
        merge: (a, b) => ({ key: a.key, sum: a.sum + b.sum }),
      }),
    lines: (key, events) => [`${key} ${total(events)}`],
  },
];

/** Partitions by key, each looked at as a whole; of batches alone. */
export function keyedPartitions(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/partitions');
  const parallelism = kit.parallelism();
  const { build, lines } = kit.prng.pick(VARIANTS);
  return {
    name: 'keyed-partitions',
    files: source.files,
    outputs: () => [
      {
        folder: '/out/partitions',
        lines: [...byKey(source.events)].flatMap(([key, events]) => lines(key, events)),
      },
    ],
    build: (env) => {
      const partitions = source
        .stream(env)
        .keyBy((event) => event.key)
        .fullWindowPartition();
      sink(build(partitions).setParallelism(parallelism), 'partitions');
    },
  };
}
