import t from 'tap';
import type {
  CheckpointManifest,
  SubtaskSnapshot,
  VertexSnapshot,
} from '../../../core/checkpoint/snapshot-handle.js';
import { assignState } from '../../../core/checkpoint/state-assignment.js';
import type { JobGraph } from '../../../core/graph/job-graph.js';
import { modelGraph, modelSnapshot } from '../../model-graph.js';

const GRAPH = modelGraph({ name: 'source', parallelism: 2 }, { name: 'sink', parallelism: 2, inputs: [0] });

function vertex(name: string, ...subtasks: readonly (SubtaskSnapshot | 'finished')[]): VertexSnapshot {
  return {
    vertexUid: `${name}-uid`,
    parallelism: subtasks.length,
    maxParallelism: 128,
    subtasks,
    enumerator: name === 'source' ? Uint8Array.of(9) : undefined,
  };
}

function manifest(...vertices: readonly VertexSnapshot[]): CheckpointManifest {
  return {
    checkpointId: 5,
    epoch: 1,
    attempt: 1,
    fingerprint: 'another',
    jobName: 'model',
    triggeredMs: 0,
    completedMs: 0,
    kind: 'checkpoint',
    vertices,
  };
}

/** The two vertices of the pipeline as one chain. */
function chained(): JobGraph {
  const [source, sink] = GRAPH.vertices;
  if (source === undefined || sink === undefined) throw new Error('two vertices');
  const vertices = [{ ...source, operators: [...source.operators, ...sink.operators] }];
  return { ...GRAPH, vertices, edges: [] };
}

const SOURCE = vertex('source', modelSnapshot('source', 's0'), modelSnapshot('source', 's1'));
const SINK = vertex('sink', modelSnapshot('sink', 'k0'), modelSnapshot('sink', 'k1'));

t.test('each subtask gets what its operators had, and the source its enumerator', async (t) => {
  t.same(assignState(manifest(SOURCE, SINK), GRAPH), {
    checkpointId: 5,
    subtasks: [
      [modelSnapshot('source', 's0'), modelSnapshot('source', 's1')],
      [modelSnapshot('sink', 'k0'), modelSnapshot('sink', 'k1')],
    ],
    enumerators: [Uint8Array.of(9), undefined],
  });
});

t.test(
  'state follows the uid, however operators are chained and in whatever order vertices stand',
  async (t) => {
    const { subtasks } = assignState(manifest(SINK, SOURCE), chained());
    const operators = {
      ...modelSnapshot('source', 's1').operators,
      ...modelSnapshot('sink', 'k1').operators,
    };
    t.same(subtasks[0]?.[1], { operators });
  },
);

t.test('what had finished stays finished; an operator that is new begins empty', async (t) => {
  const half = vertex('source', 'finished', modelSnapshot('source', 's1'));
  t.same(assignState(manifest(half), GRAPH).subtasks, [
    ['finished', modelSnapshot('source', 's1')],
    [{ operators: {} }, { operators: {} }],
  ]);
});

t.test('operators that are chained now and of which one had finished are refused', async (t) => {
  const half = vertex('source', 'finished', modelSnapshot('source', 's1'));
  t.throws(() => assignState(manifest(half, SINK), chained()), { code: 'MR2101' });
});

t.test('state that no operator would take is refused by name; an empty one is not', async (t) => {
  const gone = vertex('gone', modelSnapshot('gone', 'g0'), modelSnapshot('gone', 'g1'));
  t.throws(() => assignState(manifest(SOURCE, SINK, gone), GRAPH), { code: 'MR2101', what: /gone-uid/ });
  const empty = vertex('gone', modelSnapshot('gone'), 'finished');
  t.doesNotThrow(() => assignState(manifest(SOURCE, SINK, empty), GRAPH));
});

t.test('another parallelism is refused, and so is another maximum parallelism', async (t) => {
  const narrow = vertex('sink', modelSnapshot('sink', 'k0'));
  t.throws(() => assignState(manifest(SOURCE, narrow), GRAPH), { code: 'MR2102', what: /parallelism 1/ });
  const other = { ...SINK, maxParallelism: 256 };
  t.throws(() => assignState(manifest(SOURCE, other), GRAPH), {
    code: 'MR2102',
    what: /maximum parallelism 256/,
  });
});
