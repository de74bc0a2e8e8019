import type { CheckpointManifest } from '../../core/checkpoint/snapshot-handle.js';

/** Keys of the files of keyed state that it names. */
export function filesOf(manifest: CheckpointManifest): string[] {
  return manifest.vertices.flatMap(({ subtasks }) =>
    subtasks.flatMap((subtask) =>
      subtask === 'finished'
        ? []
        : Object.values(subtask.operators).flatMap(({ keyed }) => keyed?.files.map(({ key }) => key) ?? []),
    ),
  );
}
