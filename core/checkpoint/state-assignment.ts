import { MillraceError } from '../base/millrace-error.js';
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
 * What had ended stays ended: a subtask of an operator that has the parallelism that it had; otherwise the
 * operator, if all its subtasks had. Of one that had ended in a part, all subtasks run, on the state of those
 * that ran; so they do where those before them, some of which go on, are of another number than they were: each may
 * be sent something now.
 *
 * `allowNonRestoredState`: state that no operator would take is left out.
 *
 * @throws MillraceError MR2101 if the checkpoint holds state that no operator of the graph would take, or
 *   an operator of it had ended in only a part of the tasks it is now chained into
 * @throws MillraceError MR2104 if it holds in-flight data that fits no edge of the graph
 * @throws MillraceError MR2102 if the maximum parallelism of keyed state differs
 */
export function assignState(
  manifest: CheckpointManifest,
  graph: JobGraph,
  allowNonRestoredState = false,
): AttemptRestore {
  const byUid = new Map<string, VertexSnapshot>();
  for (const snapshot of manifest.vertices) {
    byUid.set(snapshot.vertexUid, snapshot);
    for (const uid of operatorUids(snapshot)) byUid.set(uid, snapshot);
  }
  if (!allowNonRestoredState) refuseUnclaimed(manifest, graph);
  const subtasks: (readonly (SubtaskSnapshot | 'finished')[])[] = [];
  const dealtAnew = new Set<number>();
  for (const vertex of graph.vertices) {
    const isReached = graph.edges.some(
      ({ source, target }) => target === vertex.id && dealtAnew.has(source) && !hasEnded(subtasks[source]),
    );
    subtasks.push(assignVertex(vertex, byUid, manifest, isReached));
    if (isReached || hasOtherParallelism(vertex, byUid)) dealtAnew.add(vertex.id);
  }
  return {
    checkpointId: manifest.checkpointId,
    subtasks,
    inFlight: assignInFlight(manifest, graph, allowNonRestoredState),
    enumerators: graph.vertices.map((vertex) =>
      vertex.isSource ? enumeratorOf(vertex, manifest) : undefined,
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
 * An enumerator ends with subtask 0, which may come to run again when the parallelism changes: then every
 * split had been dealt out.
 */
function enumeratorOf(vertex: JobVertex, manifest: CheckpointManifest): Uint8Array | undefined {
  const home = manifest.vertices.find(({ vertexUid }) => vertexUid === vertex.uid);
  if (home === undefined || home.enumerator !== undefined || home.parallelism === vertex.parallelism)
    return home?.enumerator;
  return home.subtasks[0] === 'finished' ? NO_SPLITS_LEFT : undefined;
}

function hasEnded(subtasks: readonly (SubtaskSnapshot | 'finished')[] = []): boolean {
  return subtasks.length > 0 && subtasks.every((subtask) => subtask === 'finished');
}

function hasOtherParallelism(vertex: JobVertex, byUid: ReadonlyMap<string, VertexSnapshot>): boolean {
  return vertex.operators.some(
    ({ uid }) => (byUid.get(uid)?.parallelism ?? vertex.parallelism) !== vertex.parallelism,
  );
}

/** What an operator is restored from, by its present subtasks. */
type OperatorParts = readonly (OperatorStateHandle | 'finished' | undefined)[];

function assignVertex(
  vertex: JobVertex,
  byUid: ReadonlyMap<string, VertexSnapshot>,
  manifest: CheckpointManifest,
  isReached: boolean,
): readonly (SubtaskSnapshot | 'finished')[] {
  const parts = new Map<string, OperatorParts>();
  for (const { uid } of vertex.operators) {
    const home = byUid.get(uid);
    if (home === undefined) continue;
    checkMaxParallelism(vertex, uid, home, manifest);
    parts.set(uid, partsOf(uid, home, vertex, isReached));
  }
  return Array.from({ length: vertex.parallelism }, (_, subtask) =>
    assignSubtask(vertex, subtask, parts, manifest),
  );
}

/** `isReached`: any of its subtasks may be sent something, those included that had ended. */
function partsOf(uid: string, home: VertexSnapshot, vertex: JobVertex, isReached: boolean): OperatorParts {
  const { parallelism, maxParallelism } = vertex;
  const former = formerStates(home, uid);
  if (hasEnded(home.subtasks)) return new Array<'finished'>(parallelism).fill('finished');
  if (home.parallelism === parallelism) {
    const states = withUnionLists(former);
    if (isReached) return states;
    return home.subtasks.map((subtask, index) => (subtask === 'finished' ? 'finished' : states[index]));
  }
  return redistributeState(former, parallelism, maxParallelism);
}

function assignSubtask(
  vertex: JobVertex,
  subtask: number,
  parts: ReadonlyMap<string, OperatorParts>,
  manifest: CheckpointManifest,
): SubtaskSnapshot | 'finished' {
  const operators: Record<string, OperatorStateHandle> = {};
  let finished = 0;
  for (const [uid, bySubtask] of parts) {
    const part = bySubtask[subtask];
    if (part === 'finished') finished++;
    else if (part !== undefined) operators[uid] = part;
  }
  if (finished === 0) return { operators };
  if (finished === parts.size) return 'finished';
  throw new MillraceError(
    'MR2101',
    `Some operators of '${vertex.name}' had ended in the checkpoint, others not.`,
    {
      where: { job: manifest.jobName, operator: vertex.name, uid: vertex.uid, subtask },
      why: `Checkpoint ${manifest.checkpointId} was taken when they were chained in another way.`,
      hint: 'Chain them as before, or start the job anew with --fresh.',
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
  return home.subtasks.map((subtask) => (subtask === 'finished' ? undefined : subtask.operators[uid]));
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

function holdsState(snapshot: VertexSnapshot, uid: string): boolean {
  const { [uid]: accumulated = {} } = snapshot.ended ?? {};
  if (Object.keys(accumulated).length > 0) return true;
  return snapshot.subtasks.some((subtask) => {
    const handle = subtask === 'finished' ? undefined : subtask.operators[uid];
    if (handle === undefined) return false;
    const { keyed, lists } = handle;
    return (keyed?.files.length ?? 0) > 0 || Object.values(lists).some(({ items }) => items.length > 0);
  });
}
