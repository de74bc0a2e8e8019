import type { Committer, Sink, SinkWriter, SinkWriterContext } from './sink.js';

/** Values of one checkpoint of one writer, numbered upwards. Plain data. */
export interface CollectedBatch<T> {
  /** Of a subtask in one attempt, which it need not be committed by. */
  readonly writer: string;
  readonly sequence: number;
  readonly values: readonly T[];
}

/**
 * Brings the records back to who started the job (`executeAndCollect`, `LocalJob.collected`): exactly once,
 * when the checkpoint that holds them is complete. For results that fit into memory, and for tests.
 *
 * Invariants: batches of a writer are numbered upwards; a batch that is committed again has the writer and the number
 * that it had.
 *
 * @example
 * ```ts
 * stream.sinkTo(new CollectSink(), 'results');
 * ```
 */
export class CollectSink<T> implements Sink<T, CollectedBatch<T>, number> {
  createWriter(context: SinkWriterContext): SinkWriter<T, CollectedBatch<T>, number> {
    const { epoch, subtaskIndex, restoredCheckpointId } = context;
    // Whoever begins from the beginning writes what was written before, and says so.
    const writer = `${epoch}-${restoredCheckpointId === undefined ? 0 : context.attempt}-${subtaskIndex}`;
    let sequence = 0;
    let values: T[] = [];
    return {
      write: (value) => {
        values.push(value);
      },
      flush: () => {},
      prepareCommit: () => {
        if (values.length === 0) return [];
        const batch = { writer, sequence: ++sequence, values };
        values = [];
        return [batch];
      },
      snapshotState: () => [],
    };
  }

  createCommitter(context: SinkWriterContext): Committer<CollectedBatch<T>> {
    return {
      commit: async (batches) => {
        for (const { writer, sequence, values } of batches) context.collect(writer, sequence, values);
      },
    };
  }
}
