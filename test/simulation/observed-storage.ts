import type { CheckpointManifest, CheckpointStorage, StateFileHandle } from '../../core/internal.js';
import type { WorldListeners } from './world-listener.js';

/** What a job master asks of the storage of its checkpoints. */
export type StorageCall =
  | { readonly type: 'complete'; readonly manifest: CheckpointManifest }
  | { readonly type: 'resolve'; readonly checkpointId: number }
  | { readonly type: 'export'; readonly manifest: CheckpointManifest }
  | { readonly type: 'discard'; readonly checkpointId: number; readonly files: readonly StateFileHandle[] }
  | { readonly type: 'retain'; readonly count: number }
  | { readonly type: 'finish' };

/** `value`: whether the checkpoint is complete, where that was asked. */
export type StorageAnswer =
  | { readonly type: 'done'; readonly value: unknown }
  | { readonly type: 'failed'; readonly error: unknown };

/** The storage of a process, which tells what it is asked and how it answers. */
export function observedStorage(
  storage: CheckpointStorage,
  listeners: WorldListeners,
  process: string,
): CheckpointStorage {
  const ask = async <T>(call: StorageCall, begin: () => Promise<T>): Promise<T> => {
    listeners.onStorageAsked(process, call);
    try {
      const value = await begin();
      listeners.onStorageAnswered(process, call, { type: 'done', value });
      return value;
    } catch (error) {
      listeners.onStorageAnswered(process, call, { type: 'failed', error });
      throw error;
    }
  };
  const complete = storage.complete.bind(storage);
  const resolveUnknown = storage.resolveUnknown.bind(storage);
  const exportSavepoint = storage.exportSavepoint.bind(storage);
  const discard = storage.discard.bind(storage);
  const retain = storage.retain.bind(storage);
  const finish = storage.finish.bind(storage);
  storage.complete = (manifest) => ask({ type: 'complete', manifest }, () => complete(manifest));
  storage.resolveUnknown = (checkpointId) =>
    ask({ type: 'resolve', checkpointId }, () => resolveUnknown(checkpointId));
  storage.exportSavepoint = (manifest, folder) =>
    ask({ type: 'export', manifest }, () => exportSavepoint(manifest, folder));
  storage.discard = (checkpointId, files) =>
    ask({ type: 'discard', checkpointId, files }, () => discard(checkpointId, files));
  storage.retain = async (count, underWay) => {
    await ask({ type: 'retain', count }, () => retain(count, underWay));
    listeners.onCheckpointsRetained(count);
  };
  storage.finish = (result, keepCheckpoints) =>
    ask({ type: 'finish' }, () => finish(result, keepCheckpoints));
  return storage;
}
