import type {
  SnapshotFile,
  SnapshotWriter,
  StateFileHandle,
  StateFileReader,
} from '../core/ports/keyed-state-store.js';

/** State files in memory. While `held`, appends wait until `step` lets one of them through. */
export class MemoryStateFiles implements StateFileReader {
  readonly #files = new Map<string, Uint8Array[]>();
  readonly #waiting: (() => void)[] = [];
  #created = 0;
  /** While true, nothing is written but by {@link step}. */
  held = false;
  /** Makes the next append fail. */
  failNext = false;

  writerFor(checkpointId: number): SnapshotWriter {
    return {
      checkpointId,
      createFile: (purpose) => this.#create(`${purpose}-${checkpointId}-${this.#created++}`),
    };
  }

  /** Lets the oldest waiting append through. False if none waits. */
  async step(): Promise<boolean> {
    const next = this.#waiting.shift();
    next?.();
    await settle();
    return next !== undefined;
  }

  /** Lets everything through, now and later. */
  async release(): Promise<void> {
    this.held = false;
    while (await this.step());
  }

  async *read(handle: StateFileHandle): AsyncIterable<Uint8Array> {
    const blocks = this.#files.get(handle.key);
    if (blocks === undefined) throw new Error(`no file ${handle.key}`);
    // In other pieces than they were written in.
    for (const block of blocks) {
      const cut = block.length >> 1;
      yield block.subarray(0, cut);
      yield block.subarray(cut);
    }
  }

  get names(): string[] {
    return [...this.#files.keys()];
  }

  #create(key: string): SnapshotFile {
    const blocks: Uint8Array[] = [];
    let sizeBytes = 0;
    return {
      append: async (block) => {
        if (this.held) await new Promise<void>((resolve) => this.#waiting.push(resolve));
        if (this.failNext) {
          this.failNext = false;
          throw new Error('the disk is gone');
        }
        blocks.push(block.slice());
        sizeBytes += block.length;
      },
      finish: async (entryCount) => {
        this.#files.set(key, blocks);
        return { key, sizeBytes, entryCount, crc32c: 0 };
      },
      abandon: async () => {},
    };
  }
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
