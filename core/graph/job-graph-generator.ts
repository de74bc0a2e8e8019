import type { JobParameters } from '../api/job-parameters.js';
import { invariant } from '../base/invariant.js';
import { MillraceError } from '../base/millrace-error.js';
import { type TypeDescriptor, typeId } from '../serde/type-descriptor.js';
import { type Chain, cutIntoChains, type ResolvedNode, type StreamEdge } from './chaining.js';
import { graphFingerprint } from './graph-fingerprint.js';
import type {
  BuiltJob,
  CachedFileEntry,
  ChainNode,
  ChainOutput,
  ExecutableEdge,
  ExecutableVertex,
  JobEdge,
  JobVertex,
} from './job-graph.js';
import { defaultMaxParallelism, MAX_PARALLELISM_LIMIT } from './key-group.js';
import { checkUidsGiven, operatorUids } from './operator-uids.js';
import { PARTITIONINGS, type Partitioning } from './partitioning.js';
import { replayWarnings } from './replay-warnings.js';
import { type RuntimeExecutionMode, type RuntimeMode, settleRuntimeMode } from './runtime-mode.js';
import { slotResources } from './slot-resources.js';
import type { StreamGraph, StreamNode } from './stream-graph.js';
import { typeOfOrigin } from './stream-graph.js';
import { watermarkWarnings } from './watermark-warnings.js';

/** What holds for operators that say nothing themselves. */
export interface JobGraphSettings {
  readonly name: string;
  readonly parallelism: number;
  /** Undefined: from the parallelism. */
  readonly maxParallelism: number | undefined;
  /** By uid of its head: vertices of a rescaled job, whatever else is said. They are chained as if it were not. */
  readonly vertexParallelism: Readonly<Record<string, number>>;
  readonly chainingEnabled: boolean;
  readonly runtimeMode: RuntimeExecutionMode;
  /** Operators may do without a uid. */
  readonly generatesUids: boolean;
  /** Undefined: what the job is started with. */
  readonly bufferTimeoutMs: number | undefined;
  readonly configuration: Readonly<Record<string, string | number | boolean>>;
  readonly cachedFiles: readonly CachedFileEntry[];
  readonly globalJobParameters: JobParameters;
}

/**
 * Makes the tasks of a job from its operators: uids, types and parallelism are settled, operators chained,
 * edges partitioned. The same stream graph and settings give the same result in every thread.
 *
 * @throws MillraceError MR1001, MR1002 or MR1005 where the job makes no sense, naming the operator
 */
export function generateJobGraph(graph: StreamGraph, settings: JobGraphSettings): BuiltJob {
  if (!graph.nodes.some(({ spec }) => spec.isSink === true)) {
    throw new MillraceError(
      'MR1005',
      `The job '${settings.name}' has no sink, so nothing would come of it.`,
      {
        hint: 'End its streams with sinkTo(...) or print().',
      },
    );
  }
  if (!settings.generatesUids) checkUidsGiven(graph.nodes);
  const uids = operatorUids(graph.nodes);
  const runtimeMode = settleRuntimeMode(graph.nodes, settings.runtimeMode);
  const resolved = resolveNodes(graph.nodes, uids.byNode, runtimeMode, settings);
  const chains = rescaledChains(cutIntoChains(resolved, settings.chainingEnabled), settings);
  const edges = connectChains(chains, settings);
  const vertices = chains.map((chain, id) => describeVertex(chain, id));
  const jobEdges = edges.map((edge) => edge.jobEdge);
  const resources = slotResources(graph.nodes);
  return {
    graph: {
      name: settings.name,
      runtimeMode,
      fingerprint: graphFingerprint({ vertices, edges: jobEdges, runtimeMode }),
      vertices,
      edges: jobEdges,
      // A batch has no state to be found again, and fires at its end in any case.
      warnings: [
        ...(runtimeMode === 'BATCH' ? [] : [...uids.warnings, ...watermarkWarnings(graph.nodes)]),
        ...replayWarnings(graph.nodes),
      ],
      cachedFiles: settings.cachedFiles,
      configuration: settings.configuration,
      ...(resources && { slotResources: resources }),
    },
    vertices: chains.map((chain, id) => executableVertex(chain, at(vertices, id), edges)),
    edges: edges.map((edge) => edge.executable),
    globalJobParameters: settings.globalJobParameters,
  };
}

function resolveNodes(
  nodes: readonly StreamNode[],
  uids: ReadonlyMap<StreamNode, string>,
  runtimeMode: RuntimeMode,
  settings: JobGraphSettings,
): ResolvedNode[] {
  const byNode = new Map<StreamNode, ResolvedNode>();
  for (const node of nodes) {
    const inEdges = node.spec.inputs.flatMap((origins, inputIndex) =>
      origins.map((origin): StreamEdge => ({ origin, target: node, inputIndex })),
    );
    const parallelism = node.parallelism ?? settings.parallelism;
    const maxParallelism =
      node.maxParallelism ?? settings.maxParallelism ?? defaultMaxParallelism(parallelism);
    checkParallelism(node, parallelism, maxParallelism);
    byNode.set(node, {
      node,
      uid: uids.get(node) ?? node.name,
      operator:
        runtimeMode === 'BATCH' ? (node.spec.batchOperator ?? node.spec.operator) : node.spec.operator,
      parallelism,
      maxParallelism,
      slotSharingGroup: node.slotSharingGroup ?? inheritedGroup(inEdges, byNode),
      inEdges,
      outEdges: [],
    });
    for (const edge of inEdges) byNode.get(edge.origin.node)?.outEdges.push(edge);
  }
  return [...byNode.values()];
}

function checkParallelism(node: StreamNode, parallelism: number, maxParallelism: number): void {
  const isCount = (value: number): boolean =>
    Number.isInteger(value) && value >= 1 && value <= MAX_PARALLELISM_LIMIT;
  if (isCount(parallelism) && isCount(maxParallelism) && parallelism <= maxParallelism) return;
  throw new MillraceError(
    'MR1001',
    `'${node.name}' has parallelism ${parallelism} and maximum parallelism ${maxParallelism}.`,
    { hint: `Both are whole numbers from 1 to ${MAX_PARALLELISM_LIMIT}, the first not above the second.` },
  );
}

/** @throws MillraceError MR1001 for a vertex that is none, or whose maximum parallelism is less */
function rescaledChains(
  chains: readonly Chain[],
  { vertexParallelism, name }: JobGraphSettings,
): readonly Chain[] {
  for (const uid of Object.keys(vertexParallelism)) {
    if (chains.some(({ head }) => head.uid === uid)) continue;
    throw new MillraceError('MR1001', `The job '${name}' has no vertex '${uid}' that could be rescaled.`, {
      hint: 'A vertex is named by the uid of the first of its chained operators.',
    });
  }
  return chains.map((chain) => {
    const parallelism = vertexParallelism[chain.head.uid];
    if (parallelism === undefined || parallelism === chain.head.parallelism) return chain;
    const rescaled = (member: ResolvedNode): ResolvedNode => ({ ...member, parallelism });
    for (const { node, maxParallelism } of chain.members) checkParallelism(node, parallelism, maxParallelism);
    const [head = rescaled(chain.head), ...others] = chain.members.map(rescaled);
    return { head, members: [head, ...others] };
  });
}

/** As in Flink: the group of the inputs if they agree, else the default one. */
function inheritedGroup(
  inEdges: readonly StreamEdge[],
  known: ReadonlyMap<StreamNode, ResolvedNode>,
): string {
  const groups = new Set(inEdges.map((edge) => known.get(edge.origin.node)?.slotSharingGroup ?? 'default'));
  const [group] = groups;
  return groups.size === 1 && group !== undefined ? group : 'default';
}

interface ConnectedEdge {
  readonly streamEdge: StreamEdge;
  readonly jobEdge: JobEdge;
  readonly type: TypeDescriptor<unknown>;
  readonly executable: ExecutableEdge;
}

/** The edges between chains, by consumer, in the order of its inputs. */
function connectChains(chains: readonly Chain[], settings: JobGraphSettings): ConnectedEdge[] {
  const vertexOf = new Map<StreamNode, number>();
  const resolvedOf = new Map<StreamNode, ResolvedNode>();
  for (const [id, chain] of chains.entries()) {
    for (const member of chain.members) {
      vertexOf.set(member.node, id);
      resolvedOf.set(member.node, member);
    }
  }
  const edges: ConnectedEdge[] = [];
  for (const [target, chain] of chains.entries()) {
    for (const streamEdge of chain.head.inEdges) {
      const producer = resolvedOf.get(streamEdge.origin.node);
      const source = vertexOf.get(streamEdge.origin.node);
      invariant(
        producer !== undefined && source !== undefined && source < target,
        'vertices are in topological order',
        {
          source,
          target,
        },
      );
      const edge = connect(edges.length, streamEdge, { source, target }, producer, chain.head);
      const bufferTimeoutMs = producer.node.bufferTimeoutMs ?? settings.bufferTimeoutMs;
      edges.push({ ...edge, executable: { ...edge.executable, bufferTimeoutMs } });
    }
  }
  return edges;
}

function connect(
  id: number,
  streamEdge: StreamEdge,
  between: { readonly source: number; readonly target: number },
  producer: ResolvedNode,
  consumer: ResolvedNode,
): Omit<ConnectedEdge, 'executable'> & { readonly executable: Omit<ExecutableEdge, 'bufferTimeoutMs'> } {
  const partitioning = settlePartitioning(streamEdge, producer, consumer);
  const type = typeOfOrigin(streamEdge.origin);
  const ends = {
    edge: id,
    producers: producer.parallelism,
    consumers: consumer.parallelism,
    maxParallelism: consumer.maxParallelism,
  };
  return {
    streamEdge,
    type,
    jobEdge: {
      id,
      source: between.source,
      sourceUid: producer.uid,
      target: between.target,
      inputIndex: streamEdge.inputIndex,
      partitioner: partitioning.kind,
      typeId: typeId(type),
    },
    executable: {
      id,
      type,
      createPartitioner: (channels, subtask) => partitioning.create(channels, subtask, ends),
    },
  };
}

function settlePartitioning(edge: StreamEdge, producer: ResolvedNode, consumer: ResolvedNode): Partitioning {
  const same = producer.parallelism === consumer.parallelism;
  const asked = edge.origin.partitioning;
  if (asked === undefined) return same ? PARTITIONINGS.forward : PARTITIONINGS.rebalance;
  if (asked.kind !== 'forward' || same) return asked;
  throw new MillraceError(
    'MR1001',
    `Forward partitioning from '${producer.node.name}' (parallelism ${producer.parallelism}) to ` +
      `'${consumer.node.name}' (parallelism ${consumer.parallelism}) is impossible.`,
    { hint: 'Give both the same parallelism, or use rebalance() or rescale().' },
  );
}

function describeVertex(chain: Chain, id: number): JobVertex {
  const { head, members } = chain;
  const { operator } = head;
  return {
    id,
    uid: head.uid,
    name: chainName(head, new Set(members)),
    parallelism: head.parallelism,
    maxParallelism: head.maxParallelism,
    slotSharingGroup: head.slotSharingGroup,
    parallelismConfigured: members.some(({ node }) => node.parallelism !== undefined),
    isSource: operator.kind === 'source',
    bounded: operator.kind === 'source' && operator.bounded,
    ...(head.node.spec.readersRestartAlone === true && { readersRestartAlone: true }),
    operators: members.map(({ uid, node, operator }) => ({
      uid,
      name: node.name,
      description: node.description,
      keyed: usesManagedMemory(operator),
    })),
  };
}

function usesManagedMemory(operator: ResolvedNode['operator']): boolean {
  return (
    operator.kind === 'operator' && (operator.factory.needsKeyedState || operator.factory.sorts === true)
  );
}

/** `A -> B -> C`; where a stream is used more than once, `A -> (B, C -> D)`. */
function chainName(from: ResolvedNode, members: ReadonlySet<ResolvedNode>): string {
  const next = chainedConsumers(from, members).map((consumer) => chainName(consumer, members));
  if (next.length === 0) return from.node.name;
  return `${from.node.name} -> ${next.length === 1 ? next[0] : `(${next.join(', ')})`}`;
}

function chainedConsumers(from: ResolvedNode, members: ReadonlySet<ResolvedNode>): ResolvedNode[] {
  return [...members].filter(
    (member) =>
      member.inEdges.length === 1 && member.inEdges[0]?.origin.node === from.node && member !== from,
  );
}

function executableVertex(
  chain: Chain,
  vertex: JobVertex,
  edges: readonly ConnectedEdge[],
): ExecutableVertex {
  const indexOf = new Map(chain.members.map((member, index) => [member.node, index]));
  const leaving = new Map(edges.map((edge) => [edge.streamEdge, edge.executable]));
  const nodes = chain.members.map(({ node, uid, operator, inEdges, outEdges }): ChainNode => {
    return {
      uid,
      name: node.name,
      keyType: inEdges.map(({ origin }) => origin.partitioning?.keyType).find((type) => type !== undefined),
      operator: operator.kind === 'source' ? { kind: 'source', factory: operator.factory } : operator,
      outputs: outEdges.map((edge): ChainOutput => {
        const executable = leaving.get(edge);
        const { tag } = edge.origin;
        if (executable !== undefined) return { kind: 'edge', edge: executable, tag };
        const target = indexOf.get(edge.target);
        invariant(target !== undefined, 'an edge that is no job edge stays in its chain', {
          edge: edge.target.name,
        });
        return { kind: 'chained', node: target, inputIndex: edge.inputIndex, tag };
      }),
    };
  });
  return { vertex, nodes };
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  invariant(item !== undefined, 'the index is within the list', { index, length: items.length });
  return item;
}
