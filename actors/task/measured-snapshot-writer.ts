import type { SnapshotFile, SnapshotWriter, StateFileHandle } from '../../core/internal.js';

/** Counts what is written through it, once a file is finished. */
export class MeasuredSnapshotWriter implements SnapshotWriter {
  readonly checkpointId: number;
  readonly #writer: SnapshotWriter;
  #writtenBytes = 0;

  constructor(writer: SnapshotWriter) {
    this.checkpointId = writer.checkpointId;
    this.#writer = writer;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  createFile(purpose: string): SnapshotFile {
    const file = this.#writer.createFile(purpose);
    return {
      append: (block) => file.append(block),
      finish: async (entryCount): Promise<StateFileHandle> => {
        const handle = await file.finish(entryCount);
        this.#writtenBytes += handle.sizeBytes;
        return handle;
      },
      abandon: () => file.abandon(),
    };
  }
}
