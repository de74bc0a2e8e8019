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

/** Copies the state files of a checkpoint, each once, block by block; what is damaged is refused. */
export class StateFileCopies {
  readonly #reader: StateFileReader;
  readonly #writer: SnapshotWriter;
  readonly #copied = new Map<string, StateFileHandle>();

  constructor(reader: StateFileReader, writer: SnapshotWriter) {
    this.#reader = reader;
    this.#writer = writer;
  }

  /** The vertices of the manifest with the files of the copy. */
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
