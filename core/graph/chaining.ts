import { invariant } from '../base/invariant.js';
import type { StreamNode, StreamNodeSpec, StreamOrigin } from './stream-graph.js';

/** One way from an operator to the input of another. */
export interface StreamEdge {
  readonly origin: StreamOrigin;
  readonly target: StreamNode;
  readonly inputIndex: number;
}

/** An operator with the settings that hold for it, and its place among the others. */
export interface ResolvedNode {
  readonly node: StreamNode;
  readonly uid: string;
  /** What runs for it in the mode of the job. */
  readonly operator: StreamNodeSpec['operator'];
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly slotSharingGroup: string;
  readonly inEdges: readonly StreamEdge[];
  readonly outEdges: StreamEdge[];
}

/** Operators that run as one task: a tree, its head first, in the order in which they were added. */
export interface Chain {
  readonly head: ResolvedNode;
  readonly members: ResolvedNode[];
}

/**
 * Cuts the graph into chains by Flink's rules: an operator joins the chain of its producer if the edge is
 * its only one, forwards within the same parallelism and slot sharing group, and both allow it. What is
 * one subtask for ever (`windowAll`) does not join what may become more, as in Flink, where a hash lies between.
 *
 * Invariants: each operator is in exactly one chain; edges between chains lead to heads; chains come in
 * topological order of their heads.
 */
export function cutIntoChains(nodes: readonly ResolvedNode[], chainingEnabled: boolean): Chain[] {
  const chains: Chain[] = [];
  const chainOf = new Map<StreamNode, Chain>();
  const byNode = new Map(nodes.map((resolved) => [resolved.node, resolved]));
  for (const resolved of nodes) {
    const [edge] = resolved.inEdges;
    const producer = edge === undefined ? undefined : byNode.get(edge.origin.node);
    const joined =
      chainingEnabled && edge !== undefined && producer !== undefined && isChainable(edge, producer, resolved)
        ? chainOf.get(producer.node)
        : undefined;
    const chain = joined ?? { head: resolved, members: [] };
    if (joined === undefined) chains.push(chain);
    chain.members.push(resolved);
    chainOf.set(resolved.node, chain);
  }
  const members = chains.reduce((count, chain) => count + chain.members.length, 0);
  invariant(members === nodes.length, 'each operator is in one chain', { members, nodes: nodes.length });
  return chains;
}

function isChainable(edge: StreamEdge, producer: ResolvedNode, consumer: ResolvedNode): boolean {
  return (
    consumer.inEdges.length === 1 &&
    producer.node.chaining !== 'never' &&
    consumer.node.chaining === 'always' &&
    producer.slotSharingGroup === consumer.slotSharingGroup &&
    producer.parallelism === consumer.parallelism &&
    (consumer.maxParallelism > 1 || producer.maxParallelism === 1) &&
    (edge.origin.partitioning === undefined || edge.origin.partitioning.kind === 'forward')
  );
}
