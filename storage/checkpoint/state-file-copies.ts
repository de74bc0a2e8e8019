import type {
  CheckpointManifest,
  KeyedStateFile,
  KeyedStateHandle,
  OperatorStateHandle,
  SnapshotWriter,
  StateFileHandle,
  StateFileReader,
  VertexSnapshot,
} from '../../core/internal.js';

/** What stands for a state file where it is to be found from now on. */
export type PlaceFile = (handle: StateFileHandle) => Promise<StateFileHandle>;

/** Copies a file block by block; what is damaged is refused. */
export function copying(reader: StateFileReader, writer: SnapshotWriter): PlaceFile {
  return async (handle) => {
    const file = writer.createFile('state');
    try {
      for await (const block of reader.read(handle)) await file.append(block);
      return await file.finish(handle.entryCount);
    } catch (error) {
      await file.abandon();
      throw error;
    }
  };
}

/** The state files of a checkpoint at another place: each is placed once, however often it is named. */
export class StateFileCopies {
  readonly #place: PlaceFile;
  readonly #copied = new Map<string, StateFileHandle>();

  constructor(place: PlaceFile) {
    this.#place = place;
  }

  /** The vertices of the manifest with the files where they are now. */
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
        const { inFlight } = subtask;
        subtasks.push({
          ...subtask,
          operators,
          ...(inFlight && { inFlight: { ...inFlight, file: await this.#copy(inFlight.file) } }),
        });
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
    // What the file is; for which key groups it counts is another matter wherever it is named.
    const { key, sizeBytes, entryCount, crc32c } = await this.#place(handle);
    const copy = { key, sizeBytes, entryCount, crc32c };
    this.#copied.set(handle.key, copy);
    return copy;
  }
}
