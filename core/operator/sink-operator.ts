// hot path: chain.bench.ts
import type { Sink, SinkWriter, SinkWriterContext } from '../api/sink.js';
import { MillraceError } from '../base/millrace-error.js';
import { NO_TIMESTAMP } from '../element/watermark.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import { OneInputOperator } from './abstract-stream-operator.js';
import { NO_OUTPUT } from './chain-output.js';
import { CommitQueue, type PendingCommittable } from './commit-queue.js';
import { restoredWatermark, snapshotWatermark, WATERMARK_LIST } from './current-watermark.js';
import { OperatorLists } from './operator-list.js';
import { itemsKey, type StoredItems } from './stored-items.js';
import type { ChainedOperatorContext, OperatorFactory, OperatorSnapshot, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

/** In the place of a checkpoint where there are none. */
const AT_END = 0;

/**
 * Runs the writer of a sink and commits what it prepared once the checkpoint that holds it is complete.
 *
 * Invariants:
 * - what is prepared is in the snapshot of its checkpoint and of every later one until it is committed;
 * - restored committables are committed before the first write;
 * - after `endInput` the writer gets no record, only flushes;
 * - of a batch nothing is committed before `commitAtEnd`.
 */
class SinkOperator<T, CommittableT, WriterStateT> extends OneInputOperator<T, never> {
  readonly #sink: Sink<T, CommittableT, WriterStateT>;
  readonly #lists: OperatorLists;
  readonly #states: StoredItems<WriterStateT>;
  readonly #committables: StoredItems<PendingCommittable<CommittableT>>;
  readonly #writerContext: SinkWriterContext;
  private writer: SinkWriter<T, CommittableT, WriterStateT>;
  private readonly element: { timestamp: number | undefined; watermark: number };
  #commits: CommitQueue<CommittableT> | undefined;
  #awaitingWriter: boolean;
  #ended: boolean;
  #closed: boolean;

  constructor(context: ChainedOperatorContext, sink: Sink<T, CommittableT, WriterStateT>) {
    super(context, NO_OUTPUT as Output<never>);
    this.#sink = sink;
    this.#lists = new OperatorLists(context);
    this.#writerContext = writerContext(context);
    this.#states = storedStates(sink);
    this.#committables = storedCommittables(sink);
    this.writer = sink.createWriter(this.#writerContext, this.#lists.restoredItems(this.#states));
    this.element = { timestamp: undefined, watermark: restoredWatermark(context) };
    this.#commits = undefined;
    this.#awaitingWriter = false;
    this.#ended = false;
    this.#closed = false;
  }

  override async open(): Promise<void> {
    const committer = this.#sink.createCommitter?.(this.#writerContext);
    const restored = this.#lists.restoredItems(this.#committables);
    if (committer !== undefined) this.#commits = new CommitQueue(this.context, committer, restored);
    await this.writer.open?.(restored.map(({ committable }) => committable));
    // A task that was cancelled meanwhile commits nothing more: the next attempt does.
    if (this.#closed) return;
    // The checkpoint that was restored is complete, so all that it holds is to be committed.
    await this.#commits?.commitNow(Number.POSITIVE_INFINITY);
  }

  processElement(value: T, timestamp: number): void {
    const element = this.element;
    element.timestamp = timestamp === NO_TIMESTAMP ? undefined : timestamp;
    this.context.userCode.node = this.context.chainIndex;
    const returned: unknown = this.writer.write(value, element);
    if (returned !== undefined) expectNoPromise(returned, 'write of a sink writer');
  }

  override processWatermark(timestamp: number): void {
    if (timestamp <= this.element.watermark) return;
    this.element.watermark = timestamp;
    if (this.writer.writeWatermark === undefined) return;
    this.context.userCode.node = this.context.chainIndex;
    this.writer.writeWatermark(timestamp);
  }

  /** False while the writer is busy, and at the end until everything is committed. */
  override resume(): boolean {
    if (this.#awaitingWriter) return false;
    const { busy } = this.writer;
    if (busy !== undefined) {
      this.#awaitWriter(busy);
      return false;
    }
    return !this.#ended || this.#isCommitted;
  }

  get #isCommitted(): boolean {
    return this.#commits?.isCommitting !== true;
  }

  override endInput(): void | Promise<void> {
    this.#ended = true;
    const { checkpointing, commitsWithJob } = this.context;
    if (checkpointing) return this.writer.flush(true);
    return commitsWithJob ? this.prepareSnapshot(AT_END) : this.#flushAndCommit();
  }

  commitAtEnd(): void {
    this.#commits?.commitSoon(AT_END);
  }

  override stop(): boolean {
    return this.#isCommitted;
  }

  override prepareSnapshot(checkpointId: number): void | Promise<void> {
    const flushed = this.writer.flush(this.#ended);
    if (flushed === undefined) return this.#prepareCommit(checkpointId);
    return flushed.then(() => this.#prepareCommit(checkpointId));
  }

  override snapshotState(checkpointId: number): OperatorSnapshot {
    const states = this.writer.snapshotState?.(checkpointId) ?? [];
    return {
      keyed: undefined,
      lists: {
        [itemsKey(this.#states)]: this.#lists.encodeItems('split', this.#states, states),
        [itemsKey(this.#committables)]: this.#lists.encodeItems(
          'together',
          this.#committables,
          this.#commits?.pending ?? [],
        ),
        [WATERMARK_LIST]: snapshotWatermark(this.context, this.element.watermark),
      },
    };
  }

  /** Everything up to the checkpoint is committed; of those before it nothing else may have been told. */
  override notifyCheckpointComplete(checkpointId: number): void {
    this.#commits?.commitSoon(checkpointId);
  }

  override async close(): Promise<void> {
    this.#closed = true;
    try {
      await this.writer.close?.();
    } finally {
      await this.#commits?.close();
    }
  }

  /** Without checkpoints the end of the input is the only moment at which results become final. */
  async #flushAndCommit(): Promise<void> {
    await this.writer.flush(true);
    await this.#prepareCommit(AT_END);
    await this.#commits?.commitNow(Number.POSITIVE_INFINITY);
  }

  /** Waits only if the writer does: a promise costs the task a turn. */
  #prepareCommit(checkpointId: number): void | Promise<void> {
    const prepared = this.writer.prepareCommit?.();
    if (prepared instanceof Promise) {
      return prepared.then((committables) => this.#commits?.add(checkpointId, committables));
    }
    if (prepared !== undefined) this.#commits?.add(checkpointId, prepared);
  }

  #awaitWriter(busy: Promise<void>): void {
    this.#awaitingWriter = true;
    this.context.completions.watch(
      busy,
      () => {
        this.#awaitingWriter = false;
      },
      (error) => this.context.fail(this.context.userError(error)),
    );
  }
}

function writerContext(context: ChainedOperatorContext): SinkWriterContext {
  return {
    subtaskIndex: context.subtaskIndex,
    parallelism: context.parallelism,
    jobName: context.jobName,
    uid: context.uid,
    epoch: context.epoch,
    attempt: context.attempt,
    restoredCheckpointId: context.restoredCheckpointId,
    fileSystem: context.fileSystem,
    clock: context.clock,
    writeLine: (line, to) => context.writeLine(line, to),
    collect: (writer, sequence, values) => context.collect(writer, sequence, values),
  };
}

function storedStates<T, CommittableT, WriterStateT>(
  sink: Sink<T, CommittableT, WriterStateT>,
): StoredItems<WriterStateT> {
  return { name: 'writer-state', what: 'state of the sink writer', type: sink.writerStateType };
}

/** Each with the checkpoint that it was prepared for. */
function storedCommittables<T, CommittableT, WriterStateT>(
  sink: Sink<T, CommittableT, WriterStateT>,
): StoredItems<PendingCommittable<CommittableT>> {
  const { committableType } = sink;
  const type = committableType && types.object({ checkpointId: types.float64, committable: committableType });
  return {
    name: 'committables',
    what: 'committables of the sink',
    type: type as TypeDescriptor<PendingCommittable<CommittableT>> | undefined,
    ...(sink.createCommitter === undefined && { unwanted: nobodyCommits }),
  };
}

function nobodyCommits(): MillraceError {
  return new MillraceError('MR2103', 'The checkpoint holds committables, and the sink has no committer.', {
    why: 'What they make visible would never be seen.',
    hint: 'Restore it with the sink as it was, and let a checkpoint complete. Or give the sink another uid, and begin with -n.',
  });
}

export function sinkOperator<T, CommittableT, WriterStateT>(
  sink: Sink<T, CommittableT, WriterStateT>,
): OperatorFactory {
  return {
    needsKeyedState: false,
    stored: [storedStates(sink), storedCommittables(sink)],
    create: (context) => new SinkOperator(context, sink),
  };
}
