import {
  assignState,
  type CheckpointManifest,
  type CheckpointStorage,
  type JobGraph,
  type KeyedStateFile,
  type KeyedStateHandle,
  type OperatorStateHandle,
  type SnapshotWriter,
  type StateFileHandle,
  type StateFileReader,
  type VertexSnapshot,
} from '../../core/internal.js';
import { type CheckpointAtPath, LocalFileSystem, readManifestAt } from '../../storage/index.js';

/**
 * Finds the checkpoint that a job is to begin from, before anything of the job is touched.
 *
 * @throws MillraceError MR3008, MR3004, MR3005 if it cannot be read; MR2101, MR2102 if it does not fit the graph
 */
export async function findCheckpoint(
  path: string,
  graph: JobGraph,
  onUnreadable: (checkpointId: number, error: unknown) => void,
): Promise<CheckpointAtPath> {
  const found = await readManifestAt(new LocalFileSystem(), path, onUnreadable);
  assignState(found.manifest, graph);
  return found;
}

/**
 * Makes a checkpoint that lies elsewhere the first completed one of this job: its files are copied, so that
 * whatever happens afterwards the job stands on its own and the other folder may go.
 */
export async function adoptCheckpoint(
  found: CheckpointAtPath,
  graph: JobGraph,
  storage: CheckpointStorage,
  checkpointId: number,
): Promise<CheckpointManifest> {
  const copies = new FileCopies(found.reader, storage, checkpointId);
  const adopted: CheckpointManifest = {
    ...found.manifest,
    checkpointId,
    epoch: storage.epoch,
    attempt: 0,
    jobName: graph.name,
    fingerprint: graph.fingerprint,
    vertices: await copies.vertices(found.manifest),
  };
  await storage.complete(adopted);
  return adopted;
}

/** Copies the state files of a checkpoint, each once. */
class FileCopies {
  readonly #reader: StateFileReader;
  readonly #writer: SnapshotWriter;
  readonly #copied = new Map<string, StateFileHandle>();

  constructor(reader: StateFileReader, storage: CheckpointStorage, checkpointId: number) {
    this.#reader = reader;
    this.#writer = storage.writerFor(checkpointId, 0, 'adopted');
  }

  async vertices(manifest: CheckpointManifest): Promise<CheckpointManifest['vertices']> {
    const vertices: VertexSnapshot[] = [];
    for (const vertex of manifest.vertices) {
      const subtasks: VertexSnapshot['subtasks'][number][] = [];
      for (const subtask of vertex.subtasks) {
        if (subtask === 'finished') {
          subtasks.push(subtask);
          continue;
        }
        const operators: Record<string, OperatorStateHandle> = {};
        for (const [uid, state] of Object.entries(subtask.operators)) {
          operators[uid] = { ...state, keyed: await this.#keyed(state.keyed) };
        }
        subtasks.push({ operators });
      }
      vertices.push({ ...vertex, subtasks });
    }
    return vertices;
  }

  async #keyed(keyed: KeyedStateHandle | undefined): Promise<KeyedStateHandle | undefined> {
    if (keyed === undefined) return undefined;
    const files: KeyedStateFile[] = [];
    for (const file of keyed.files) files.push({ ...file, ...(await this.#copy(file)) });
    return { ...keyed, files };
  }

  async #copy(handle: StateFileHandle): Promise<StateFileHandle> {
    const known = this.#copied.get(handle.key);
    if (known !== undefined) return known;
    const file = this.#writer.createFile('state');
    try {
      for await (const block of this.#reader.read(handle)) await file.append(block);
      const copy = await file.finish(handle.entryCount);
      this.#copied.set(handle.key, copy);
      return copy;
    } catch (error) {
      await file.abandon();
      throw error;
    }
  }
}
