import type { SubtaskSnapshot } from '../core/checkpoint/snapshot-handle.js';
import type { JobEdge, JobGraph, JobVertex, PartitionerKind } from '../core/graph/job-graph.js';

export interface ModelVertex {
  readonly name: string;
  readonly parallelism: number;
  /** Indices of the vertices it reads; none makes it a source. */
  readonly inputs?: readonly number[];
  readonly partitioner?: PartitionerKind;
}

/** A job graph as the control plane sees one; every vertex is one operator. */
export function modelGraph(...described: readonly ModelVertex[]): JobGraph {
  const vertices: JobVertex[] = described.map(({ name, parallelism, inputs = [] }, id) => ({
    id,
    uid: `${name}-uid`,
    name,
    parallelism,
    maxParallelism: 128,
    parallelismConfigured: false,
    slotSharingGroup: 'default',
    isSource: inputs.length === 0,
    bounded: inputs.length === 0,
    ...(inputs.length === 0 && { readersRestartAlone: true }),
    operators: [{ uid: `${name}-uid`, name, description: undefined, keyed: false }],
  }));
  const edges: JobEdge[] = described.flatMap(({ inputs = [], partitioner = 'hash' }, target) =>
    inputs.map((source, inputIndex) => ({
      id: 0,
      source,
      sourceUid: '',
      target,
      inputIndex,
      partitioner,
      typeId: 'any',
    })),
  );
  return {
    name: 'model',
    fingerprint: 'model-fingerprint',
    vertices,
    edges: edges.map((edge, id) => ({ ...edge, id })),
    runtimeMode: 'STREAMING',
    warnings: [],
    cachedFiles: [],
    configuration: {},
  };
}

/** A snapshot of the operator of a vertex that names state files. */
export function modelSnapshot(vertex: string, ...files: readonly string[]): SubtaskSnapshot {
  return {
    operators: {
      [`${vertex}-uid`]: {
        keyed: {
          format: 1,
          keyGroupStart: 0,
          keyGroupEnd: 127,
          files: files.map((key) => ({ key, sizeBytes: 10, entryCount: 1, crc32c: 0 })),
          tables: {},
        },
        lists: {},
      },
    },
  };
}
