import { MillraceError } from '../base/millrace-error.js';
import { ownEntry } from '../base/own-entry.js';
import type { JobGraph, JobVertex } from '../graph/job-graph.js';
import type { AccumulatorsByUid, AccumulatorValues } from '../job/accumulator-totals.js';
import type { AttemptRestore } from '../ports/task-launcher.js';
import { assignInFlight } from './in-flight-assignment.js';
import type {
  CheckpointManifest,
  OperatorStateHandle,
  SubtaskSnapshot,
  VertexSnapshot,
} from './snapshot-handle.js';
import { type FormerStates, redistributeState, withUnionLists } from './state-redistribution.js';

/** In place of an enumerator's state, which is never empty: it had dealt out all splits, and ended. */
export const NO_SPLITS_LEFT: Uint8Array = new Uint8Array(0);

/**
 * Gives each subtask of a graph its part of a checkpoint. State is found by operator uid, so a corrected
 * job whose operators kept their uids resumes, even if they are chained in another way. Where the parallelism
 * is another one than it was, state is dealt out anew.
 *
 * What had ended stays ended, and so does what is new behind it: nothing comes to either. Of a vertex that had ended in
 * a part, those subtasks run, on the state of those that ran, that had not ended or may be sent something now: because
 * operators are chained anew, or those before them are of another number.
 *
 * `allowNonRestoredState`: state that no operator would take is left out.
 *
 * @throws MillraceError MR2101 if the checkpoint holds state that no operator of the graph would take, an operator that
 *   had ended is chained to one that had not, or takes records of one that had not: its state is gone, as some of that
 *   of a keyed operator is that had ended in a part
 * @throws MillraceError MR2104 if it holds in-flight data that fits no edge of the graph
 * @throws MillraceError MR2102 if the maximum parallelism of keyed state differs
 */
export function assignState(
  manifest: CheckpointManifest,
  graph: JobGraph,
  allowNonRestoredState = false,
): AttemptRestore {
  if (!allowNonRestoredState) refuseUnclaimed(manifest, graph);
  const assignment = new StateAssignment(manifest, graph);
  // In topological order: what comes to a vertex is known before it.
  const subtasks = graph.vertices.map((vertex) => assignment.assign(vertex));
  return {
    checkpointId: manifest.checkpointId,
    subtasks,
    inFlight: assignInFlight(manifest, graph, allowNonRestoredState),
    enumerators: graph.vertices.map((vertex) =>
      vertex.isSource ? enumeratorOf(vertex, subtasks[vertex.id], manifest) : undefined,
    ),
    drained: manifest.kind === 'drained',
    accumulated: accumulatedIn(manifest, graph),
  };
}

/** What subtasks had accumulated that had ended, of the operators that the graph has. */
function accumulatedIn(manifest: CheckpointManifest, graph: JobGraph): AccumulatorsByUid {
  const ended = new Map(manifest.vertices.flatMap(({ ended = {} }) => Object.entries(ended)));
  const accumulated: Record<string, AccumulatorValues> = {};
  for (const { uid } of graph.vertices.flatMap(({ operators }) => operators)) {
    const values = ended.get(uid);
    if (values !== undefined && Object.keys(values).length > 0) accumulated[uid] = values;
  }
  return accumulated;
}

/**
 * An enumerator ends with subtask 0, which may come to run again: then every split had been dealt out.
 */
function enumeratorOf(
  { uid }: JobVertex,
  present: Subtasks | undefined,
  manifest: CheckpointManifest,
): Uint8Array | undefined {
  const home = manifest.vertices.find(({ vertexUid }) => vertexUid === uid);
  if (home === undefined || home.enumerator !== undefined) return home?.enumerator;
  return home.subtasks[0] === 'finished' && present?.[0] !== 'finished' ? NO_SPLITS_LEFT : undefined;
}

type Subtasks = readonly (SubtaskSnapshot | 'finished')[];

function hasEnded(subtasks: Subtasks = []): boolean {
  return subtasks.length > 0 && subtasks.every((subtask) => subtask === 'finished');
}

function sendsNothing(subtask: SubtaskSnapshot | 'finished' | undefined): boolean {
  return subtask === 'finished' || subtask?.dataFinished === true;
}

/** Where the checkpoint has an operator of a vertex. */
interface Home {
  readonly uid: string;
  readonly snapshot: VertexSnapshot;
}

/** Vertex by vertex, from the sources on. */
class StateAssignment {
  readonly #manifest: CheckpointManifest;
  readonly #graph: JobGraph;
  readonly #homes = new Map<string, VertexSnapshot>();
  /** By vertex id. */
  readonly #assigned: Subtasks[] = [];

  constructor(manifest: CheckpointManifest, graph: JobGraph) {
    this.#manifest = manifest;
    this.#graph = graph;
    for (const snapshot of manifest.vertices) {
      this.#homes.set(snapshot.vertexUid, snapshot);
      for (const uid of operatorUids(snapshot)) this.#homes.set(uid, snapshot);
    }
  }

  assign(vertex: JobVertex): Subtasks {
    const homes = vertex.operators.flatMap(({ uid }): Home[] => {
      const snapshot = this.#homes.get(uid);
      return snapshot === undefined ? [] : [{ uid, snapshot }];
    });
    for (const { uid, snapshot } of homes) checkMaxParallelism(vertex, uid, snapshot, this.#manifest);
    const subtasks = this.#subtasksOf(vertex, homes);
    this.#assigned[vertex.id] = subtasks;
    return subtasks;
  }

  #subtasksOf(vertex: JobVertex, homes: readonly Home[]): Subtasks {
    const all = Array.from({ length: vertex.parallelism }, (_, subtask) => subtask);
    const ended = homes.filter(({ snapshot }) => hasEnded(snapshot.subtasks));
    if (ended.length > 0) {
      if (ended.length < homes.length) throw endedInAPart(vertex, this.#manifest);
      if (all.some((subtask) => this.#isReached(vertex, subtask))) throw goesOn(vertex, this.#manifest);
      return all.map(() => 'finished');
    }
    if (homes.length === 0 && this.#isBehindEnded(vertex)) return all.map(() => 'finished');
    if (homes.some(losesKeys) && all.some((subtask) => this.#isReached(vertex, subtask)))
      throw goesOn(vertex, this.#manifest);
    const parts = homes.map((home) => partsOf(home, vertex));
    return all.map((subtask) => {
      const isReached = this.#isReached(vertex, subtask);
      if (!isReached && homes.length > 0 && homes.every((home) => hadFinished(home, vertex, subtask)))
        return 'finished';
      const operators: Record<string, OperatorStateHandle> = {};
      for (const [index, { uid }] of homes.entries()) {
        const part = parts[index]?.[subtask];
        if (part !== undefined) operators[uid] = part;
      }
      const dataFinished = !isReached && hasNothingToSend(homes, vertex, subtask);
      return dataFinished ? { operators, dataFinished } : { operators };
    });
  }

  /** Whether somebody who had not ended sends to the subtask. */
  #isReached(vertex: JobVertex, subtask: number): boolean {
    return this.#graph.edges.some(({ source, target, partitioner }) => {
      if (target !== vertex.id) return false;
      const producers = this.#assigned[source] ?? [];
      return partitioner === 'forward' ? !sendsNothing(producers[subtask]) : !producers.every(sendsNothing);
    });
  }

  #isBehindEnded(vertex: JobVertex): boolean {
    const inputs = this.#graph.edges.filter(({ target }) => target === vertex.id);
    return inputs.length > 0 && inputs.every(({ source }) => hasEnded(this.#assigned[source]));
  }
}

/** The keys of subtasks that had ended went with them: sent to again, they would begin anew, and others go on. */
function losesKeys({ uid, snapshot: { subtasks } }: Home): boolean {
  return (
    subtasks.includes('finished') &&
    subtasks.some(
      (subtask) => subtask !== 'finished' && ownEntry(subtask.operators, uid)?.keyed !== undefined,
    )
  );
}

/** The subtask is the one that had. */
function hadFinished({ snapshot }: Home, { parallelism }: JobVertex, subtask: number): boolean {
  return snapshot.parallelism === parallelism && snapshot.subtasks[subtask] === 'finished';
}

/** What it is restored from had processed the end of its input. */
function hasNothingToSend(homes: readonly Home[], { parallelism }: JobVertex, subtask: number): boolean {
  return (
    homes.length > 0 &&
    homes.every(({ snapshot: { parallelism: former, subtasks } }) =>
      former === parallelism ? sendsNothing(subtasks[subtask]) : subtasks.every(sendsNothing),
    )
  );
}

/** What an operator is restored from, by its present subtasks. */
function partsOf({ uid, snapshot }: Home, { parallelism, maxParallelism }: JobVertex): FormerStates {
  const former = formerStates(snapshot, uid);
  if (snapshot.parallelism === parallelism) return withUnionLists(former);
  return redistributeState(former, parallelism, maxParallelism);
}

function endedInAPart(vertex: JobVertex, manifest: CheckpointManifest): MillraceError {
  return new MillraceError(
    'MR2101',
    `Some operators of '${vertex.name}' had ended in the checkpoint, others not.`,
    {
      where: { job: manifest.jobName, operator: vertex.name, uid: vertex.uid },
      why: `Checkpoint ${manifest.checkpointId} was taken when they were chained in another way.`,
      hint: 'Chain them as before, or start the job anew with --fresh.',
    },
  );
}

function goesOn(vertex: JobVertex, manifest: CheckpointManifest): MillraceError {
  return new MillraceError(
    'MR2101',
    `'${vertex.name}' had ended in the checkpoint, and is sent records now.`,
    {
      where: { job: manifest.jobName, operator: vertex.name, uid: vertex.uid },
      why: `What it knew by checkpoint ${manifest.checkpointId} went with it, and an operator before it is new or goes on.`,
      hint: 'Give it another uid, by which it begins anew, or send to it what it had been sent.',
    },
  );
}

/** The number of key groups is fixed by the first checkpoint: a key's group depends on it. */
function checkMaxParallelism(
  vertex: JobVertex,
  uid: string,
  home: VertexSnapshot,
  manifest: CheckpointManifest,
): void {
  const { maxParallelism } = home;
  if (maxParallelism === vertex.maxParallelism) return;
  if (formerStates(home, uid).every((state) => state?.keyed === undefined)) return;
  throw new MillraceError(
    'MR2102',
    `'${vertex.name}' had maximum parallelism ${maxParallelism}, and now has ${vertex.maxParallelism}.`,
    {
      where: { job: manifest.jobName, operator: vertex.name, uid },
      why: `The keyed state of checkpoint ${manifest.checkpointId} lies in ${maxParallelism} key groups for good.`,
      hint: `Set pipeline.max-parallelism to ${maxParallelism}, or start the job anew with --fresh.`,
    },
  );
}

function formerStates(home: VertexSnapshot, uid: string): FormerStates {
  return home.subtasks.map((subtask) =>
    subtask === 'finished' ? undefined : ownEntry(subtask.operators, uid),
  );
}

/** Operators of the checkpoint that hold state, and that the graph does not have. */
export function unclaimedUids(manifest: CheckpointManifest, graph: JobGraph): readonly string[] {
  const declared = new Set(graph.vertices.flatMap(({ operators }) => operators.map(({ uid }) => uid)));
  const unclaimed = new Set<string>();
  for (const snapshot of manifest.vertices) {
    for (const uid of operatorUids(snapshot)) {
      if (!declared.has(uid) && holdsState(snapshot, uid)) unclaimed.add(uid);
    }
    if (snapshot.enumerator !== undefined && !declared.has(snapshot.vertexUid))
      unclaimed.add(snapshot.vertexUid);
  }
  return [...unclaimed];
}

function refuseUnclaimed(manifest: CheckpointManifest, graph: JobGraph): void {
  const unclaimed = unclaimedUids(manifest, graph);
  if (unclaimed.length === 0) return;
  throw new MillraceError(
    'MR2101',
    `The checkpoint holds state of operators that the job does not have: ${unclaimed.join(', ')}.`,
    {
      where: { job: manifest.jobName },
      why: `Checkpoint ${manifest.checkpointId} was taken from a graph with other uids.`,
      hint: 'Give the operators their former uids with .uid(...), or begin with -s PATH -n, which leaves their state out.',
    },
  );
}

/** Those that the checkpoint knows. */
export function operatorUids(snapshot: VertexSnapshot): ReadonlySet<string> {
  const uids = new Set<string>(Object.keys(snapshot.ended ?? {}));
  for (const subtask of snapshot.subtasks) {
    if (subtask !== 'finished') for (const uid of Object.keys(subtask.operators)) uids.add(uid);
  }
  return uids;
}

/** How far an operator was in event time is nothing without the operator. */
function holdsState(snapshot: VertexSnapshot, uid: string): boolean {
  const { [uid]: accumulated = {} } = snapshot.ended ?? {};
  if (Object.keys(accumulated).length > 0) return true;
  return snapshot.subtasks.some((subtask) => {
    const handle = subtask === 'finished' ? undefined : ownEntry(subtask.operators, uid);
    if (handle === undefined) return false;
    const { keyed, lists } = handle;
    return (
      (keyed?.files.length ?? 0) > 0 ||
      Object.values(lists).some(({ mode, items }) => mode !== 'watermark' && items.length > 0)
    );
  });
}
