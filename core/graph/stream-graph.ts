import { MillraceError } from '../base/millrace-error.js';
import type { SlotResource } from '../job/slot-resource.js';
import type { SourceOperatorFactory } from '../operator/source-stream-operator.js';
import type { OperatorFactory } from '../operator/stream-operator.js';
import { type TypeDescriptor, typeId } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import type { Partitioning } from './partitioning.js';

/** Flink's rules: `always` may stand anywhere in a chain, `head` begins one, `never` stands alone. */
export type ChainingStrategy = 'always' | 'head' | 'never';

/** A stream as its consumers see it: an operator's main or side output, and how it is to be spread. */
export interface StreamOrigin {
  readonly node: StreamNode;
  /** Side output of the node; undefined for the main one. */
  readonly tag: string | undefined;
  /** Undefined: forward where the parallelism is the same, rebalance elsewhere. */
  readonly partitioning: Partitioning | undefined;
}

/** What an operator is, apart from the settings that may still be changed after it was added. */
export interface StreamNodeSpec {
  /** `source`, `map`, `keyed-process`, ...: with the inputs, what a derived uid is made of. */
  readonly kind: string;
  readonly name: string;
  /** Name given to a source or sink by the job: makes a uid that does not depend on the place. */
  readonly givenName?: string;
  readonly operator:
    | { readonly kind: 'source'; readonly factory: SourceOperatorFactory; readonly bounded: boolean }
    | { readonly kind: 'operator'; readonly factory: OperatorFactory };
  /** What runs in its place in a batch; undefined: the same. */
  readonly batchOperator?: StreamNodeSpec['operator'];
  /** By input index; several origins of one input are a union. */
  readonly inputs: readonly (readonly StreamOrigin[])[];
  /** Type of the results; `inherit` takes that of input 0, undefined is undeclared. */
  readonly outputType: TypeDescriptor<unknown> | 'inherit' | undefined;
  readonly isSink?: boolean;
  /** Waits for the end of its input, and has nothing that a checkpoint could hold. */
  readonly isBatchOnly?: boolean;
  /** Loses something when its uid changes between two runs. */
  readonly isStateful?: boolean;
  /** Of a source: false if it cannot be read again after a failure. */
  readonly isReplayable?: boolean;
  /** Of a source: whether one of its readers may go back to a checkpoint alone. */
  readonly readersRestartAlone?: boolean;
  readonly makesWatermarks?: boolean;
  /** Fires by event time, so that it says nothing without watermarks. */
  readonly needsWatermarks?: boolean;
  /** Its parallelism is 1 and stays so; its state is that of one key, for all records. */
  readonly isNonParallel?: boolean;
}

/** An operator of the job. The settings are those of {@link SingleOutputStreamOperator}'s methods. */
export class StreamNode {
  readonly id: number;
  readonly spec: StreamNodeSpec;
  readonly sideOutputTypes: Map<string, TypeDescriptor<unknown>>;
  name: string;
  uid: string | undefined;
  /** Stands in the place of the uid, for state only. */
  uidHash: string | undefined;
  /** More of it for people than the name. */
  description: string | undefined;
  /** Of what it sends, ms; Infinity: until a segment is full. Undefined: that of the environment. */
  bufferTimeoutMs: number | undefined;
  /** Its parallelism is 1 and stays so. */
  isNonParallel: boolean;
  parallelism: number | undefined;
  maxParallelism: number | undefined;
  chaining: ChainingStrategy;
  slotSharingGroup: string | undefined;
  /** What the slots of its group are to have, if it says so. */
  slotResource: SlotResource | undefined;
  outputType: TypeDescriptor<unknown> | 'inherit' | undefined;

  constructor(id: number, spec: StreamNodeSpec) {
    this.id = id;
    this.spec = spec;
    this.sideOutputTypes = new Map();
    this.name = spec.name;
    this.uid = undefined;
    this.uidHash = undefined;
    this.description = undefined;
    this.bufferTimeoutMs = undefined;
    this.isNonParallel = spec.isNonParallel === true;
    const only = this.isNonParallel ? 1 : undefined;
    this.parallelism = only;
    this.maxParallelism = only;
    this.chaining = spec.operator.kind === 'source' ? 'head' : 'always';
    this.slotSharingGroup = undefined;
    this.slotResource = undefined;
    this.outputType = spec.outputType;
  }

  /** Declares a side output; its type is checked against what was declared before. */
  declareSideOutput(tag: string, type: TypeDescriptor<unknown> | undefined): void {
    const declared = type ?? types.dynamic();
    const before = this.sideOutputTypes.get(tag);
    if (before !== undefined && typeId(before) !== typeId(declared)) {
      throw new MillraceError(
        'MR1001',
        `The side output '${tag}' of '${this.name}' is used with two types: ${typeId(before)} and ${typeId(declared)}.`,
        { hint: 'Use one OutputTag for a side output, or other ids.' },
      );
    }
    this.sideOutputTypes.set(tag, declared);
  }
}

/**
 * The operators of a job in the order in which they were added, before chaining.
 *
 * Invariants: `nodes[i].id === i`; the inputs of a node were added before it, so the order is topological;
 * nothing is added once it is closed.
 */
export class StreamGraph {
  readonly #nodes: StreamNode[];
  #closed: boolean;

  constructor() {
    this.#nodes = [];
    this.#closed = false;
  }

  get nodes(): readonly StreamNode[] {
    return this.#nodes;
  }

  add(spec: StreamNodeSpec): StreamNode {
    if (this.#closed) {
      throw new MillraceError('MR1001', `'${spec.name}' was added after the job had been built.`, {
        hint: 'The function given to defineJob builds the whole job before it returns; it does not wait.',
      });
    }
    const node = new StreamNode(this.#nodes.length, spec);
    this.#nodes.push(node);
    return node;
  }

  close(): void {
    this.#closed = true;
  }
}

/** The type of the records of one origin. */
export function typeOfOrigin(origin: StreamOrigin): TypeDescriptor<unknown> {
  const { node, tag } = origin;
  if (tag !== undefined) return node.sideOutputTypes.get(tag) ?? types.dynamic();
  if (node.outputType === 'inherit') return typeOfOrigins(node.spec.inputs[0] ?? []);
  return node.outputType ?? types.dynamic();
}

/** The type of a union: the one that all its parts have, or undeclared. */
export function typeOfOrigins(origins: readonly StreamOrigin[]): TypeDescriptor<unknown> {
  const [first, ...others] = origins.map(typeOfOrigin);
  if (first === undefined) return types.dynamic();
  const id = typeId(first);
  return others.every((type) => typeId(type) === id) ? first : types.dynamic();
}
