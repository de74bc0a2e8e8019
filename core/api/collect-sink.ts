import type { Committer, Sink, SinkWriter, SinkWriterContext } from './sink.js';

/** Values of one checkpoint of one writer, numbered from 1 without a gap. Plain data. */
export interface CollectedBatch<T> {
  readonly sequence: number;
  readonly values: readonly T[];
}

/**
 * Brings the records back to who started the job (`executeAndCollect`, `LocalJob.collected`): exactly once,
 * when the checkpoint that holds them is complete. For results that fit into memory, and for tests.
 *
 * Invariants: batches of a writer are numbered without a gap over all attempts; a batch that is committed
 * again has the number that it had.
 *
 * @example
 * ```ts
 * stream.sinkTo(new CollectSink(), 'results');
 * ```
 */
export class CollectSink<T> implements Sink<T, CollectedBatch<T>, number> {
  createWriter(
    _context: SinkWriterContext,
    restored: readonly number[],
  ): SinkWriter<T, CollectedBatch<T>, number> {
    let sequence = restored[0] ?? 0;
    let values: T[] = [];
    return {
      write: (value) => {
        values.push(value);
      },
      flush: () => {},
      prepareCommit: () => {
        if (values.length === 0) return [];
        const batch = { sequence: ++sequence, values };
        values = [];
        return [batch];
      },
      snapshotState: () => [sequence],
    };
  }

  createCommitter(context: SinkWriterContext): Committer<CollectedBatch<T>> {
    return {
      commit: async (batches) => {
        for (const { sequence, values } of batches) context.collect(sequence, values);
      },
    };
  }
}
