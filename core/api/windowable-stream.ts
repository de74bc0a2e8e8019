import { MillraceError } from '../base/millrace-error.js';
import { type StreamOrigin, typeOfOrigins } from '../graph/stream-graph.js';
import type { KeySelector } from '../operator/functions.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { WindowAssigner } from '../window/window-assigner.js';
import { AllWindowedStream } from './all-windowed-stream.js';
import { CoGroupedStreams, type StreamPair } from './co-grouped-streams.js';
import { countWindows } from './count-windows.js';
import type { DataStream } from './data-stream.js';
import { JoinedStreams } from './joined-streams.js';
import type { OperatorTransform } from './operator-transform.js';
import { PartitionWindowedStream } from './partition-windowed-stream.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import { SinkableStream } from './sinkable-stream.js';
import type { StreamFactory } from './stream-factory.js';
import { WindowOperatorBuilder } from './window-operator-builder.js';

/** Where the records of a stream come from. */
export interface StreamInput {
  readonly factory: StreamFactory;
  readonly origins: readonly StreamOrigin[];
}

let inputOf: <T>(stream: WindowableStream<T>) => StreamInput;

/** For what is made of streams beside their classes: it is no property that users would see. */
export function streamInputOf<T>(stream: WindowableStream<T>): StreamInput {
  return inputOf(stream);
}

/** Adds an operator to a stream, for the classes beside this one: it is no method that users would see. */
export function transformStream<T, R>(
  stream: WindowableStream<T>,
  operator: OperatorTransform,
): SingleOutputStreamOperator<R> {
  const { factory, origins } = inputOf(stream);
  return factory.operator({
    kind: operator.kind,
    name: operator.name,
    operator: { kind: 'operator', factory: operator.factory(typeOfOrigins(origins)) },
    inputs: [origins],
    outputType: undefined,
    isStateful: operator.isStateful ?? false,
  });
}

/** A stream, as far as it can be windowed, as a whole or together with another one, and what that takes. */
export abstract class WindowableStream<T> extends SinkableStream<T> {
  static {
    inputOf = ({ factory, origins }) => ({ factory, origins });
  }

  /**
   * Collects all records into windows, in one subtask.
   *
   * @throws MillraceError MR1001 if it is no window assigner
   * @example
   * ```ts
   * const perMinute = clicks.windowAll(TumblingEventTimeWindows.of('1 min'));
   * ```
   */
  windowAll(assigner: WindowAssigner<T>): AllWindowedStream<T> {
    const input = {
      factory: this.factory,
      origins: this.origins,
      keySelector: (): number => 0,
      recordType: (): TypeDescriptor<T> => this.recordType(),
      isNonParallel: true,
    };
    return new AllWindowedStream(WindowOperatorBuilder.of(input, assigner));
  }

  /**
   * Takes all that comes to a subtask as one partition, to be sorted or folded when it has ended; of a keyed
   * stream all records of a key. For batches; see {@link PartitionWindowedStream}.
   *
   * @example
   * ```ts
   * env.setRuntimeMode('BATCH');
   * const byDelay = flights.keyBy('origin').fullWindowPartition().sortPartition('delay', 'ASCENDING');
   * ```
   */
  fullWindowPartition(): PartitionWindowedStream<T> {
    return this.partitions(undefined);
  }

  protected partitions(partitionKey: KeySelector<T, unknown> | undefined): PartitionWindowedStream<T> {
    const { factory, origins } = this;
    const recordType = (): TypeDescriptor<T> => this.recordType();
    return new PartitionWindowedStream({ factory, origins, partitionKey, recordType });
  }

  /**
   * Windows of so many records each; with `slide`, the last `size` records whenever so many have come.
   *
   * @throws MillraceError MR1001 unless they are whole numbers above 0
   * @example `const sums = numbers.countWindowAll(100).reduce((a, b) => a + b)`
   */
  countWindowAll(size: number, slide?: number): AllWindowedStream<T> {
    const { assigner, trigger, evictor } = countWindows(size, slide);
    const windowed = this.windowAll(assigner).trigger(trigger);
    return evictor === undefined ? windowed : windowed.evictor(evictor);
  }

  /**
   * Joins each pair of records of the two streams that share key and window; see {@link JoinedStreams}.
   *
   * @throws MillraceError MR1001 if the other is no stream of the same job
   */
  join<U>(other: DataStream<U>): JoinedStreams<T, U> {
    return new JoinedStreams(this.#pairWith(other, 'join'));
  }

  /**
   * Brings the records of the two streams together by key and window; see {@link CoGroupedStreams}.
   *
   * @throws MillraceError MR1001 if the other is no stream of the same job
   */
  coGroup<U>(other: DataStream<U>): CoGroupedStreams<T, U> {
    return new CoGroupedStreams(this.#pairWith(other, 'coGroup'));
  }

  /** Windows by key belong to keyed streams: untyped code is told so. */
  protected window(_assigner: unknown): unknown {
    return refuseWithoutKeys('window');
  }

  protected countWindow(_size: unknown, _slide?: unknown): unknown {
    return refuseWithoutKeys('countWindow');
  }

  /** The declared type of the records, or an undeclared one. */
  protected recordType(): TypeDescriptor<T> {
    return typeOfOrigins(this.origins) as TypeDescriptor<T>;
  }

  #pairWith<U>(other: WindowableStream<U>, what: string): StreamPair<T, U> {
    if (!(other instanceof WindowableStream) || other.factory !== this.factory) {
      throw new MillraceError('MR1001', `${what} takes another stream of the same job.`);
    }
    return {
      factory: this.factory,
      left: { origins: this.origins, recordType: () => this.recordType() },
      right: { origins: other.origins, recordType: () => other.recordType() },
    };
  }
}

function refuseWithoutKeys(what: string): never {
  throw new MillraceError('MR1001', `${what} was called on a stream that has no keys.`, {
    hint: `Call keyBy(...) before it, or ${what}All(...) to have one window for all records.`,
  });
}
