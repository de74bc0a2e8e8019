import t from 'tap';
import type {
  CheckpointManifest,
  SubtaskSnapshot,
  VertexSnapshot,
} from '../../../core/checkpoint/snapshot-handle.js';
import { assignState, NO_SPLITS_LEFT } from '../../../core/checkpoint/state-assignment.js';
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
    inFlight: [[], []],
    enumerators: [Uint8Array.of(9), undefined],
    drained: false,
    accumulated: {},
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

t.test('of operators that are chained now, those run again that had ended in a part', async (t) => {
  const half = { ...vertex('source', 'finished', modelSnapshot('source', 's1')), enumerator: undefined };
  const restored = assignState(manifest(half, SINK), chained());
  t.same(restored.subtasks, [
    [
      modelSnapshot('sink', 'k0'),
      { operators: { ...modelSnapshot('source', 's1').operators, ...modelSnapshot('sink', 'k1').operators } },
    ],
  ]);
  t.equal(restored.enumerators[0], NO_SPLITS_LEFT, 'the one that had ended is given nothing anew');
});

t.test('an operator that had ended for good is not chained to one that had not', async (t) => {
  const ended = vertex('source', 'finished', 'finished');
  t.throws(() => assignState(manifest(ended, SINK), chained()), { code: 'MR2101', what: /others not/ });
});

/** Of what ended at once, when they were one chain, only the head's snapshot would have told of the others. */
const ENDED_CHAIN: VertexSnapshot = {
  ...vertex('source', 'finished', 'finished'),
  enumerator: undefined,
  ended: { 'source-uid': {}, 'sink-uid': {} },
};

t.test(
  'what had ended as a chain has ended as tasks of their own, and what is new behind it too',
  async (t) => {
    t.same(assignState(manifest(ENDED_CHAIN), GRAPH).subtasks, [
      ['finished', 'finished'],
      ['finished', 'finished'],
    ]);
    const longer = modelGraph(
      { name: 'source', parallelism: 2 },
      { name: 'new', parallelism: 3, inputs: [0] },
      { name: 'sink', parallelism: 2, inputs: [1] },
    );
    const all = assignState(manifest(ENDED_CHAIN), longer).subtasks.flat();
    t.strictSame([...new Set(all)], ['finished']);
  },
);

t.test('what had ended for good is not sent records of a source that is new, or goes on', async (t) => {
  const joined = modelGraph(
    { name: 'source', parallelism: 2 },
    { name: 'other', parallelism: 1 },
    { name: 'sink', parallelism: 2, inputs: [0, 1] },
  );
  t.throws(() => assignState(manifest(ENDED_CHAIN), joined), { code: 'MR2101', what: /is sent records now/ });
  const other = vertex('other', modelSnapshot('other', 'o0'));
  t.throws(() => assignState(manifest(ENDED_CHAIN, other), joined), { code: 'MR2101' });
  const atItsEnd = vertex('other', { ...modelSnapshot('other', 'o0'), dataFinished: true });
  t.same(assignState(manifest(ENDED_CHAIN, atItsEnd), joined).subtasks, [
    ['finished', 'finished'],
    [{ ...modelSnapshot('other', 'o0'), dataFinished: true }],
    ['finished', 'finished'],
  ]);
});

/** Of a sink without keys. */
const UNKEYED: SubtaskSnapshot = { operators: { 'sink-uid': { keyed: undefined, lists: {} } } };

t.test('what had ended in a part is sent what a source that goes on gives it now', async (t) => {
  const joined = modelGraph(
    { name: 'source', parallelism: 2 },
    { name: 'other', parallelism: 2 },
    { name: 'sink', parallelism: 2, inputs: [0, 1], partitioner: 'forward' },
  );
  const source = vertex('source', 'finished', modelSnapshot('source', 's1'));
  const other = vertex('other', 'finished', modelSnapshot('other', 'o1'));
  const sink = vertex('sink', 'finished', UNKEYED);
  t.same(assignState(manifest(source, other, sink), joined).subtasks[2], ['finished', UNKEYED]);
  const running = vertex('other', modelSnapshot('other', 'o0'), modelSnapshot('other', 'o1'));
  t.same(assignState(manifest(source, running, sink), joined).subtasks[2], [{ operators: {} }, UNKEYED]);
});

t.test('keyed state that had gone in a part is not sent to again: some keys would begin anew', async (t) => {
  const joined = modelGraph(
    { name: 'source', parallelism: 2 },
    { name: 'other', parallelism: 1 },
    { name: 'sink', parallelism: 2, inputs: [0, 1] },
  );
  const keyed = { format: 1, keyGroupStart: 64, keyGroupEnd: 127, files: [], tables: {} };
  const running = { operators: { 'sink-uid': { keyed, lists: {} } } };
  const sink = vertex('sink', 'finished', running);
  const source = vertex('source', 'finished', 'finished');
  t.throws(() => assignState(manifest(source, sink), joined), {
    code: 'MR2101',
    what: /is sent records now/,
  });
  const plain = modelGraph({ name: 'source', parallelism: 2 }, { name: 'sink', parallelism: 2, inputs: [0] });
  t.same(assignState(manifest(source, sink), plain).subtasks[1]?.[0], 'finished');
});

t.test('state that no operator would take is refused by name; an empty one is not', async (t) => {
  const gone = vertex('gone', modelSnapshot('gone', 'g0'), modelSnapshot('gone', 'g1'));
  t.throws(() => assignState(manifest(SOURCE, SINK, gone), GRAPH), { code: 'MR2101', what: /gone-uid/ });
  const empty = vertex('gone', modelSnapshot('gone'), 'finished');
  t.doesNotThrow(() => assignState(manifest(SOURCE, SINK, empty), GRAPH));
  const lists = { watermark: { mode: 'watermark', items: [Uint8Array.of(1)] } } as const;
  const timed = vertex('gone', { operators: { 'gone-uid': { keyed: undefined, lists } } });
  t.doesNotThrow(() => assignState(manifest(SOURCE, SINK, timed), GRAPH), 'nor is how far it was in time');
  const summed = {
    ...vertex('gone', 'finished'),
    ended: { 'gone-uid': { n: { kind: 'sum', value: 1 } } },
  } as const;
  t.throws(() => assignState(manifest(SOURCE, SINK, summed), GRAPH), { code: 'MR2101', what: /gone-uid/ });
});

t.test('keyed state of another maximum parallelism is refused; other state is not', async (t) => {
  const other = { ...SINK, maxParallelism: 256 };
  t.throws(() => assignState(manifest(SOURCE, other), GRAPH), {
    code: 'MR2102',
    what: /maximum parallelism 256/,
  });
  const unkeyed = vertex('sink', { operators: { 'sink-uid': { keyed: undefined, lists: {} } } }, 'finished');
  t.doesNotThrow(() => assignState(manifest(SOURCE, { ...unkeyed, maxParallelism: 256 }), GRAPH));
});

t.test('at another parallelism each subtask gets the files that hold its key groups', async (t) => {
  const whole = vertex('sink', modelSnapshot('sink', 'base', 'increment'));
  const { subtasks } = assignState(manifest(SOURCE, whole), GRAPH);
  const files = ['base', 'increment'].map((key) => ({
    key,
    sizeBytes: 10,
    entryCount: 1,
    crc32c: 0,
    keyGroups: { start: 0, end: 127 },
  }));
  t.match(subtasks[1], [
    { operators: { 'sink-uid': { keyed: { keyGroupStart: 0, keyGroupEnd: 63, files } } } },
    { operators: { 'sink-uid': { keyed: { keyGroupStart: 64, keyGroupEnd: 127, files } } } },
  ]);
});

t.test('at another parallelism an operator has ended only if all its subtasks had', async (t) => {
  const ended = vertex('source', 'finished', 'finished', 'finished');
  t.same(assignState(manifest(ended, SINK), GRAPH).subtasks[0], ['finished', 'finished']);
  const half = vertex('sink', 'finished', UNKEYED, 'finished');
  const { subtasks } = assignState(manifest(SOURCE, half), GRAPH);
  t.notOk(subtasks[1]?.includes('finished'));
});

t.test('an enumerator that had ended with its subtask does not begin again elsewhere', async (t) => {
  const rest = {
    ...vertex('source', 'finished', modelSnapshot('source', 's1'), modelSnapshot('source', 's2')),
    enumerator: undefined,
  };
  t.same(assignState(manifest(rest), GRAPH).enumerators[0], NO_SPLITS_LEFT);
  const same = { ...rest, parallelism: 2, subtasks: rest.subtasks.slice(0, 2) };
  t.equal(assignState(manifest(same), GRAPH).enumerators[0], undefined, 'its subtask is not deployed');
});

t.test('what had ended in a part runs again where those before it are of another number', async (t) => {
  const partly = vertex('sink', 'finished', UNKEYED);
  const subtasksAt = (parallelism: number, source: VertexSnapshot) => {
    const graph = modelGraph({ name: 'source', parallelism }, { name: 'sink', parallelism: 2, inputs: [0] });
    return assignState(manifest(source, partly), graph).subtasks[1];
  };
  const running = vertex('source', 'finished', modelSnapshot('source', 's1'));
  const atItsEnd = vertex('source', 'finished', { ...modelSnapshot('source', 's1'), dataFinished: true });
  t.same(subtasksAt(2, atItsEnd), ['finished', UNKEYED]);
  t.same(subtasksAt(1, atItsEnd), ['finished', UNKEYED]);
  t.same(subtasksAt(1, running), [{ operators: {} }, UNKEYED]);
  t.same(subtasksAt(1, vertex('source', 'finished', 'finished')), ['finished', UNKEYED]);
});

t.test('a uid may be one that every object has something by', async (t) => {
  const [source, sink] = GRAPH.vertices;
  const operators = [{ uid: 'constructor', name: 'sink', description: undefined, keyed: false }];
  const graph: JobGraph = {
    ...GRAPH,
    vertices:
      source === undefined || sink === undefined ? [] : [source, { ...sink, uid: 'constructor', operators }],
  };
  t.same(assignState(manifest(SOURCE), graph).subtasks[1], [{ operators: {} }, { operators: {} }]);
});
