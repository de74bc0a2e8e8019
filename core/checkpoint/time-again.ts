import type { CheckpointManifest, OperatorListHandle, OperatorStateHandle } from './snapshot-handle.js';

/**
 * What a new run begins with. Time has ended for who was drained, and so has the input; the new run reads on from
 * there, and begins its event time anew.
 */
export function withTimeAgain(manifest: CheckpointManifest): CheckpointManifest {
  if (manifest.kind !== 'drained') return manifest;
  const vertices = manifest.vertices.map((vertex) => ({
    ...vertex,
    subtasks: vertex.subtasks.map((subtask) => {
      if (subtask === 'finished') return subtask;
      const { dataFinished: _, ...rest } = subtask;
      const operators = Object.entries(subtask.operators).map(([uid, state]) => [uid, withoutTime(state)]);
      return { ...rest, operators: Object.fromEntries(operators) as Record<string, OperatorStateHandle> };
    }),
  }));
  return { ...manifest, vertices };
}

function withoutTime(state: OperatorStateHandle): OperatorStateHandle {
  const lists = Object.entries(state.lists).filter(([, { mode }]) => mode !== 'watermark');
  return { ...state, lists: Object.fromEntries(lists) as Record<string, OperatorListHandle> };
}
