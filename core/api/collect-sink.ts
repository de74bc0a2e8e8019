import type { Committer, Sink, SinkWriter, SinkWriterContext } from './sink.js';

/** Values of one checkpoint of one writer, numbered upwards. Plain data. */
export interface CollectedBatch<T> {
  /** Of a subtask in one run of the process: after a rescale another subtask may commit what it wrote. */
  readonly writer: string;
  readonly sequence: number;
  readonly values: readonly T[];
}

/**
 * Brings the records back to who started the job (`executeAndCollect`, `LocalJob.collected`): exactly once,
 * when the checkpoint that holds them is complete. For results that fit into memory, and for tests.
 *
 * Invariants: batches of a writer are numbered upwards over all attempts of its run; a batch that is
 * committed again has the number that it had.
 *
 * @example
 * ```ts
 * stream.sinkTo(new CollectSink(), 'results');
 * ```
 */
export class CollectSink<T> implements Sink<T, CollectedBatch<T>, number> {
  createWriter(
    { epoch, subtaskIndex }: SinkWriterContext,
    restored: readonly number[],
  ): SinkWriter<T, CollectedBatch<T>, number> {
    const writer = `${epoch}-${subtaskIndex}`;
    let sequence = Math.max(0, ...restored);
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
      snapshotState: () => [sequence],
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
