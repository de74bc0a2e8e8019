import t from 'tap';
import type { JobGraph } from '../../../core/graph/job-graph.js';
import { PipelinedRegions } from '../../../core/job/pipelined-regions.js';
import { modelGraph } from '../../model-graph.js';

const REGION = { strategy: 'region', hasCheckpoints: true } as const;

/** By vertex: the ids of its subtasks. */
function idsOf(graph: JobGraph, config: ConstructorParameters<typeof PipelinedRegions>[1] = REGION) {
  const regions = new PipelinedRegions(graph, config);
  return graph.vertices.map(({ id, parallelism }) =>
    Array.from({ length: parallelism }, (_, subtask) => regions.idOf(id, subtask)),
  );
}

const lanes = modelGraph(
  { name: 'source', parallelism: 3 },
  { name: 'map', parallelism: 3, inputs: [0], partitioner: 'forward' },
  { name: 'sink', parallelism: 3, inputs: [1], partitioner: 'forward' },
);

t.test('tasks that exchange data are in one region, and others are not', async (t) => {
  t.same(idsOf(lanes), [
    [0, 1, 2],
    [0, 1, 2],
    [0, 1, 2],
  ]);
  const apart = modelGraph(
    { name: 'left', parallelism: 2 },
    { name: 'right', parallelism: 1 },
    { name: 'left-sink', parallelism: 3, inputs: [0] },
    { name: 'right-sink', parallelism: 1, inputs: [1], partitioner: 'forward' },
  );
  t.same(idsOf(apart), [[0, 0], [1], [0, 0, 0], [1]]);
  const joined = modelGraph(
    { name: 'left', parallelism: 2 },
    { name: 'right', parallelism: 2 },
    { name: 'join', parallelism: 2, inputs: [0, 1], partitioner: 'forward' },
    { name: 'sink', parallelism: 1, inputs: [2], partitioner: 'rescale' },
  );
  t.same(idsOf(joined), [[0, 0], [0, 0], [0, 0], [0]]);
});

t.test('a region tells which tasks are its own', async (t) => {
  const { all } = new PipelinedRegions(lanes, REGION);
  t.equal(all.length, 3);
  t.same(all[1], { id: 1, subtasks: Array.from({ length: 3 }, () => [false, true, false]) });
});

t.test(
  'readers that cannot go back alone keep their lanes together, and so it is without checkpoints',
  async (t) => {
    const whole = [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ];
    t.same(idsOf(lanes, { strategy: 'region', hasCheckpoints: false }), whole);
    const [source, ...others] = lanes.vertices;
    if (source === undefined) throw new Error('it has a source');
    const { readersRestartAlone: _, ...rest } = source;
    t.same(idsOf({ ...lanes, vertices: [rest, ...others] }), whole);
  },
);

t.test('a batch is one region, and so is a job that is to restart as a whole', async (t) => {
  t.equal(new PipelinedRegions({ ...lanes, runtimeMode: 'BATCH' }, REGION).all.length, 1);
  t.equal(new PipelinedRegions(lanes, { ...REGION, strategy: 'full' }).all.length, 1);
});
