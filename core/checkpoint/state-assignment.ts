import { MillraceError } from '../base/millrace-error.js';
import type { JobGraph, JobVertex } from '../graph/job-graph.js';
import type { AttemptRestore } from '../ports/task-launcher.js';
import type {
  CheckpointManifest,
  OperatorStateHandle,
  SubtaskSnapshot,
  VertexSnapshot,
} from './snapshot-handle.js';

/**
 * Gives each subtask of a graph its part of a checkpoint. State is found by operator uid, so a corrected
 * job whose operators kept their uids resumes, even if they are chained in another way.
 *
 * @throws MillraceError MR2101 if the checkpoint holds state that no operator of the graph would take, or
 *   an operator of it had ended in only a part of the tasks it is now chained into
 * @throws MillraceError MR2102 if parallelism or maximum parallelism differ
 */
export function assignState(manifest: CheckpointManifest, graph: JobGraph): AttemptRestore {
  const byUid = new Map<string, VertexSnapshot>();
  for (const snapshot of manifest.vertices) {
    byUid.set(snapshot.vertexUid, snapshot);
    for (const uid of operatorUids(snapshot)) byUid.set(uid, snapshot);
  }
  refuseUnclaimed(manifest, graph);
  return {
    checkpointId: manifest.checkpointId,
    subtasks: graph.vertices.map((vertex) => assignVertex(vertex, byUid, manifest)),
    enumerators: graph.vertices.map((vertex) =>
      vertex.isSource
        ? manifest.vertices.find(({ vertexUid }) => vertexUid === vertex.uid)?.enumerator
        : undefined,
    ),
  };
}

function assignVertex(
  vertex: JobVertex,
  byUid: ReadonlyMap<string, VertexSnapshot>,
  manifest: CheckpointManifest,
): readonly (SubtaskSnapshot | 'finished')[] {
  const homes = new Map<string, VertexSnapshot>();
  for (const { uid } of vertex.operators) {
    const home = byUid.get(uid);
    if (home === undefined) continue;
    checkParallelism(vertex, home, manifest);
    homes.set(uid, home);
  }
  return Array.from({ length: vertex.parallelism }, (_, subtask) =>
    assignSubtask(vertex, subtask, homes, manifest),
  );
}

function assignSubtask(
  vertex: JobVertex,
  subtask: number,
  homes: ReadonlyMap<string, VertexSnapshot>,
  manifest: CheckpointManifest,
): SubtaskSnapshot | 'finished' {
  const operators: Record<string, OperatorStateHandle> = {};
  let finished = 0;
  for (const [uid, home] of homes) {
    const snapshot = home.subtasks[subtask];
    if (snapshot === 'finished') finished++;
    else if (snapshot?.operators[uid] !== undefined) operators[uid] = snapshot.operators[uid];
  }
  if (finished === 0) return { operators };
  if (finished === homes.size) return 'finished';
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

function checkParallelism(vertex: JobVertex, home: VertexSnapshot, manifest: CheckpointManifest): void {
  const { parallelism, maxParallelism } = home;
  if (parallelism === vertex.parallelism && maxParallelism === vertex.maxParallelism) return;
  const differs =
    parallelism === vertex.parallelism
      ? `maximum parallelism ${maxParallelism}, and now has ${vertex.maxParallelism}`
      : `parallelism ${parallelism}, and now has ${vertex.parallelism}`;
  throw new MillraceError('MR2102', `'${vertex.name}' had ${differs}.`, {
    where: { job: manifest.jobName, operator: vertex.name, uid: vertex.uid },
    why: `Checkpoint ${manifest.checkpointId} cannot be restored at another parallelism.`,
    hint: 'Resume with the former parallelism, or start the job anew with --fresh.',
  });
}

function refuseUnclaimed(manifest: CheckpointManifest, graph: JobGraph): void {
  const declared = new Set(graph.vertices.flatMap(({ operators }) => operators.map(({ uid }) => uid)));
  const unclaimed = new Set<string>();
  for (const snapshot of manifest.vertices) {
    for (const uid of operatorUids(snapshot)) {
      if (!declared.has(uid) && holdsState(snapshot, uid)) unclaimed.add(uid);
    }
    if (snapshot.enumerator !== undefined && !declared.has(snapshot.vertexUid))
      unclaimed.add(snapshot.vertexUid);
  }
  if (unclaimed.size === 0) return;
  throw new MillraceError(
    'MR2101',
    `The checkpoint holds state of operators that the job does not have: ${[...unclaimed].join(', ')}.`,
    {
      where: { job: manifest.jobName },
      why: `Checkpoint ${manifest.checkpointId} was taken from a graph with other uids.`,
      hint: 'Give the operators their former uids with .uid(...), or start the job anew with --fresh.',
    },
  );
}

function operatorUids(snapshot: VertexSnapshot): ReadonlySet<string> {
  const uids = new Set<string>();
  for (const subtask of snapshot.subtasks) {
    if (subtask !== 'finished') for (const uid of Object.keys(subtask.operators)) uids.add(uid);
  }
  return uids;
}

function holdsState(snapshot: VertexSnapshot, uid: string): boolean {
  return snapshot.subtasks.some((subtask) => {
    const handle = subtask === 'finished' ? undefined : subtask.operators[uid];
    if (handle === undefined) return false;
    const { keyed, lists } = handle;
    return (keyed?.files.length ?? 0) > 0 || Object.values(lists).some(({ items }) => items.length > 0);
  });
}
