import { MillraceError } from '../base/millrace-error.js';
import { hash128 } from './graph-fingerprint.js';
import type { StreamNode, StreamOrigin } from './stream-graph.js';

export interface OperatorUids {
  readonly byNode: ReadonlyMap<StreamNode, string>;
  readonly warnings: readonly string[];
}

/**
 * The uid of every operator: given by the job, made from the name of a source or sink, or derived from the
 * place: what kind of operator it is and whose results it takes. Parallelism, names, partitioning and
 * operators elsewhere in the graph do not matter. A uid hash stands in the place of any of them in the end, so
 * that nothing is derived from it.
 *
 * @throws MillraceError MR1002 if the job gives two operators the same uid
 */
export function operatorUids(nodes: readonly StreamNode[]): OperatorUids {
  const byNode = new Map<StreamNode, string>();
  const warnings: string[] = [];
  const taken = takenUids(nodes, ({ uid }) => uid);
  for (const node of nodes) {
    if (node.uid !== undefined) {
      byNode.set(node, node.uid);
      continue;
    }
    const wanted = derivedUid(node, byNode);
    const uid = firstFree(wanted, taken);
    taken.set(uid, node);
    byNode.set(node, uid);
    const dependsOnPlace = node.spec.givenName === undefined || uid !== wanted;
    if (node.spec.isStateful === true && dependsOnPlace && node.uidHash === undefined) {
      warnings.push(
        `The operator '${node.name}' keeps state and has no uid; '${uid}' was derived from its place in the ` +
          "graph. Give it one by .uid('...'), so that its state is found again when the job changes.",
      );
    }
  }
  for (const node of nodes) if (node.uidHash !== undefined) byNode.set(node, node.uidHash);
  takenUids(nodes, (node) => byNode.get(node));
  return { byNode, warnings };
}

/** @throws MillraceError MR1001 for the first operator that was given neither uid nor uid hash */
export function checkUidsGiven(nodes: readonly StreamNode[]): void {
  const without = nodes.find(({ uid, uidHash }) => uid === undefined && uidHash === undefined);
  if (without === undefined) return;
  throw new MillraceError('MR1001', `'${without.name}' was given no uid.`, {
    why: 'pipeline.auto-generate-uids is false.',
    hint: "Give it one by .uid('...').",
  });
}

function takenUids(
  nodes: readonly StreamNode[],
  uidOf: (node: StreamNode) => string | undefined,
): Map<string, StreamNode> {
  const taken = new Map<string, StreamNode>();
  for (const node of nodes) {
    const uid = uidOf(node);
    if (uid === undefined) continue;
    const other = taken.get(uid);
    if (other !== undefined) {
      throw new MillraceError(
        'MR1002',
        `The uid '${uid}' is given to '${other.name}' and to '${node.name}'.`,
        {
          hint: 'Each operator needs a uid of its own, since its state is stored under it.',
        },
      );
    }
    taken.set(uid, node);
  }
  return taken;
}

function derivedUid(node: StreamNode, known: ReadonlyMap<StreamNode, string>): string {
  const { kind, givenName, inputs } = node.spec;
  if (givenName !== undefined) return `${kind}-${givenName.replace(/[^\w.-]+/g, '-')}`;
  if (inputs.length === 0) return kind;
  const place = inputs.map((origins) => origins.map((origin) => originPlace(origin, known)));
  return `${kind}-${hash128(JSON.stringify([kind, place])).slice(0, 8)}`;
}

function originPlace(origin: StreamOrigin, known: ReadonlyMap<StreamNode, string>): readonly unknown[] {
  return [known.get(origin.node), origin.tag ?? null];
}

function firstFree(wanted: string, taken: ReadonlyMap<string, StreamNode>): string {
  let uid = wanted;
  for (let ordinal = 2; taken.has(uid); ordinal++) uid = `${wanted}-${ordinal}`;
  return uid;
}
