import type { JobParameters } from '../api/job-parameters.js';
import type { SlotResource } from '../job/slot-resource.js';
import type { SourceOperatorFactory } from '../operator/source-stream-operator.js';
import type { OperatorFactory } from '../operator/stream-operator.js';
import type { TypeDescriptor, TypeNode } from '../serde/type-descriptor.js';
import type { RuntimeMode } from './runtime-mode.js';
import type { StreamPartitioner } from './stream-partitioner.js';

/**
 * What the control plane knows of a job: plain data, no functions. Made by chaining the stream graph. Two
 * threads have the same job exactly when their fingerprints are equal.
 */
export interface JobGraph {
  readonly name: string;
  readonly runtimeMode: RuntimeMode;
  /** Hash over vertices, operators' uids, edges, partitioners, parallelism and types. */
  readonly fingerprint: string;
  /** In topological order; `vertices[i].id === i`. */
  readonly vertices: readonly JobVertex[];
  /** `edges[i].id === i`. */
  readonly edges: readonly JobEdge[];
  /** Told to the user at start: derived uids of stateful operators, missing watermark strategies, ... */
  readonly warnings: readonly string[];
  /** Files that the job's functions may ask for, by name. */
  readonly cachedFiles: readonly CachedFileEntry[];
  /** What the job itself asked for by `env.configure`; below flags and environment, above the defaults. */
  readonly configuration: Readonly<Record<string, string | number | boolean>>;
  /** What the slots of a sharing group are to have, by its name; of others they have equal shares. */
  readonly slotResources?: Readonly<Record<string, SlotResource>>;
}

/** A file that the job registered under a name. */
export interface CachedFileEntry {
  /** Unique in the job. */
  readonly name: string;
  /** A path, relative to the process, or a `file://` URL; absolute once it was read. */
  readonly path: string;
  readonly isExecutable: boolean;
}

/** A chain of operators that runs as one task per subtask. */
export interface JobVertex {
  readonly id: number;
  /** uid of the chain's head. */
  readonly uid: string;
  /** Names of the chained operators, ` -> ` between. */
  readonly name: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** The job names it for one of the operators, and does not leave it to what the job is started with. */
  readonly parallelismConfigured: boolean;
  readonly slotSharingGroup: string;
  readonly isSource: boolean;
  /** Meaningful for sources. */
  readonly bounded: boolean;
  /** Of a source: its readers and its enumerator bear that one of them goes back alone. */
  readonly readersRestartAlone?: true;
  readonly operators: readonly JobOperator[];
}

export interface JobOperator {
  readonly uid: string;
  readonly name: string;
  /** More for people than the name, where the job gave it. */
  readonly description: string | undefined;
  /** Takes managed memory: it has keyed state, or sorts. */
  readonly keyed: boolean;
}

export interface JobEdge {
  readonly id: number;
  readonly source: number;
  /** uid of the operator of the source that sends it. */
  readonly sourceUid: string;
  readonly target: number;
  /** Which input of the target's head operator; edges of a union share one. */
  readonly inputIndex: number;
  readonly partitioner: PartitionerKind;
  readonly typeId: string;
}

/** A forward edge connects equal subtasks; all others connect every producer with every consumer. */
export function isPointwise({ partitioner }: JobEdge): boolean {
  return partitioner === 'forward';
}

export type PartitionerKind =
  | 'forward'
  | 'hash'
  | 'rebalance'
  | 'rescale'
  | 'shuffle'
  | 'broadcast'
  | 'global'
  | 'custom';

/** The runnable side of a vertex, built in the thread of each of its tasks. */
export interface ExecutableVertex {
  readonly vertex: JobVertex;
  /** Node 0 is the head. */
  readonly nodes: readonly ChainNode[];
}

export interface ChainNode {
  readonly uid: string;
  readonly name: string;
  /** Of the keys of its state, where it is known. */
  readonly keyType: TypeNode | undefined;
  readonly operator:
    | { readonly kind: 'source'; readonly factory: SourceOperatorFactory }
    | { readonly kind: 'operator'; readonly factory: OperatorFactory };
  /** Where its output goes, in order; several when the stream is used more than once. */
  readonly outputs: readonly ChainOutput[];
}

/** `tag`: the side output this takes, undefined for the main output. */
export type ChainOutput =
  | {
      readonly kind: 'chained';
      readonly node: number;
      readonly inputIndex: number;
      readonly tag: string | undefined;
    }
  | { readonly kind: 'edge'; readonly edge: ExecutableEdge; readonly tag: string | undefined };

export interface ExecutableEdge {
  readonly id: number;
  readonly type: TypeDescriptor<unknown>;
  /** How long a record may wait in a segment that is not full, ms. Undefined: what the job is started with. */
  readonly bufferTimeoutMs: number | undefined;
  /** A fresh partitioner for one producing subtask. */
  createPartitioner(channels: number, producerSubtask: number): StreamPartitioner<unknown>;
}

/** A whole job, built in a thread: the plain part and the runnable part. */
export interface BuiltJob {
  readonly graph: JobGraph;
  readonly vertices: readonly ExecutableVertex[];
  /** By edge id, for the consumers. */
  readonly edges: readonly ExecutableEdge[];
  /** What functions are told of the job's parameters. */
  readonly globalJobParameters: JobParameters;
}
