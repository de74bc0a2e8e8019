import { murmur3 } from '../base/murmur3.js';
import { encodeUtf8 } from '../base/utf8.js';
import type { JobEdge, JobGraph, JobVertex } from './job-graph.js';

/** The parts of a graph that two threads must agree on. */
type GraphParts = Pick<JobGraph, 'vertices' | 'edges' | 'runtimeMode'>;

/**
 * 128 bits over vertices, operators, edges, parallelism and types, as hexadecimal digits. It tells apart
 * what differs by accident, and is no protection against intent.
 */
export function graphFingerprint(parts: GraphParts): string {
  return hash128(
    JSON.stringify([parts.vertices.map(vertexParts), parts.edges.map(edgeParts), parts.runtimeMode]),
  );
}

/**
 * Says where two graphs of one job differ, naming the vertex, or undefined if they do not.
 * For example `vertex 'Map -> Filter' has parallelism 2 here and 4 there`.
 */
export function graphDifference(here: JobGraph, there: JobGraph): string | undefined {
  if (here.fingerprint === there.fingerprint) return undefined;
  const count = Math.max(here.vertices.length, there.vertices.length);
  for (let i = 0; i < count; i++) {
    const difference = vertexDifference(here.vertices[i], there.vertices[i]);
    if (difference !== undefined) return difference;
  }
  for (let i = 0; i < Math.max(here.edges.length, there.edges.length); i++) {
    const [a, b] = [edgeText(here, i), edgeText(there, i)];
    if (a !== b) return `the edge ${a} is ${b} there`;
  }
  return 'the graphs have the same vertices and edges but different fingerprints';
}

function vertexDifference(here: JobVertex | undefined, there: JobVertex | undefined): string | undefined {
  if (here === undefined) return `vertex '${there?.name}' is missing here`;
  if (there === undefined) return `vertex '${here.name}' is missing there`;
  const [a, b] = [vertexParts(here), vertexParts(there)];
  for (const [name, value] of Object.entries(a)) {
    const other = (b as Record<string, unknown>)[name];
    const [text, otherText] = [JSON.stringify(value), JSON.stringify(other)];
    if (text !== otherText) return `vertex '${here.name}' has ${name} ${text} here and ${otherText} there`;
  }
  return undefined;
}

function vertexParts(vertex: JobVertex): Record<string, unknown> {
  return {
    name: vertex.name,
    uid: vertex.uid,
    parallelism: vertex.parallelism,
    maxParallelism: vertex.maxParallelism,
    slotSharingGroup: vertex.slotSharingGroup,
    isSource: vertex.isSource,
    bounded: vertex.bounded,
    operators: vertex.operators.map(({ uid, name, keyed }) => [uid, name, keyed]),
  };
}

function edgeParts(edge: JobEdge): readonly unknown[] {
  return [edge.source, edge.target, edge.inputIndex, edge.partitioner, edge.typeId];
}

function edgeText(graph: JobGraph, index: number): string {
  const edge = graph.edges[index];
  if (edge === undefined) return '(none)';
  const [source, target] = [graph.vertices[edge.source]?.name, graph.vertices[edge.target]?.name];
  return `'${source}' -> '${target}' (input ${edge.inputIndex}, ${edge.partitioner}, ${edge.typeId})`;
}

/** Four 32-bit hashes of the text, as 32 hexadecimal digits. */
export function hash128(text: string): string {
  const bytes = encodeUtf8(text);
  let digits = '';
  for (let seed = 0; seed < 4; seed++) {
    digits += murmur3(bytes, 0, bytes.length, seed).toString(16).padStart(8, '0');
  }
  return digits;
}
