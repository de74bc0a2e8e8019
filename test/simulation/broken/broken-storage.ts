import {
  type AppendableFile,
  type CheckpointStorage,
  type FileSystem,
  isMillraceError,
  type KeyedStateBackend,
} from '../../../core/internal.js';
import { STOP_FOLDERS } from '../simulated-process.js';
import { reactionsDone } from '../simulated-scheduler.js';

/** A disk that says that bytes are durable and leaves them in its cache. */
export function unsyncedDisk(disk: FileSystem): FileSystem {
  return {
    openRead: (path) => disk.openRead(path),
    create: async (path) => unsyncedFile(await disk.create(path)),
    readFile: (path) => disk.readFile(path),
    stat: (path) => disk.stat(path),
    list: (folder) => disk.list(folder),
    visitNames: (folder, visit) => disk.visitNames(folder, visit),
    link: (existing, path) => disk.link(existing, path),
    remove: (path) => disk.remove(path),
    syncFolder: (folder) => disk.syncFolder(folder),
    removeTree: (folder) => disk.removeTree(folder),
  };
}

/** A disk from which a savepoint is gone when somebody has begun from it. */
export function takingDisk(disk: FileSystem): FileSystem {
  return {
    ...unsyncedDisk(disk),
    create: (path) => disk.create(path),
    openRead: async (path) => {
      const file = await disk.openRead(path);
      if (!path.startsWith(`${STOP_FOLDERS.suspend}/`)) return file;
      return {
        sizeBytes: file.sizeBytes,
        read: (from, length) => file.read(from, length),
        readNow: (from, length) => file.readNow(from, length),
        close: async () => {
          await file.close();
          await disk.remove(path);
        },
      };
    },
  };
}

/** A disk from which a checkpoint file that is dropped takes its neighbour along, whoever refers to that. */
export function greedyDisk(disk: FileSystem): FileSystem {
  return {
    ...unsyncedDisk(disk),
    create: (path) => disk.create(path),
    remove: async (path) => {
      await disk.remove(path);
      const [, folder] = /^(.*\/data)\//.exec(path) ?? [];
      if (folder === undefined) return;
      const neighbour = (await disk.list(folder)).findLast(({ isFolder }) => !isFolder);
      if (neighbour !== undefined) await disk.remove(`${folder}/${neighbour.name}`);
    },
  };
}

function unsyncedFile(file: AppendableFile): AppendableFile {
  return {
    append: (bytes) => file.append(bytes),
    sync: () => Promise.resolve(),
    close: () => file.close(),
  };
}

/** A storage in which a checkpoint counts as complete when it is only about to be written. */
export function hastyStorage(storage: CheckpointStorage): CheckpointStorage {
  return withComplete(storage, (manifest) => {
    storage.complete(manifest).catch(() => undefined);
    return Promise.resolve(undefined);
  });
}

/** A storage whose leader does not step back when another leads. */
export function unfencedStorage(storage: CheckpointStorage): CheckpointStorage {
  return withComplete(storage, async (manifest) => {
    try {
      return await storage.complete(manifest);
    } catch (error) {
      if (!isMillraceError(error) || error.code !== 'MR8003') throw error;
      return undefined;
    }
  });
}

function withComplete(
  storage: CheckpointStorage,
  complete: CheckpointStorage['complete'],
): CheckpointStorage {
  return {
    epoch: storage.epoch,
    complete,
    read: (handle) => storage.read(handle),
    writerFor: (checkpointId, attempt, owner) => storage.writerFor(checkpointId, attempt, owner),
    resolveUnknown: (checkpointId) => storage.resolveUnknown(checkpointId),
    latest: (onUnreadable) => storage.latest(onUnreadable),
    exportSavepoint: (manifest, folder) => storage.exportSavepoint(manifest, folder),
    retain: (count, underWay) => storage.retain(count, underWay),
    discard: (checkpointId, files) => storage.discard(checkpointId, files),
    finish: (result, keepCheckpoints) => storage.finish(result, keepCheckpoints),
  };
}

/** A backend whose snapshots share the state: what is written is what it has become by then. */
export function sharingBackend(backend: KeyedStateBackend): KeyedStateBackend {
  return {
    name: backend.name,
    open: async (request) => {
      const store = await backend.open(request);
      return {
        keyGroups: store.keyGroups,
        table: (name, options) => store.table(name, options),
        restore: () => store.restore(),
        snapshot: (checkpointId) => ({
          write: async (writer) => {
            // Some turns pass before the writing begins.
            for (let turn = 0; turn < 3; turn++) await reactionsDone();
            const late = store.snapshot(checkpointId);
            const handle = await late.write(writer);
            late.discard();
            return handle;
          },
          discard: () => {},
        }),
        requestBase: (checkpointId) => store.requestBase(checkpointId),
        notifyCheckpointComplete: (checkpointId) => store.notifyCheckpointComplete(checkpointId),
        notifyCheckpointAborted: (checkpointId) => store.notifyCheckpointAborted(checkpointId),
        close: () => store.close(),
      };
    },
  };
}
