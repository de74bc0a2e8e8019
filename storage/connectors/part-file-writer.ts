import {
  type AppendableFile,
  Availability,
  accountOf,
  type FileSystem,
  isMillraceError,
  MillraceError,
  type SinkWriter,
  type SinkWriterContext,
} from '../../core/internal.js';
import type { PartFile } from './part-file-committer.js';
import {
  committedName,
  inProgressName,
  isInProgress,
  type PartFileName,
  parsePartFileName,
  sinkHash,
} from './part-file-name.js';

/** Characters that are gathered before they are encoded and handed to the disk. */
const BLOCK_CHARACTERS = 32 * 1024;
const BUSY_BYTES = 1024 * 1024;

export interface PartFileSettings<T> {
  /** Absolute. */
  readonly folder: string;
  readonly suffix: string;
  /** A file is closed, and the next one begun, when it has so many bytes. */
  readonly maxPartBytes: number;
  /** The line of a record, without its end. Throws if the record cannot be written. */
  readonly line: (value: T) => string;
}

interface Part {
  readonly file: PartFileName;
  readonly pending: string;
  sizeBytes: number;
  handle: AppendableFile | undefined;
}

/**
 * Writes records as lines into hidden part files, one or more for each checkpoint.
 *
 * Invariants:
 * - steps on the disk are done one after another, in the order of the writes; after the first failure none is
 *   done, and every later call throws it;
 * - a part is created with its first bytes, so none is empty;
 * - what `prepareCommit` returns is closed and durable, and holds every record written before it;
 * - no two parts of a sink, of whatever attempt, have one name;
 * - what it holds of the names in its folder does not grow with those that are committed.
 *
 * Hot path: bench "file sink".
 */
export class PartFileWriter<T> implements SinkWriter<T, PartFile, never> {
  readonly #settings: PartFileSettings<T>;
  readonly #line: (value: T) => string;
  readonly #context: SinkWriterContext;
  readonly #fileSystem: FileSystem;
  readonly #sink: string;
  readonly #drained: Availability;
  #text: string;
  #queuedBytes: number;
  #tail: Promise<void>;
  #failure: MillraceError | undefined;
  #part: Part | undefined;
  #nextNumber: number;
  #finished: PartFile[];

  constructor(context: SinkWriterContext, settings: PartFileSettings<T>) {
    this.#settings = settings;
    this.#line = settings.line;
    this.#context = context;
    this.#fileSystem = context.fileSystem;
    this.#sink = sinkHash(context.jobName, context.uid);
    this.#drained = new Availability();
    this.#text = '';
    this.#queuedBytes = 0;
    this.#tail = Promise.resolve();
    this.#failure = undefined;
    this.#part = undefined;
    this.#nextNumber = 0;
    this.#finished = [];
  }

  get busy(): Promise<void> | undefined {
    if (this.#queuedBytes < BUSY_BYTES || this.#failure !== undefined) return undefined;
    return this.#drained.wait();
  }

  /**
   * Removes what earlier attempts wrote and no checkpoint holds: it is written again. Of n writers each looks
   * after the files of those that it would be given to commit: writer s mod n after those of writer s.
   */
  open(pending: readonly PartFile[]): Promise<void> {
    const opening = this.#removeLeft(pending);
    // Who closes waits for it.
    this.#tail = opening.catch(() => {
      // Whoever opens is told.
    });
    return opening;
  }

  async #removeLeft(pending: readonly PartFile[]): Promise<void> {
    const { folder } = this.#settings;
    const kept = new Set(pending.map((file) => file.pending));
    const left: string[] = [];
    // The folder holds whatever was ever committed: none of that is kept.
    await this.#fileSystem.visitNames(folder, (name) => {
      const part = parsePartFileName(name);
      if (part === undefined || part.sink !== this.#sink) return;
      if (part.subtask % this.#context.parallelism !== this.#context.subtaskIndex) return;
      if (part.epoch === this.#context.epoch && part.attempt === this.#context.attempt) {
        this.#nextNumber = Math.max(this.#nextNumber, part.number + 1);
      }
      const path = `${folder}/${name}`;
      if (isInProgress(name) && this.#isEarlier(part) && !kept.has(path)) left.push(path);
    });
    for (const path of left) await this.#fileSystem.remove(path);
  }

  write(value: T): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#text += `${this.#line(value)}\n`;
    if (this.#text.length >= BLOCK_CHARACTERS) this.#queueBlock();
  }

  async flush(): Promise<void> {
    if (this.#text !== '') this.#queueBlock();
    await this.#tail;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async prepareCommit(): Promise<readonly PartFile[]> {
    if (this.#text !== '') this.#queueBlock();
    this.#queueFinish();
    await this.#tail;
    if (this.#failure !== undefined) throw this.#failure;
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  async close(): Promise<void> {
    await this.#tail;
    const part = this.#part;
    this.#part = undefined;
    const abandoned = this.#finished.map((file) => file.pending);
    if (part !== undefined) abandoned.push(part.pending);
    this.#finished = [];
    try {
      await part?.handle?.close();
      for (const path of abandoned) await this.#fileSystem.remove(path);
    } catch (error) {
      // Nothing is lost: no checkpoint holds these files, and the next attempt removes what is left of them.
      this.#failure ??= this.#unwritable(error);
    }
  }

  /** A zombie that wakes up must not remove what a later process has written. */
  #isEarlier(part: PartFileName): boolean {
    const { epoch, attempt } = this.#context;
    return part.epoch < epoch || (part.epoch === epoch && part.attempt < attempt);
  }

  #queueBlock(): void {
    const bytes = Buffer.from(this.#text, 'utf8');
    this.#text = '';
    this.#part ??= this.#newPart();
    const part = this.#part;
    part.sizeBytes += bytes.length;
    this.#queuedBytes += bytes.length;
    this.#queue(async () => {
      part.handle ??= await this.#fileSystem.create(part.pending);
      await part.handle.append(bytes);
      this.#queuedBytes -= bytes.length;
      if (this.#queuedBytes < BUSY_BYTES) this.#drained.release();
    });
    if (part.sizeBytes >= this.#settings.maxPartBytes) this.#queueFinish();
  }

  #queueFinish(): void {
    const part = this.#part;
    if (part === undefined) return;
    this.#part = undefined;
    this.#queue(async () => {
      await part.handle?.sync();
      await part.handle?.close();
      this.#finished.push({
        pending: part.pending,
        target: `${this.#settings.folder}/${committedName(part.file, this.#settings.suffix)}`,
        sizeBytes: part.sizeBytes,
      });
    });
  }

  #newPart(): Part {
    const file = {
      sink: this.#sink,
      subtask: this.#context.subtaskIndex,
      epoch: this.#context.epoch,
      attempt: this.#context.attempt,
      number: this.#nextNumber++,
    };
    const pending = `${this.#settings.folder}/${inProgressName(file, this.#settings.suffix)}`;
    return { file, pending, sizeBytes: 0, handle: undefined };
  }

  #queue(step: () => Promise<void>): void {
    const before = this.#tail;
    this.#tail = (async () => {
      await before;
      if (this.#failure !== undefined) return;
      try {
        await step();
      } catch (error) {
        this.#failure = this.#unwritable(error);
        this.#drained.release();
      }
    })();
  }

  #unwritable(error: unknown): MillraceError {
    const storageCode = isMillraceError(error) ? error.code : undefined;
    const code = storageCode === 'MR3002' || storageCode === 'MR3003' ? storageCode : 'MR6004';
    return new MillraceError(code, `Output could not be written to ${this.#settings.folder}.`, {
      where: { uid: this.#context.uid, subtask: this.#context.subtaskIndex },
      why: accountOf(error),
      hint:
        code === 'MR3003'
          ? 'Make room on the disk, then resume the job: committed output is safe, the rest is written again.'
          : 'See that the folder may be written by this user and its disk works, then resume the job.',
      cause: error,
    });
  }
}
