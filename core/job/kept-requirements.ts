import type { JobGraph } from '../graph/job-graph.js';
import { isWithinBounds, type ResourceRequirements, type VertexParallelism } from './rescale-requirements.js';

/** Requirements as they outlive a process: by the uid of a vertex, since another graph may number them otherwise. */
export type RequirementsByUid = Readonly<Record<string, VertexParallelism>>;

/** What a rescale has asked for. Plain data. */
export interface KeptRequirements {
  /** What the job had asked for as it was started. */
  readonly declared: RequirementsByUid;
  readonly wanted: RequirementsByUid;
}

export function requirementsByUid(
  { vertices }: JobGraph,
  requirements: ResourceRequirements,
): RequirementsByUid {
  return Object.fromEntries(
    vertices.flatMap(({ id, uid }) => {
      const bounds = requirements[id];
      return bounds === undefined ? [] : [[uid, bounds] as const];
    }),
  );
}

/**
 * What a job asks for that goes on after a rescale. Undefined: it is started with something else than it was when it
 * was rescaled, and what is said last counts.
 *
 * @param declared what it asks for as it is started now
 */
export function requirementsKept(
  graph: JobGraph,
  declared: ResourceRequirements,
  kept: KeptRequirements,
): ResourceRequirements | undefined {
  const former = new Map(Object.entries(kept.declared));
  const present = Object.entries(requirementsByUid(graph, declared));
  const isSame = ([uid, { lowerBound, upperBound }]: (typeof present)[number]): boolean =>
    former.get(uid)?.lowerBound === lowerBound && former.get(uid)?.upperBound === upperBound;
  if (former.size !== present.length || !present.every(isSame)) return undefined;
  const wanted = new Map(Object.entries(kept.wanted));
  return Object.fromEntries(
    graph.vertices.flatMap((vertex) => {
      const bounds = wanted.get(vertex.uid) ?? declared[vertex.id];
      return bounds !== undefined && isWithinBounds(vertex, bounds) ? [[vertex.id, bounds] as const] : [];
    }),
  );
}
