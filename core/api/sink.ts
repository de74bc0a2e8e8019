import type { Clock } from '../ports/clock.js';
import type { FileSystem } from '../ports/file-system.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';

/** Where a process says something. */
export type StandardStream = 'stdout' | 'stderr';

/**
 * A sink: writers take records; for exactly-once they hand out committables at each checkpoint, and a
 * committer makes them visible once that checkpoint is complete. Commits are repeated after a crash, so
 * committing again what is committed must change nothing. Committables and writer state are plain data.
 *
 * @example
 * ```ts
 * // At least once: no committer, what is written counts at once.
 * const requests: Sink<string> = {
 *   createWriter(context) {
 *     const open = new Set<Promise<unknown>>();
 *     return {
 *       write(line) {
 *         const sent = fetch('http://localhost:8080/lines', { method: 'POST', body: line });
 *         open.add(sent);
 *       },
 *       async flush() {
 *         await Promise.all(open);
 *         open.clear();
 *       },
 *     };
 *   },
 * };
 * lines.sinkTo(requests, 'requests');
 * ```
 */
export interface Sink<T, CommittableT = unknown, WriterStateT = unknown> {
  /** The number of writers, where the sink itself decides it; `setParallelism` stands above it. */
  readonly parallelism?: number;
  /**
   * Type of the committables and of the writers' state in checkpoints, in the place of Flink's serializers and their
   * versions. Declared, they are compared with what is stored and changed as types of states are (fields added,
   * removed, renamed, widened), or refused (MR2103); undeclared, they come back as they were written.
   */
  readonly committableType?: TypeDescriptor<CommittableT>;
  readonly writerStateType?: TypeDescriptor<WriterStateT>;
  createWriter(
    context: SinkWriterContext,
    restored: readonly WriterStateT[],
  ): SinkWriter<T, CommittableT, WriterStateT>;
  /** Absent: nothing is committed, and what `write` does is visible at once (at-least-once). */
  createCommitter?(context: SinkWriterContext): Committer<CommittableT>;
}

/** What a writer or committer knows of its subtask, and can ask for. */
export interface SinkWriterContext {
  readonly subtaskIndex: number;
  readonly parallelism: number;
  /** Name of the job, the same in all its runs: with `uid`, part of what makes names unique. */
  readonly jobName: string;
  /** uid of the sink operator. */
  readonly uid: string;
  /** Epoch of the process and attempt of the task: together never used twice. */
  readonly epoch: number;
  readonly attempt: number;
  /** Completed checkpoint this writer was restored from, or undefined at a start from the beginning. */
  readonly restoredCheckpointId: number | undefined;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  /** For sinks that print: without `to`, on standard output. Resolves when it has been taken. */
  writeLine(line: string, to?: StandardStream): Promise<void>;
  /**
   * Hands values to who started the job; what was handed over before under a number of a writer, or under a
   * later one, is passed over.
   */
  collect(writer: string, sequence: number, values: readonly unknown[]): void;
}

/**
 * On the thread of its subtask; calls never overlap. Order at a checkpoint: flush, prepareCommit, snapshotState.
 *
 * @example
 * ```ts
 * // Hands out, at each checkpoint, the lines since the one before; the committer makes them visible.
 * function createWriter(): SinkWriter<string, readonly string[]> {
 *   let lines: string[] = [];
 *   return {
 *     write(line) {
 *       lines.push(line);
 *     },
 *     flush() {},
 *     prepareCommit() {
 *       const transaction = lines;
 *       lines = [];
 *       return transaction.length === 0 ? [] : [transaction];
 *     },
 *   };
 * }
 * ```
 */
export interface SinkWriter<T, CommittableT = unknown, WriterStateT = unknown> {
  /** Before the first write. `pending`: restored committables that will be committed now; not leftovers. */
  open?(pending: readonly CommittableT[]): void | Promise<void>;
  /** Takes a record, synchronously; it may buffer. `timestamp` is undefined where the record has none. */
  write(value: T, context: { readonly timestamp: number | undefined; readonly watermark: number }): void;
  /** Undefined while writes are welcome; otherwise settles when the writer's buffer has drained. */
  readonly busy?: Promise<void> | undefined;
  /** Event time has come so far: no record with a timestamp at or below it follows that is not late. */
  writeWatermark?(timestamp: number): void;
  /** Everything written so far must have left the writer's buffer. `endOfInput`: no write follows. */
  flush(endOfInput: boolean): void | Promise<void>;
  /** What, once committed, makes everything since the last call visible. Rejecting fails the task. */
  prepareCommit?(): readonly CommittableT[] | Promise<readonly CommittableT[]>;
  snapshotState?(checkpointId: number): readonly WriterStateT[];
  close?(): void | Promise<void>;
}

/**
 * Makes visible what writers prepared, once their checkpoint is complete. On the thread of its subtask, beside
 * the stream: records go on meanwhile.
 *
 * @example
 * ```ts
 * interface Transaction { id: string; lines: readonly string[] }
 *
 * function createCommitter(table: Map<string, readonly string[]>): Committer<Transaction> {
 *   return {
 *     // The id makes it idempotent: the same transaction may come again after a restart.
 *     async commit(transactions) {
 *       for (const { id, lines } of transactions) table.set(id, lines);
 *     },
 *   };
 * }
 * ```
 */
export interface Committer<CommittableT> {
  /**
   * Commits all, in order. Called when the checkpoint that holds them is complete, and again after a
   * restore. Idempotent. A rejection fails the task, which restores and tries again.
   */
  commit(committables: readonly CommittableT[]): Promise<void>;
  close?(): void | Promise<void>;
}
