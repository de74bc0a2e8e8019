import type { Committer, Sink, SinkWriter } from '../../../core/internal.js';

/** Commits what it has prepared at once, before anybody knows whether the checkpoint will be complete. */
export function eagerSink<T, CommittableT, WriterStateT>(
  sink: Sink<T, CommittableT, WriterStateT>,
): Sink<T, CommittableT, WriterStateT> {
  return {
    ...rest(sink),
    createWriter: (context, restored) => {
      const writer = sink.createWriter(context, restored);
      const committer = sink.createCommitter?.(context);
      return withMethods(writer, {
        prepareCommit: async () => {
          await committer?.commit((await writer.prepareCommit?.()) ?? []);
          return [];
        },
      });
    },
  };
}

/** Of what is to be committed at once it takes the newest only, as if no completion were ever subsumed. */
export function newestOnlySink<T, CommittableT, WriterStateT>(
  sink: Sink<T, CommittableT, WriterStateT>,
): Sink<T, CommittableT, WriterStateT> {
  const create = sink.createCommitter?.bind(sink);
  if (create === undefined) return sink;
  return {
    ...rest(sink),
    createCommitter: (context): Committer<CommittableT> => {
      const committer = create(context);
      return { commit: (committables) => committer.commit(committables.slice(-1)) };
    },
  };
}

/** Takes what a checkpoint has left to be committed for leftovers, and tidies them away. */
export function forgetfulSink<T, CommittableT, WriterStateT>(
  sink: Sink<T, CommittableT, WriterStateT>,
): Sink<T, CommittableT, WriterStateT> {
  return {
    ...rest(sink),
    createWriter: (context, restored) => {
      const writer = sink.createWriter(context, restored);
      return withMethods(writer, { open: () => writer.open?.([]) });
    },
  };
}

function rest<T, CommittableT, WriterStateT>(
  sink: Sink<T, CommittableT, WriterStateT>,
): Sink<T, CommittableT, WriterStateT> {
  const createCommitter = sink.createCommitter?.bind(sink);
  return {
    createWriter: (context, restored) => sink.createWriter(context, restored),
    ...(createCommitter === undefined ? {} : { createCommitter }),
  };
}

function withMethods<T, CommittableT, WriterStateT>(
  writer: SinkWriter<T, CommittableT, WriterStateT>,
  changed: Partial<SinkWriter<T, CommittableT, WriterStateT>>,
): SinkWriter<T, CommittableT, WriterStateT> {
  return {
    open: (pending) => writer.open?.(pending),
    write: (value, context) => writer.write(value, context),
    get busy() {
      return writer.busy;
    },
    flush: (endOfInput) => writer.flush(endOfInput),
    prepareCommit: () => writer.prepareCommit?.() ?? [],
    snapshotState: (checkpointId) => writer.snapshotState?.(checkpointId) ?? [],
    close: () => writer.close?.(),
    ...changed,
  };
}
