import { MillraceError } from '../base/millrace-error.js';
import type { StreamOrigin } from '../graph/stream-graph.js';
import { sinkOperator } from '../operator/sink-operator.js';
import { DataStreamSink } from './data-stream-sink.js';
import { checkCount, checkText } from './operator-settings.js';
import { PrintSink } from './print-sink.js';
import type { Sink } from './sink.js';
import type { StreamFactory } from './stream-factory.js';

/** A stream, as far as it can end. */
export abstract class SinkableStream<T> {
  /** Where the records come from; several after a union. */
  protected readonly origins: readonly StreamOrigin[];
  protected readonly factory: StreamFactory;

  constructor(factory: StreamFactory, origins: readonly StreamOrigin[]) {
    this.factory = factory;
    this.origins = origins;
  }

  /**
   * Ends the stream in a sink. The name also makes the sink's uid, unless it is given one.
   *
   * @example
   * ```ts
   * flights.sinkTo(FileSink.jsonLines('output/flights', { type: flight }), 'flights');
   * ```
   */
  sinkTo<CommittableT, WriterStateT>(
    sink: Sink<T, CommittableT, WriterStateT>,
    name?: string,
  ): DataStreamSink {
    if (typeof sink !== 'object' || sink === null || typeof sink.createWriter !== 'function') {
      throw new MillraceError('MR1001', 'sinkTo takes a Sink: an object with createWriter.');
    }
    if (name !== undefined) checkText(name, 'name');
    const node = this.factory.graph.add({
      kind: 'sink',
      name: `Sink: ${name ?? 'Unnamed'}`,
      ...(name === undefined ? {} : { givenName: name }),
      operator: { kind: 'operator', factory: sinkOperator(sink) },
      inputs: [this.origins],
      outputType: undefined,
      isSink: true,
      isStateful: sink.createCommitter !== undefined,
    });
    if (sink.parallelism !== undefined) node.parallelism = checkCount(sink.parallelism, 'parallelism');
    return new DataStreamSink(node);
  }

  /** Prints each record as a line on standard output, after `prefix` where one is given. */
  print(prefix?: string): DataStreamSink {
    return this.#printed('Print to Std. Out', new PrintSink<T>(prefix), prefix);
  }

  /** {@link print} on standard error. */
  printToErr(prefix?: string): DataStreamSink {
    return this.#printed('Print to Std. Err', new PrintSink<T>(prefix, 'stderr'), prefix);
  }

  #printed(what: string, sink: PrintSink<T>, prefix: string | undefined): DataStreamSink {
    return this.sinkTo(sink).name(prefix === undefined ? `Sink: ${what}` : `Sink: ${what} (${prefix})`);
  }
}
