import { MillraceError } from '../base/millrace-error.js';
import type { JobEdge, JobGraph, JobVertex, PartitionerKind } from '../graph/job-graph.js';
import { keyGroupRangeOf } from '../graph/key-group.js';
import type { StateFileHandle } from '../ports/keyed-state-store.js';
import { IN_FLIGHT_FORMAT } from './in-flight-block.js';
import type { CheckpointManifest, InFlightEdge, InFlightHandle, VertexSnapshot } from './snapshot-handle.js';

/** What had been under way in one channel, as one present subtask is given it. Plain data. */
export interface InFlightPart {
  readonly edgeId: number;
  readonly file: StateFileHandle;
  /** Number of the channel in the file. */
  readonly channel: number;
  /** Producer whose present channel goes on where this ends; undefined: none does. */
  readonly producer: number | undefined;
  /** Others are given it as well: only records count that the edge's partitioner sends to this subtask. */
  readonly filtered: boolean;
}

/** What one subtask reads before any new input. Plain data. */
export interface InFlightRestore {
  readonly parts: readonly InFlightPart[];
  /**
   * Inputs of which every former channel that could bring this subtask anything is among the parts, and at least one of
   * each former producer: their watermarks can be told from the parts alone. Of others none is told, as those that are
   * missing held still.
   */
  readonly timedInputs: readonly number[];
}

type BySubtask = readonly (InFlightRestore | undefined)[];

/** Whether the barriers of an edge may be overtaken: what is under way in it can be dealt out anew. */
export function mayBeOvertaken(partitioner: PartitionerKind): boolean {
  return partitioner !== 'forward' && partitioner !== 'rescale' && partitioner !== 'broadcast';
}

/**
 * Gives in-flight data to the present subtasks of its consumers. Where both ends of all edges of an input have the
 * parallelism that they had, each channel's goes to its like. Its event time goes on from there only in the very graph
 * of the checkpoint: in any other one a producer may be given what another one had before it, and that may be older
 * than what it has told itself. Otherwise keyed data goes to every subtask whose
 * key groups it may hold, data of a custom partitioner to all, and of either each subtask keeps what is its
 * own; all other channels go to one subtask each.
 *
 * @returns by vertex id, then subtask
 * @throws MillraceError MR2104 if an edge is no more or has another type, unless `allowNonRestoredState`, by
 *   which the data of edges that are no more is left out
 */
export function assignInFlight(
  manifest: CheckpointManifest,
  graph: JobGraph,
  allowNonRestoredState: boolean,
): readonly BySubtask[] {
  if (!allowNonRestoredState)
    for (const former of manifest.vertices) refuseUnclaimed(former, graph, manifest);
  return graph.vertices.map((vertex): BySubtask => {
    const former = manifest.vertices.find(({ vertexUid }) => vertexUid === vertex.uid);
    if (former === undefined) return [];
    return new VertexAssignment(former, vertex, graph, manifest).bySubtask();
  });
}

/** Of in-flight data what edges of the graph take. */
export function claimedInFlight(
  handle: InFlightHandle,
  vertexUid: string,
  graph: JobGraph,
): InFlightHandle | undefined {
  const edges = handle.edges.filter((edge) => edgeLike(edge, vertexUid, graph) !== undefined);
  return edges.some(({ channels }) => channels.length > 0) ? { ...handle, edges } : undefined;
}

/** Edges in which something was under way, and which the graph does not have: `operator -> operator`, by uid. */
export function unclaimedInFlight(manifest: CheckpointManifest, graph: JobGraph): readonly string[] {
  const unclaimed = new Set<string>();
  for (const former of manifest.vertices) {
    for (const [, { edges }] of handlesOf(former)) {
      for (const edge of edges) {
        if (edge.channels.length > 0 && edgeLike(edge, former.vertexUid, graph) === undefined)
          unclaimed.add(`${edge.sourceUid} -> ${former.vertexUid}`);
      }
    }
  }
  return [...unclaimed];
}

/** What becomes of one edge of one former subtask. */
interface FormerEdge {
  readonly consumer: number;
  readonly former: InFlightEdge;
  readonly present: JobEdge;
  readonly file: StateFileHandle;
}

/** How the former channels of one input are dealt out. */
interface InputAssignment {
  readonly input: number;
  readonly edges: readonly FormerEdge[];
  /** Each present channel goes on where its like ends, in event time too. */
  readonly goesOn: boolean;
  /** Whether the channel from that producer may bring the subtask something. */
  brings(edge: FormerEdge, producer: number, subtask: number): boolean;
  /** Whether others are given the same. */
  isFiltered(edge: FormerEdge): boolean;
}

class VertexAssignment {
  readonly #former: VertexSnapshot;
  readonly #vertex: JobVertex;
  readonly #graph: JobGraph;
  readonly #edges: readonly FormerEdge[];
  readonly #isSameGraph: boolean;

  constructor(former: VertexSnapshot, vertex: JobVertex, graph: JobGraph, manifest: CheckpointManifest) {
    this.#former = former;
    this.#vertex = vertex;
    this.#graph = graph;
    this.#isSameGraph = manifest.fingerprint === graph.fingerprint;
    const edges: FormerEdge[] = [];
    for (const [consumer, { format, file, edges: all }] of handlesOf(former)) {
      if (format > IN_FLIGHT_FORMAT) throw unknownFormat(format, vertex, manifest);
      for (const edge of all) {
        const present = edgeLike(edge, vertex.uid, graph);
        if (present === undefined) continue;
        if (edge.channels.length > 0) checkType(edge, present, vertex, manifest);
        edges.push({ consumer, former: edge, present, file });
      }
    }
    this.#edges = edges;
  }

  bySubtask(): BySubtask {
    if (this.#edges.every(({ former }) => former.channels.length === 0)) return [];
    const numbers = new Set(this.#edges.map(({ former }) => former.inputIndex));
    const inputs = [...numbers].map((input) => this.#assignmentOf(input));
    return Array.from({ length: this.#vertex.parallelism }, (_, subtask) => {
      const parts = inputs.flatMap((input) => this.#partsOf(input, subtask));
      const timedInputs = inputs.filter((input) => !input.goesOn && this.#isTimed(input, subtask));
      if (parts.length === 0) return undefined;
      return { parts, timedInputs: timedInputs.map(({ input }) => input) };
    });
  }

  #assignmentOf(input: number): InputAssignment {
    const isDirect = this.#isDirect(input);
    const edges = this.#edges.filter(({ former }) => former.inputIndex === input);
    return {
      input,
      edges,
      goesOn: isDirect && this.#isSameGraph,
      brings: (edge, producer, subtask) =>
        isDirect ? edge.consumer === subtask : this.#mayBring(edge, producer, subtask),
      isFiltered: ({ present }) => !isDirect && isChosenByRecord(present.partitioner),
    };
  }

  /** Each former channel of the input has one like it. */
  #isDirect(input: number): boolean {
    const { parallelism, maxParallelism } = this.#vertex;
    if (this.#former.parallelism !== parallelism) return false;
    const sameGroups = this.#former.maxParallelism === maxParallelism;
    return this.#edges.every(({ former, present }) => {
      if (former.inputIndex !== input || former.channels.length === 0) return true;
      const producers = this.#graph.vertices[present.source]?.parallelism;
      if (former.partitioner !== present.partitioner || former.producers !== producers) return false;
      return sameGroups || former.partitioner !== 'hash';
    });
  }

  #partsOf({ edges, goesOn, brings, isFiltered }: InputAssignment, subtask: number): InFlightPart[] {
    const parts: InFlightPart[] = [];
    for (const edge of edges) {
      for (const { producer, number } of edge.former.channels) {
        if (!brings(edge, producer, subtask)) continue;
        parts.push({
          edgeId: edge.present.id,
          file: edge.file,
          channel: number,
          producer: goesOn ? producer : undefined,
          filtered: isFiltered(edge),
        });
      }
    }
    return parts;
  }

  #mayBring({ consumer, former, present }: FormerEdge, producer: number, subtask: number): boolean {
    const { parallelism, maxParallelism } = this.#vertex;
    if (present.partitioner === 'global') return subtask === 0;
    if (!isChosenByRecord(present.partitioner))
      return (consumer * former.producers + producer) % parallelism === subtask;
    const sameGroups = former.partitioner === 'hash' && this.#former.maxParallelism === maxParallelism;
    if (present.partitioner === 'custom' || !sameGroups) return true;
    const had = keyGroupRangeOf(consumer, this.#former.parallelism, maxParallelism);
    const has = keyGroupRangeOf(subtask, parallelism, maxParallelism);
    return had.start <= has.end && has.start <= had.end;
  }

  /** All former channels that might bring the subtask something were under way with something. */
  #isTimed({ edges, brings }: InputAssignment, subtask: number): boolean {
    const known = new Set(this.#edges.map(({ consumer }) => consumer));
    if (this.#former.subtasks.some((former, consumer) => former !== 'finished' && !known.has(consumer)))
      return false;
    return edges.every((edge) => {
      for (let producer = 0; producer < edge.former.producers; producer++) {
        const alike = edges.filter((other) => other.present === edge.present);
        // A present producer may go on with what any former one left, and be behind the others.
        if (!alike.some((other) => brings(other, producer, subtask))) return false;
        if (!brings(edge, producer, subtask)) continue;
        if (!edge.former.channels.some((channel) => channel.producer === producer)) return false;
      }
      return true;
    });
  }
}

/** Who gets a record depends on the record. */
function isChosenByRecord(partitioner: PartitionerKind): boolean {
  return partitioner === 'hash' || partitioner === 'custom';
}

function handlesOf(former: VertexSnapshot): [subtask: number, handle: InFlightHandle][] {
  const handles: [number, InFlightHandle][] = [];
  for (const [subtask, snapshot] of former.subtasks.entries()) {
    if (snapshot !== 'finished' && snapshot.inFlight !== undefined)
      handles.push([subtask, snapshot.inFlight]);
  }
  return handles;
}

/** By the uids of its ends, its input, and its place among the edges that share them. */
function edgeLike(former: InFlightEdge, vertexUid: string, graph: JobGraph): JobEdge | undefined {
  const alike = graph.edges.filter(
    ({ sourceUid, target, inputIndex }) =>
      inputIndex === former.inputIndex &&
      sourceUid === former.sourceUid &&
      graph.vertices[target]?.uid === vertexUid,
  );
  return alike[former.ordinal];
}

function refuseUnclaimed(former: VertexSnapshot, graph: JobGraph, manifest: CheckpointManifest): void {
  for (const [, { edges }] of handlesOf(former)) {
    for (const edge of edges) {
      if (edge.channels.length === 0 || edgeLike(edge, former.vertexUid, graph) !== undefined) continue;
      throw new MillraceError(
        'MR2104',
        `The checkpoint holds data that was under way from '${edge.sourceUid}' to '${former.vertexUid}', between which there is no such edge.`,
        {
          where: { job: manifest.jobName, uid: former.vertexUid },
          why: `Checkpoint ${manifest.checkpointId} is unaligned, and was taken from another graph or another chaining.`,
          hint: 'Restore it with the job as it was, take a savepoint (which holds no such data), and change the job then.',
        },
      );
    }
  }
}

function unknownFormat(format: number, vertex: JobVertex, manifest: CheckpointManifest): MillraceError {
  return new MillraceError('MR2104', `What was under way to '${vertex.name}' has the form ${format}.`, {
    where: { job: manifest.jobName, operator: vertex.name, uid: vertex.uid },
    why: `This version reads forms up to ${IN_FLIGHT_FORMAT}; checkpoint ${manifest.checkpointId} is of another.`,
    hint: 'Restore it with the version that wrote it, and take a savepoint, which holds nothing that was under way.',
  });
}

function checkType(
  edge: InFlightEdge,
  present: JobEdge,
  vertex: JobVertex,
  manifest: CheckpointManifest,
): void {
  if (edge.typeId === present.typeId) return;
  throw new MillraceError(
    'MR2104',
    `Records were under way from '${edge.sourceUid}' to '${vertex.uid}' as ${edge.typeId}, and are ${present.typeId} now.`,
    {
      where: { job: manifest.jobName, operator: vertex.name, uid: vertex.uid },
      why: `Checkpoint ${manifest.checkpointId} is unaligned and holds such records.`,
      hint: 'Restore it with the type as it was, take a savepoint (which holds no records), and change the type then.',
    },
  );
}
