import {
  Availability,
  type FileSystem,
  isMillraceError,
  MillraceError,
  type ReadableFile,
} from '../../core/internal.js';

const CHUNK_BYTES = 256 * 1024;
const CHUNKS_AHEAD = 2;

/**
 * The bytes [from, end) of a file in chunks, read ahead of who takes them.
 *
 * Invariants:
 * - at most one read is under way, and at most CHUNKS_AHEAD chunks wait: that bounds the memory;
 * - chunks come in order and without gaps, from `from` to `end`;
 * - a failure is kept until `take` throws it; the promises of this class never reject.
 */
export class ReadAhead {
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  readonly #end: number;
  readonly #chunks: Uint8Array[];
  readonly #arrival: Availability;
  /** Offset of the next byte to be read. */
  #next: number;
  /** Offset of the next byte to be taken. */
  #taken: number;
  #file: ReadableFile | undefined;
  #filling: Promise<void> | undefined;
  #failure: MillraceError | undefined;
  #closed: boolean;

  constructor(fileSystem: FileSystem, path: string, from: number, end: number) {
    this.#fileSystem = fileSystem;
    this.#path = path;
    this.#end = end;
    this.#chunks = [];
    this.#arrival = new Availability();
    this.#next = from;
    this.#taken = from;
    this.#file = undefined;
    this.#filling = undefined;
    this.#failure = undefined;
    this.#closed = false;
    this.#fill();
  }

  /** Whether every byte has been taken. */
  get ended(): boolean {
    return this.#taken >= this.#end;
  }

  /**
   * The next chunk, never empty; the caller owns it. Undefined when none is there yet, or at the end.
   *
   * @throws MillraceError MR6003 if the file could not be read
   */
  take(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      return undefined;
    }
    this.#taken += chunk.length;
    this.#fill();
    return chunk;
  }

  /** Settles when `take` has a chunk or a failure to give, or the end is reached. */
  isAvailable(): Promise<void> {
    if (this.#chunks.length > 0 || this.#failure !== undefined || this.ended) return Promise.resolve();
    return this.#arrival.wait();
  }

  /** Never rejects: nothing was written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#filling;
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    try {
      await file.close();
    } catch (error) {
      this.#failure ??= this.#unreadable(error);
    }
  }

  #fill(): void {
    if (this.#filling !== undefined || !this.#wanted()) return;
    this.#filling = this.#readOn();
  }

  #wanted(): boolean {
    return (
      !this.#closed &&
      this.#failure === undefined &&
      this.#next < this.#end &&
      this.#chunks.length < CHUNKS_AHEAD
    );
  }

  async #readOn(): Promise<void> {
    try {
      this.#file ??= await this.#openFile();
      while (this.#wanted()) {
        const chunk = await this.#file.read(this.#next, Math.min(CHUNK_BYTES, this.#end - this.#next));
        if (chunk.length === 0) throw this.#shorter(this.#next);
        this.#next += chunk.length;
        this.#chunks.push(chunk);
        this.#arrival.release();
      }
    } catch (error) {
      this.#failure = this.#unreadable(error);
    }
    this.#filling = undefined;
    this.#arrival.release();
  }

  async #openFile(): Promise<ReadableFile> {
    const file = await this.#fileSystem.openRead(this.#path);
    this.#file = file;
    if (file.sizeBytes < this.#end) throw this.#shorter(file.sizeBytes);
    return file;
  }

  #shorter(sizeBytes: number): MillraceError {
    return new MillraceError('MR6003', `The file ${this.#path} has become shorter while it was being read.`, {
      why: `It had ${this.#end} bytes when it was found, and now ends at ${sizeBytes}.`,
      hint: 'Input files must not change while a job reads them. Put the file back as it was, or start afresh.',
    });
  }

  #unreadable(error: unknown): MillraceError {
    if (isMillraceError(error) && error.code === 'MR6003') return error;
    return new MillraceError('MR6003', `The file ${this.#path} could not be read.`, {
      why: error instanceof Error ? error.message : String(error),
      hint: 'See that the file is there and may be read by this user.',
      cause: error,
    });
  }
}
