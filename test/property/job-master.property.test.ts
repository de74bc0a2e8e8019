import fc from 'fast-check';
import t from 'tap';
import { DEFAULT_CHECKPOINT_CONFIG } from '../../core/checkpoint/checkpoint-config.js';
import type { JobGraph } from '../../core/graph/job-graph.js';
import { check } from '../check.js';
import { modelGraph } from '../model-graph.js';
import { ModelCluster } from './model-cluster.js';
import type { ModelSplit } from './model-task.js';

const STEPS_MAX = 60_000;
const VALUES_OF_A_SOURCE = 10_000;

const parallelism = fc.integer({ min: 1, max: 3 });

const graphs: fc.Arbitrary<JobGraph> = fc.oneof(
  fc.record({ p: parallelism }).map(({ p }) => modelGraph({ name: 'source', parallelism: p })),
  fc
    .record({ p: parallelism, q: parallelism })
    .map(({ p, q }) =>
      modelGraph({ name: 'source', parallelism: p }, { name: 'sink', parallelism: q, inputs: [0] }),
    ),
  fc
    .record({ p: parallelism, q: parallelism })
    .map(({ p, q }) =>
      modelGraph(
        { name: 'source', parallelism: p },
        { name: 'map', parallelism: p, inputs: [0], partitioner: 'forward' },
        { name: 'sink', parallelism: q, inputs: [1] },
      ),
    ),
  fc
    .record({ p: parallelism, q: parallelism, r: parallelism })
    .map(({ p, q, r }) =>
      modelGraph(
        { name: 'left', parallelism: p },
        { name: 'right', parallelism: q },
        { name: 'sink', parallelism: r, inputs: [0, 1] },
      ),
    ),
  // The following fall apart into regions.
  fc
    .record({ p: parallelism, q: parallelism })
    .map(({ p, q }) =>
      modelGraph(
        { name: 'left', parallelism: p },
        { name: 'right', parallelism: q },
        { name: 'left-sink', parallelism: q, inputs: [0] },
        { name: 'right-sink', parallelism: p, inputs: [1] },
      ),
    ),
  fc
    .record({ p: fc.integer({ min: 2, max: 4 }) })
    .map(({ p }) =>
      modelGraph(
        { name: 'source', parallelism: p },
        { name: 'sink', parallelism: p, inputs: [0], partitioner: 'forward' },
      ),
    ),
  fc
    .record({ p: fc.integer({ min: 2, max: 3 }), q: parallelism })
    .map(({ p, q }) =>
      modelGraph(
        { name: 'source', parallelism: p },
        { name: 'beside', parallelism: p },
        { name: 'sink', parallelism: p, inputs: [0], partitioner: 'forward' },
        { name: 'beside-sink', parallelism: q, inputs: [1] },
      ),
    ),
);

/** Sizes of the splits, by source. */
const sizes = fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }), {
  minLength: 2,
  maxLength: 2,
});

const configs = fc
  .record({
    intervalMs: fc.integer({ min: 1, max: 50 }),
    minPauseMs: fc.constantFrom(0, 0, 20),
    maxConcurrentCheckpoints: fc.constantFrom(1, 1, 2, 3),
    numRetained: fc.integer({ min: 1, max: 3 }),
    timeoutMs: fc.constantFrom(30, 5000, 5000),
  })
  .map((drawn) => ({ ...DEFAULT_CHECKPOINT_CONFIG, tolerableFailedCheckpoints: 3, ...drawn }));

function splitsOf(vertexId: number, of: readonly (readonly number[])[]): ModelSplit[] {
  let from = vertexId * VALUES_OF_A_SOURCE;
  return (of[vertexId] ?? []).map((size) => {
    const split = { from, to: from + size };
    from += size;
    return split;
  });
}

function expected(graph: JobGraph, of: readonly (readonly number[])[]): number[] {
  return graph.vertices
    .filter(({ isSource }) => isSource)
    .flatMap(({ id }) =>
      splitsOf(id, of).flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)),
    )
    .toSorted((a, b) => a - b);
}

t.test('whatever fails, the job finishes and its output is there exactly once', async (t) => {
  let partialRestarts = 0;
  await check(
    'model cluster',
    fc.property(
      graphs,
      sizes,
      configs,
      fc.integer({ min: 0, max: 12 }),
      fc.integer(),
      (graph, of, config, faults, seed) => {
        const world = new ModelCluster({
          seed,
          graph,
          splitsOf: (vertexId) => splitsOf(vertexId, of),
          checkpointing: config,
          faults,
        });
        world.run(STEPS_MAX);
        partialRestarts += world.partialRestarts;
        const [is, should] = [world.output.join(), expected(graph, of).join()];
        if (is !== should) throw new Error(`output ${is}, expected ${should}`);
      },
    ),
    { runs: 300 },
  );
  t.ok(partialRestarts > 0, 'regions were restarted while others ran');
});

const layouts = fc.record({
  perTaskManager: fc.integer({ min: 1, max: 3 }),
  mode: fc.constantFrom('NONE' as const, 'SLOTS' as const, 'TASKS' as const),
  requestTimeoutMs: fc.constantFrom(1, 100, Number.POSITIVE_INFINITY),
});

t.test(
  'whichever TaskManagers are lost, and whenever others come, the output is there exactly once',
  async (t) => {
    let moves = 0;
    await check(
      'model cluster with slots',
      fc.property(
        fc.tuple(graphs, sizes, configs, layouts),
        fc.integer({ min: 0, max: 12 }),
        fc.integer(),
        ([graph, of, checkpointing, slots], faults, seed) => {
          const splits = (vertexId: number): readonly ModelSplit[] => splitsOf(vertexId, of);
          const world = new ModelCluster({ seed, graph, splitsOf: splits, checkpointing, faults, slots });
          world.run(STEPS_MAX);
          moves += world.moves;
          const [is, should] = [world.output.join(), expected(graph, of).join()];
          if (is !== should) throw new Error(`output ${is}, expected ${should}`);
        },
      ),
      { runs: 200 },
    );
    t.ok(moves > 0, 'some were left before they went');
  },
);

t.test('without checkpoints a job that nothing disturbs finishes too', async () => {
  await check(
    'model cluster without checkpoints',
    fc.property(graphs, sizes, fc.integer(), (graph, of, seed) => {
      const world = new ModelCluster({
        seed,
        graph,
        splitsOf: (vertexId) => splitsOf(vertexId, of),
        checkpointing: undefined,
        faults: 0,
      });
      world.run(STEPS_MAX);
      if (world.output.join() !== expected(graph, of).join()) throw new Error('wrong output');
    }),
    { runs: 50 },
  );
});
