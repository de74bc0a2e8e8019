import { tallied } from './tally.js';
import type { Topology } from './topology.js';
import type { DrawnSource, TopologyKit } from './topology-kit.js';

/** Two pipelines that exchange nothing: one counts by key, one goes straight on, subtask by subtask. */
export function apartPipelines(kit: TopologyKit): Topology {
  const [counted, straight] = [kit.source(), kit.source()];
  const [counts, lines] = [kit.sink('/out/counts'), kit.sink('/out/straight')];
  const parallelism = kit.parallelism();
  return {
    name: 'apart-pipelines',
    tallies: ['/out/counts#ones', '/out/counts', '/out/straight'],
    files: new Map([...counted.files, ...straight.files]),
    outputs: () => [
      { folder: '/out/counts', lines: countLines(counted) },
      { folder: '/out/straight', lines: straight.events.map(({ id, key }) => `${id} ${key}`) },
    ],
    build: (env) => {
      const sums = counted
        .stream(env)
        .map(tallied('/out/counts#ones', ({ key }) => ({ key, count: 1 })))
        .uid('ones')
        .keyBy(({ key }) => key)
        .reduce((a, b) => ({ key: a.key, count: a.count + b.count }))
        .uid('counted')
        .setParallelism(parallelism)
        .map(tallied('/out/counts', ({ key, count }) => `${key} ${count}`))
        .uid('count-lines')
        .setParallelism(parallelism);
      counts(sums, 'counts');
      lines(
        straight
          .stream(env)
          .map(tallied('/out/straight', ({ id, key }) => `${id} ${key}`))
          .uid('straight-lines')
          .setParallelism(straight.parallelism),
        'straight',
        straight.parallelism,
      );
    },
  };
}

/** One source that several chains of tasks read side by side, each from a subtask of its own to the end. */
export function forwardLanes(kit: TopologyKit): Topology {
  const source = kit.source();
  const sink = kit.sink('/out/lanes');
  const tasks = kit.prng.between(1, 3);
  return {
    name: 'forward-lanes',
    tallies: ['/out/lanes#events', '/out/lanes'],
    files: source.files,
    outputs: () => [
      { folder: '/out/lanes', lines: source.events.map(({ id, amount }) => `${id} ${amount + tasks}`) },
    ],
    build: (env) => {
      const { parallelism } = source;
      let events = source
        .stream(env)
        .map(tallied('/out/lanes#events', ({ id, amount }) => ({ id, amount })))
        .setParallelism(parallelism);
      for (let i = 0; i < tasks; i++)
        events = events
          .map(({ id, amount }) => ({ id, amount: amount + 1 }))
          .setParallelism(parallelism)
          .startNewChain()
          .uid(`lane-${i}`);
      const lines = events
        .map(tallied('/out/lanes', ({ id, amount }) => `${id} ${amount}`))
        .setParallelism(parallelism);
      sink(lines, 'lanes', parallelism);
    },
  };
}

function countLines({ events }: DrawnSource): string[] {
  const counts = new Map<string, number>();
  return events.map(({ key }) => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return `${key} ${count}`;
  });
}
