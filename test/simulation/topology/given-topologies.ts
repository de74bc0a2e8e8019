import { PrintSink, ReducingStateDescriptor, types } from '../../../core/index.js';
import type { Event } from './event.js';
import { byKey } from './keyed-topologies.js';
import { eventMeasure } from './measured-events.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

const COUNT = new ReducingStateDescriptor('count', (a: number, b: number) => a + b, types.int32);

const printedOf = ({ id, key, amount }: Event): unknown => ({
  id,
  key: new Set([key]),
  amount: BigInt(amount),
});
const printedLine = ({ id, key, amount }: Event): string =>
  `events> {"id":${id},"key":["${key}"],"amount":"${amount}"}`;

/** What the engine's own sources give, counted by key, and printed. */
export function givenCounts(kit: TopologyKit): Topology {
  const source = kit.source({ anyOrder: true });
  const sink = kit.sink('/out/counts');
  const parallelism = kit.parallelism();
  const lines = (): string[] =>
    [...byKey(source.events)].flatMap(([key, events]) => events.map((_, index) => `${key} ${index + 1}`));
  return {
    name: 'given-counts',
    files: source.files,
    outputs: () => [{ folder: '/out/counts', lines: lines() }],
    prints: () => source.events.map(printedLine),
    build: (env) => {
      let measure: (event: Event) => void;
      const events = source.stream(env);
      events.map(printedOf).sinkTo(new PrintSink('events'), 'print').setParallelism(1);
      const counts = events
        .keyBy((event) => event.key)
        .process<string>({
          open(ctx) {
            measure = eventMeasure(ctx);
          },
          processElement(event, ctx, out) {
            measure(event);
            const count = ctx.getReducingState(COUNT);
            count.add(1);
            out.collect(`${ctx.currentKey} ${count.get()}`);
          },
        })
        .setParallelism(parallelism);
      sink(counts, 'counts');
    },
  };
}
