import {
  type SplitEnumerator,
  type SplitEnumeratorContext,
  SplitQueueEnumerator,
} from '../../core/internal.js';
import { findFiles } from './file-pattern.js';
import type { FileEnumeratorState, FileSplit } from './file-split.js';

export interface FilesToFind {
  /** Absolute. */
  readonly patterns: readonly string[];
  readonly recursive: boolean;
}

/**
 * Finds the files once, when the job starts from the beginning, and deals them out one at a time in their
 * order. After a restore nothing is looked for again: what was found then is what the job reads.
 *
 * Invariants:
 * - before the files are listed no reader has a split, and those who asked wait;
 * - afterwards a file is in the queue or with exactly one reader, or has been read.
 */
export class FileSplitEnumerator implements SplitEnumerator<FileEnumeratorState> {
  readonly #context: SplitEnumeratorContext<FileSplit>;
  readonly #files: FilesToFind;
  #queue: SplitQueueEnumerator<FileSplit> | undefined;
  #waiting: number[];

  constructor(
    context: SplitEnumeratorContext<FileSplit>,
    files: FilesToFind,
    restored: FileEnumeratorState | undefined,
  ) {
    this.#context = context;
    this.#files = files;
    this.#queue = restored?.listed === true ? new SplitQueueEnumerator(context, restored.splits) : undefined;
    this.#waiting = [];
  }

  start(): void {
    if (this.#queue !== undefined) return;
    this.#context.callAsync(
      () => findFiles(this.#context.fileSystem, this.#files.patterns, this.#files.recursive),
      (found) => {
        const splits = found.map(({ path, sizeBytes }) => ({ path, end: sizeBytes, position: 0, line: 0 }));
        const queue = new SplitQueueEnumerator(this.#context, splits);
        this.#queue = queue;
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const subtask of waiting) queue.handleSplitRequest(subtask);
      },
    );
  }

  handleSplitRequest(subtask: number): void {
    if (this.#queue === undefined) this.#waiting.push(subtask);
    else this.#queue.handleSplitRequest(subtask);
  }

  snapshotState(): FileEnumeratorState {
    return this.#queue === undefined
      ? { listed: false, splits: [] }
      : { listed: true, splits: this.#queue.snapshotState() };
  }
}
