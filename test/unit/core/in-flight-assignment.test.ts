import t from 'tap';
import { assignInFlight, type InFlightRestore } from '../../../core/checkpoint/in-flight-assignment.js';
import { decodeInFlightBlock, encodeInFlightBlock } from '../../../core/checkpoint/in-flight-block.js';
import type {
  CheckpointManifest,
  InFlightEdge,
  SubtaskSnapshot,
} from '../../../core/checkpoint/snapshot-handle.js';
import type { JobEdge, JobGraph, JobVertex, PartitionerKind } from '../../../core/graph/job-graph.js';
import { keyGroupRangeOf } from '../../../core/graph/key-group.js';

interface Shape {
  readonly producers: number;
  readonly consumers: number;
  readonly partitioner: PartitionerKind;
  readonly typeId?: string;
  readonly sourceUid?: string;
  readonly maxParallelism?: number;
}

function graphOf(shape: Shape): JobGraph {
  const vertex = (id: number, uid: string, parallelism: number): JobVertex => ({
    id,
    uid,
    name: uid,
    parallelism,
    maxParallelism: shape.maxParallelism ?? 128,
    parallelismConfigured: false,
    slotSharingGroup: 'default',
    isSource: id === 0,
    bounded: true,
    operators: [],
  });
  const edge: JobEdge = {
    id: 0,
    source: 0,
    sourceUid: shape.sourceUid ?? 'source',
    target: 1,
    inputIndex: 0,
    partitioner: shape.partitioner,
    typeId: shape.typeId ?? 'float64',
  };
  return {
    name: 'job',
    runtimeMode: 'STREAMING',
    fingerprint: '',
    vertices: [vertex(0, 'source', shape.producers), vertex(1, 'counts', shape.consumers)],
    edges: [edge],
    warnings: [],
    cachedFiles: [],
    configuration: {},
  };
}

/** Each consumer has something under way from each producer for which `isUnderWay` says so. */
function manifestOf(
  shape: Shape,
  isUnderWay: (producer: number, consumer: number) => boolean = () => true,
): CheckpointManifest {
  const subtask = (consumer: number): SubtaskSnapshot => {
    const edge: InFlightEdge = {
      sourceUid: 'source',
      inputIndex: 0,
      ordinal: 0,
      partitioner: shape.partitioner,
      typeId: shape.typeId ?? 'float64',
      producers: shape.producers,
      channels: Array.from({ length: shape.producers }, (_, producer) => producer)
        .filter((producer) => isUnderWay(producer, consumer))
        .map((producer) => ({ producer, number: producer, sizeBytes: 1 })),
    };
    const file = { key: `data/${consumer}`, sizeBytes: 1, entryCount: 1, crc32c: 0 };
    return { operators: {}, inFlight: { format: 1, file, edges: [edge] } };
  };
  return {
    checkpointId: 5,
    epoch: 1,
    attempt: 1,
    fingerprint: '',
    jobName: 'job',
    triggeredMs: 0,
    completedMs: 0,
    kind: 'checkpoint',
    vertices: [
      {
        vertexUid: 'source',
        parallelism: shape.producers,
        maxParallelism: shape.maxParallelism ?? 128,
        subtasks: Array.from({ length: shape.producers }, () => ({ operators: {} })),
        enumerator: undefined,
      },
      {
        vertexUid: 'counts',
        parallelism: shape.consumers,
        maxParallelism: shape.maxParallelism ?? 128,
        subtasks: Array.from({ length: shape.consumers }, (_, consumer) => subtask(consumer)),
        enumerator: undefined,
      },
    ],
  };
}

/** By subtask: `consumer/channel`, with `->producer` where a present channel goes on, and `?` where it is filtered. */
function told(restores: readonly (InFlightRestore | undefined)[] | undefined): string[] {
  return (restores ?? []).map((restore) =>
    (restore?.parts ?? [])
      .map(
        ({ file, channel, producer, filtered }) =>
          `${file.key.slice(5)}/${channel}${producer === undefined ? '' : `->${producer}`}${filtered ? '?' : ''}`,
      )
      .join(' '),
  );
}

t.test('at the same parallelism each channel goes on in its like', async (t) => {
  for (const partitioner of ['hash', 'rebalance', 'custom', 'global'] as const) {
    const shape = { producers: 2, consumers: 2, partitioner };
    const [, counts] = assignInFlight(manifestOf(shape), graphOf(shape), false);
    t.same(told(counts), ['0/0->0 0/1->1', '1/0->0 1/1->1'], partitioner);
  }
});

t.test('keyed channels go to all whose key groups they may hold, and are filtered', async (t) => {
  for (const [before, after] of [
    [2, 3],
    [3, 2],
    [7, 1],
    [1, 7],
    [4, 5],
  ] as const) {
    const shape = { producers: 1, consumers: before, partitioner: 'hash' } as const;
    const [, counts] = assignInFlight(manifestOf(shape), graphOf({ ...shape, consumers: after }), false);
    const expected = Array.from({ length: after }, (_, subtask) => {
      const own = keyGroupRangeOf(subtask, after, 128);
      return Array.from({ length: before }, (_, consumer) => consumer)
        .filter((consumer) => {
          const had = keyGroupRangeOf(consumer, before, 128);
          return had.start <= own.end && own.start <= had.end;
        })
        .map((consumer) => `${consumer}/0?`)
        .join(' ');
    });
    t.same(told(counts), expected, `${before} to ${after}`);
  }
});

t.test('other channels go to one subtask each, those of a custom partitioner to all', async (t) => {
  const spread = { producers: 2, consumers: 2, partitioner: 'rebalance' } as const;
  const [, three] = assignInFlight(manifestOf(spread), graphOf({ ...spread, consumers: 3 }), false);
  t.same(told(three), ['0/0 1/1', '0/1', '1/0']);
  const custom = { producers: 1, consumers: 2, partitioner: 'custom' } as const;
  const [, all] = assignInFlight(manifestOf(custom), graphOf({ ...custom, consumers: 3 }), false);
  t.same(told(all), ['0/0? 1/0?', '0/0? 1/0?', '0/0? 1/0?']);
  const global = { producers: 3, consumers: 2, partitioner: 'global' } as const;
  const [, first] = assignInFlight(
    manifestOf(global, (_, consumer) => consumer === 0),
    graphOf({ ...global, consumers: 4 }),
    false,
  );
  t.same(told(first), ['0/0 0/1 0/2', '', '', '']);
});

t.test(
  'another number of producers, another partitioner or other key groups make channels of the past',
  async (t) => {
    const shape = { producers: 2, consumers: 2, partitioner: 'hash' } as const;
    const manifest = manifestOf(shape);
    const [, fewer] = assignInFlight(manifest, graphOf({ ...shape, producers: 1 }), false);
    t.same(told(fewer), ['0/0? 0/1?', '1/0? 1/1?']);
    const [, spread] = assignInFlight(manifest, graphOf({ ...shape, partitioner: 'rebalance' }), false);
    t.same(told(spread), ['0/0 1/0', '0/1 1/1']);
    const [, groups] = assignInFlight(manifest, graphOf({ ...shape, maxParallelism: 64 }), false);
    t.same(told(groups), ['0/0? 0/1? 1/0? 1/1?', '0/0? 0/1? 1/0? 1/1?']);
  },
);

t.test('event time goes on in a channel in the very graph of the checkpoint only', async (t) => {
  const shape = { producers: 2, consumers: 2, partitioner: 'hash' } as const;
  const manifest = { ...manifestOf(shape), fingerprint: 'of three sources' };
  const graph = graphOf(shape);
  const [, same] = assignInFlight(manifest, { ...graph, fingerprint: 'of three sources' }, false);
  t.same(told(same), ['0/0->0 0/1->1', '1/0->0 1/1->1']);
  // What one producer had still to bring another one may bring now, which has told a later watermark.
  const [, other] = assignInFlight(manifest, { ...graph, fingerprint: 'of four sources' }, false);
  t.same(told(other), ['0/0 0/1', '1/0 1/1'], 'each to its like, whose time is of the past');
  t.same(
    other?.map((restore) => restore?.timedInputs),
    [[0], [0]],
  );
});

t.test('watermarks count where every channel that may bring something is at hand', async (t) => {
  const shape = { producers: 2, consumers: 2, partitioner: 'hash' } as const;
  const three = graphOf({ ...shape, consumers: 4 });
  const timed = (manifest: CheckpointManifest): (readonly number[] | undefined)[] =>
    (assignInFlight(manifest, three, false)[1] ?? []).map((restore) => restore?.timedInputs);
  t.same(timed(manifestOf(shape)), [[0], [0], [0], [0]]);
  t.same(timed(manifestOf(shape, (producer, consumer) => producer !== 1 || consumer !== 0)), [
    [],
    [],
    [0],
    [0],
  ]);
});

t.test('an edge that is no more is refused or left out, a type that has changed is refused', async (t) => {
  const shape = { producers: 1, consumers: 1, partitioner: 'hash' } as const;
  const manifest = manifestOf(shape);
  const elsewhere = graphOf({ ...shape, sourceUid: 'another' });
  t.throws(() => assignInFlight(manifest, elsewhere, false), { code: 'MR2104' });
  t.same(assignInFlight(manifest, elsewhere, true), [[], []]);
  const nothing = manifestOf(shape, () => false);
  t.same(assignInFlight(nothing, elsewhere, false), [[], []], 'an edge in which nothing was may go');
  const retyped = graphOf({ ...shape, typeId: 'string' });
  t.throws(() => assignInFlight(manifest, retyped, true), { code: 'MR2104' });
  const [, vertex] = manifest.vertices;
  const [subtask] = vertex?.subtasks ?? [];
  if (vertex === undefined || subtask === undefined || subtask === 'finished') return;
  const inFlight = subtask.inFlight && { ...subtask.inFlight, format: 3 };
  const newer = { ...vertex, subtasks: [{ operators: {}, ...(inFlight && { inFlight }) }] };
  t.throws(() => assignInFlight({ ...manifest, vertices: [newer] }, graphOf(shape), false), {
    code: 'MR2104',
    message: /form 3/,
  });
  t.same(
    assignInFlight(
      manifestOf(shape, () => false),
      retyped,
      false,
    ),
    [[], []],
  );
});

t.test('a block tells its channel and its piece', async (t) => {
  const { channel, piece } = decodeInFlightBlock(encodeInFlightBlock(70_000, Uint8Array.of(1, 2, 3)));
  t.equal(channel, 70_000);
  t.same(piece, Uint8Array.of(1, 2, 3));
});

t.test('who was given channels of some producers only tells no watermark of theirs', async (t) => {
  // A present producer may go on with what several had left, and be further back than those that are heard.
  const shape = { producers: 2, consumers: 1, partitioner: 'rebalance' } as const;
  const timed = (consumers: number) =>
    assignInFlight(manifestOf(shape), graphOf({ ...shape, producers: 1, consumers }), false)[1]?.map(
      (restore) => restore?.timedInputs,
    );
  t.same(timed(3), [[], [], undefined]);
  t.same(timed(1), [[0]]);
});
