import { MillraceError } from '../base/millrace-error.js';
import type { JobGraph, JobVertex } from '../graph/job-graph.js';
import { slotCount, slotRequirements } from './slot-sharing.js';

/** How parallel a vertex is to be: as much as there is room for, within both bounds. */
export interface VertexParallelism {
  readonly lowerBound: number;
  readonly upperBound: number;
}

/** By vertex id. Plain data. */
export type ResourceRequirements = Readonly<Record<number, VertexParallelism>>;

/** What a job asks for that nobody has rescaled: what it has, or less. */
export function declaredRequirements({ vertices }: JobGraph): ResourceRequirements {
  return Object.fromEntries(
    vertices.map(({ id, parallelism }) => [id, { lowerBound: 1, upperBound: parallelism }]),
  );
}

/** The same parallelism for all vertices whose parallelism the job does not name itself. */
export function uniformRequirements({ vertices }: JobGraph, parallelism: number): ResourceRequirements {
  return Object.fromEntries(
    vertices
      .filter(({ parallelismConfigured }) => !parallelismConfigured)
      .map(({ id }) => [id, { lowerBound: parallelism, upperBound: parallelism }]),
  );
}

/** @throws MillraceError MR5013 for a vertex that is none, or bounds that are none for it */
export function checkRequirements(graph: JobGraph, requirements: ResourceRequirements): void {
  for (const [id, bounds] of Object.entries(requirements)) {
    const vertex = graph.vertices[Number(id)];
    if (vertex === undefined) throw refused(graph, `It has no vertex ${id}.`);
    checkBounds(graph, vertex, bounds);
  }
}

function checkBounds(
  graph: JobGraph,
  vertex: JobVertex,
  { lowerBound, upperBound }: VertexParallelism,
): void {
  const { name, maxParallelism } = vertex;
  if (!Number.isInteger(lowerBound) || !Number.isInteger(upperBound) || lowerBound < 1)
    throw refused(graph, `'${name}' cannot have a parallelism from ${lowerBound} to ${upperBound}.`);
  if (lowerBound > upperBound)
    throw refused(graph, `'${name}': the lower bound ${lowerBound} is above the upper bound ${upperBound}.`);
  if (upperBound > maxParallelism)
    throw refused(
      graph,
      `'${name}': the parallelism ${upperBound} is above the maximum parallelism ${maxParallelism}, which is that of its state for good.`,
    );
}

/** Whether it could have any parallelism that they allow. */
export function isWithinBounds(
  { maxParallelism }: Pick<JobVertex, 'maxParallelism'>,
  { lowerBound, upperBound }: VertexParallelism,
): boolean {
  return lowerBound >= 1 && lowerBound <= upperBound && upperBound <= maxParallelism;
}

/** The requirements of all vertices, where those that are not named keep what they had. */
export function mergedRequirements(
  former: ResourceRequirements,
  changed: ResourceRequirements,
): ResourceRequirements {
  return { ...former, ...changed };
}

/** What a job asks for that takes all slots it can get: its maximum parallelism, where it names no other itself. */
export function reactiveRequirements({ vertices }: JobGraph): ResourceRequirements {
  return Object.fromEntries(
    vertices.map(({ id, parallelism, maxParallelism, parallelismConfigured }) => [
      id,
      { lowerBound: 1, upperBound: parallelismConfigured ? parallelism : maxParallelism },
    ]),
  );
}

/** By vertex id: the upper bound, or the limit where that is less and not below the lower one. */
export function parallelismWithin(
  { vertices }: JobGraph,
  requirements: ResourceRequirements,
  limit: number,
): readonly number[] {
  return vertices.map(({ id, parallelism }) => {
    const { lowerBound, upperBound } = requirements[id] ?? { lowerBound: 1, upperBound: parallelism };
    return Math.max(lowerBound, Math.min(upperBound, limit));
  });
}

/** How many slots the job needs where no vertex is more parallel than the limit, but for its lower bound. */
export function slotsWithin(graph: JobGraph, requirements: ResourceRequirements, limit: number): number {
  const parallelisms = parallelismWithin(graph, requirements, limit);
  const vertices = graph.vertices.map((vertex, i) => ({ ...vertex, parallelism: parallelisms[i] ?? 1 }));
  return slotCount(slotRequirements({ vertices }));
}

/** The highest limit with which the job does with so many slots; undefined: the lower bounds need more. */
export function limitWithin(
  graph: JobGraph,
  requirements: ResourceRequirements,
  slots: number,
): number | undefined {
  const most = Math.max(...Object.values(requirements).map(({ upperBound }) => upperBound));
  for (let limit = Math.min(most, slots); limit >= 1; limit--)
    if (slotsWithin(graph, requirements, limit) <= slots) return limit;
  return undefined;
}

function refused({ name }: JobGraph, why: string): MillraceError {
  return new MillraceError('MR5013', `The job '${name}' is not rescaled.`, {
    where: { job: name },
    why,
    hint: 'It goes on as it was. Ask for whole numbers from 1 to the maximum parallelism of the vertex.',
  });
}
