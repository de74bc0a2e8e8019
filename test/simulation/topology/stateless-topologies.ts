import { OutputTag, types } from '../../../core/index.js';
import { tallied } from './tally.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

/** Source, map, an exchange, filter, sink. */
export function mapFilter(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/all');
  const exchange = kit.prng.pick(['none', 'rebalance', 'rescale', 'shuffle']);
  const parallelism = kit.parallelism();
  const keep = (id: number): boolean => id % 3 !== 0;
  return {
    name: 'map-filter',
    tallies: ['/out/all'],
    files: source.files,
    outputs: () => [
      {
        folder: '/out/all',
        lines: source.events.filter(({ id }) => keep(id)).map((e) => `${e.id} ${e.amount * 2}`),
      },
    ],
    build: (env) => {
      const mapped = source.stream(env).map((event) => ({ id: event.id, twice: event.amount * 2 }));
      const exchanged =
        exchange === 'none'
          ? mapped
          : exchange === 'rebalance'
            ? mapped.rebalance()
            : exchange === 'rescale'
              ? mapped.rescale()
              : mapped.shuffle();
      const kept = exchanged.filter(({ id }) => keep(id)).setParallelism(parallelism);
      sink(
        kept.map(tallied('/out/all', ({ id, twice }) => `${id} ${twice}`)).setParallelism(parallelism),
        'all',
      );
    },
  };
}

/** Every event to every subtask, and every event to the first one. */
export function broadcastAndGlobal(kit: TopologyKit): Topology {
  const source = kit.source();
  const everywhere = kit.sink('/out/everywhere');
  const once = kit.sink('/out/once');
  const parallelism = kit.parallelism();
  const lines = (): string[] => source.events.map(({ id, key }) => `${id} ${key}`);
  return {
    name: 'broadcast-and-global',
    files: source.files,
    outputs: () => [
      { folder: '/out/everywhere', lines: Array.from({ length: parallelism }, lines).flat() },
      { folder: '/out/once', lines: lines() },
    ],
    build: (env) => {
      const events = source.stream(env);
      everywhere(
        events
          .broadcast()
          .map(({ id, key }) => `${id} ${key}`)
          .setParallelism(parallelism),
        'everywhere',
      );
      once(
        events
          .global()
          .map(({ id, key }) => `${id} ${key}`)
          .setParallelism(parallelism),
        'once',
      );
    },
  };
}

/** A stream that is used three times: its side output, its main output, and its main output again. */
export function sideOutputs(kit: TopologyKit): Topology {
  const source = kit.source();
  const [odd, even, all] = [kit.sink('/out/odd'), kit.sink('/out/even'), kit.sink('/out/all')];
  const parallelism = kit.parallelism();
  return {
    name: 'side-outputs',
    files: source.files,
    outputs: () => [
      {
        folder: '/out/odd',
        lines: source.events.filter(({ id }) => id % 2 === 1).map(({ id }) => `odd ${id}`),
      },
      {
        folder: '/out/even',
        lines: source.events.filter(({ id }) => id % 2 === 0).map(({ id }) => `even ${id}`),
      },
      { folder: '/out/all', lines: source.events.map(({ id, key }) => `${id} ${key}`) },
    ],
    build: (env) => {
      const tag = new OutputTag<string>('odd', types.string);
      const stream = source.stream(env);
      const divided = stream
        .rebalance()
        .process<string>({
          processElement(event, ctx, out) {
            if (event.id % 2 === 1) ctx.output(tag, `odd ${event.id}`);
            else out.collect(`even ${event.id}`);
          },
        })
        .setParallelism(parallelism);
      odd(divided.getSideOutput(tag), 'odd');
      even(divided, 'even');
      all(
        stream.map(({ id, key }) => `${id} ${key}`),
        'all',
      );
    },
  };
}
