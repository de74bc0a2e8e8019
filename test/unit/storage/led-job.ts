import type { CheckpointManifest, StateFileHandle } from '../../../core/internal.js';
import type { LedJob, OpenedJob } from '../../../storage/index.js';

export type Led = LedJob<'from-beginning', undefined> | LedJob<'restore', CheckpointManifest>;

/** The job, which must have been taken. */
export function led(opened: OpenedJob): Led {
  if (opened.start === 'already-finished') throw new Error('the job is finished');
  return opened;
}

/** Writes one state file and completes a checkpoint that names it. */
export async function checkpoint(job: Led, id: number): Promise<CheckpointManifest> {
  const file = job.storage.writerFor(id, 0, 'op-0').createFile('base');
  await file.append(new Uint8Array([id, job.epoch]));
  const manifest = manifestOf(id, job.epoch, [await file.finish(1)]);
  await job.storage.complete(manifest);
  return manifest;
}

/** A checkpoint of one keyed operator. */
export function manifestOf(
  checkpointId: number,
  epoch: number,
  files: readonly StateFileHandle[],
): CheckpointManifest {
  const keyed = { format: 1, keyGroupStart: 0, keyGroupEnd: 127, files, tables: { counts: 'int32' } };
  return {
    checkpointId,
    epoch,
    attempt: 0,
    fingerprint: 'f',
    jobName: 'delays',
    triggeredMs: checkpointId,
    completedMs: checkpointId + 1,
    kind: 'checkpoint',
    vertices: [
      {
        vertexUid: 'op',
        parallelism: 1,
        maxParallelism: 128,
        subtasks: [{ operators: { op: { keyed, lists: {} } } }],
        enumerator: undefined,
      },
    ],
  };
}

/** The state files of {@link manifestOf}. */
export function filesOf(manifest: CheckpointManifest | undefined): readonly StateFileHandle[] {
  const subtask = manifest?.vertices[0]?.subtasks[0];
  return subtask === undefined || subtask === 'finished' ? [] : (subtask.operators.op?.keyed?.files ?? []);
}
