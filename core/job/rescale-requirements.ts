import { MillraceError } from '../base/millrace-error.js';
import type { JobGraph, JobVertex } from '../graph/job-graph.js';

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

/** The requirements of all vertices, where those that are not named keep what they had. */
export function mergedRequirements(
  former: ResourceRequirements,
  changed: ResourceRequirements,
): ResourceRequirements {
  return { ...former, ...changed };
}

function refused({ name }: JobGraph, why: string): MillraceError {
  return new MillraceError('MR5013', `The job '${name}' is not rescaled.`, {
    where: { job: name },
    why,
    hint: 'It goes on as it was. Ask for whole numbers from 1 to the maximum parallelism of the vertex.',
  });
}
