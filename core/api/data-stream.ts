import { MillraceError } from '../base/millrace-error.js';
import {
  customPartitioning,
  hashPartitioning,
  PARTITIONINGS,
  type Partitioning,
} from '../graph/partitioning.js';
import type { StreamOrigin } from '../graph/stream-graph.js';
import {
  type FieldAt,
  type FieldPath,
  fieldSelector,
  parsePath,
  projectedType,
  projection,
  typeAt,
} from '../operator/field-path.js';
import { flatMapOperator } from '../operator/flat-map-operator.js';
import type { FilterFunction, FlatMapFunction, KeySelector, MapFunction } from '../operator/functions.js';
import { checkKeylessFunction } from '../operator/keyless-use.js';
import type { ProcessFunction } from '../operator/process-function.js';
import { processOperator } from '../operator/process-operator.js';
import { hasOperatorState } from '../operator/rich-function.js';
import {
  processByFilter,
  processByFlatMap,
  processByMap,
  type RichFilterFunction,
  type RichFlatMapFunction,
  type RichMapFunction,
  type RichProcess,
} from '../operator/rich-functions.js';
import { filterOperator, mapOperator } from '../operator/stateless-operator.js';
import type { OperatorFactory } from '../operator/stream-operator.js';
import { checkSynchronous } from '../operator/synchronous.js';
import { checkOutputTag } from '../operator/tag-check.js';
import { timestampsAndWatermarks } from '../operator/timestamps-and-watermarks-operator.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { MapStateDescriptor } from '../state/state-descriptor.js';
import { WatermarkStrategy } from '../watermark/watermark-strategy.js';
import { BroadcastConnectedStream, BroadcastStream, checkDescriptors } from './broadcast-stream.js';
import { type ConnectedInputs, ConnectedStreams, checkSameJob } from './connected-streams.js';
import type { KeyedStream } from './keyed-stream.js';
import type { OutputTag } from './output-tag.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import { WindowableStream } from './windowable-stream.js';

/**
 * A stream of records of type T. Methods add operators to the job; nothing runs before the job does.
 *
 * Records must not be changed by the functions that see them: a stream that is used twice hands the same
 * object to both. Results are new objects.
 *
 * @example
 * ```ts
 * env.fromSequence(1, 100)
 *   .map((n) => ({ n, even: n % 2 === 0 }))
 *   .filter((v) => v.even)
 *   .print();
 * ```
 */
export class DataStream<T> extends WindowableStream<T> {
  /**
   * One result for each record. Its type is undeclared until `.returns(type)` says it. An object with `map` may
   * have `open`, `close` and operator state beside it; see {@link RichFunction}.
   *
   * @example
   * ```ts
   * const lengths = words.map((word) => ({ word, length: word.length }));
   * ```
   */
  map<R>(fn: MapFunction<T, R> | RichMapFunction<T, R>): SingleOutputStreamOperator<R> {
    if (typeof fn === 'object') return this.rich<R>('map', 'Map', processByMap(fn), undefined);
    checkSynchronous(fn, 'The function given to map');
    return this.#transform('map', 'Map', mapOperator(fn), undefined);
  }

  /**
   * The records for which `predicate` is true.
   *
   * @example
   * ```ts
   * const late = flights.filter((flight) => flight.delay > 15);
   * ```
   */
  filter<S extends T>(predicate: (value: T) => value is S): SingleOutputStreamOperator<S>;
  filter(predicate: FilterFunction<T> | RichFilterFunction<T>): SingleOutputStreamOperator<T>;
  filter(predicate: FilterFunction<T> | RichFilterFunction<T>): SingleOutputStreamOperator<T> {
    if (typeof predicate === 'object')
      return this.rich<T>('filter', 'Filter', processByFilter(predicate), 'inherit');
    checkSynchronous(predicate, 'The function given to filter');
    return this.#transform('filter', 'Filter', filterOperator(predicate), 'inherit');
  }

  /**
   * Any number of results for each record.
   *
   * @example
   * ```ts
   * lines.flatMap<string>((line, out) => {
   *   for (const word of line.split(' ')) out.collect(word);
   * });
   * ```
   */
  flatMap<R>(fn: FlatMapFunction<T, R> | RichFlatMapFunction<T, R>): SingleOutputStreamOperator<R> {
    if (typeof fn === 'object') return this.rich<R>('flat-map', 'Flat Map', processByFlatMap(fn), undefined);
    checkSynchronous(fn, 'The function given to flatMap');
    return this.#transform('flat-map', 'Flat Map', flatMapOperator(fn), undefined);
  }

  /**
   * Sees time and side outputs; see {@link ProcessFunction}.
   *
   * @example
   * ```ts
   * const stamped = words.process<{ word: string; time: number | undefined }>({
   *   processElement(word, ctx, out) {
   *     out.collect({ word, time: ctx.timestamp });
   *   },
   * });
   * ```
   */
  process<R>(fn: ProcessFunction<T, R>): SingleOutputStreamOperator<R> {
    checkKeylessFunction(fn, 'The process function', ['processElement']);
    const isStateful = hasOperatorState(fn);
    return this.#transform('process', 'Process', processOperator(fn), undefined, isStateful);
  }

  /**
   * The records of all the streams, in any order between them. A stream united with itself comes twice.
   *
   * @example
   * ```ts
   * const all = words.union(lines, env.fromData(['to', 'be']));
   * ```
   */
  union(...others: readonly DataStream<T>[]): DataStream<T> {
    for (const other of others) {
      if (other.factory === this.factory) continue;
      throw new MillraceError('MR1001', 'A stream can only be united with streams of the same job.');
    }
    return new DataStream(this.factory, [this.origins, ...others.map((other) => other.origins)].flat());
  }

  /**
   * Joins the stream with another one, possibly of another type, for an operator that takes both.
   *
   * @throws MillraceError MR1001 if the other one belongs to another job
   */
  connect<U>(other: DataStream<U>): ConnectedStreams<T, U>;
  connect<U>(broadcast: BroadcastStream<U>): BroadcastConnectedStream<T, U>;
  connect<U>(
    other: DataStream<U> | BroadcastStream<U>,
  ): ConnectedStreams<T, U> | BroadcastConnectedStream<T, U> {
    const inputs = this.connected(other);
    return other instanceof BroadcastStream
      ? new BroadcastConnectedStream(inputs, other.descriptors)
      : new ConnectedStreams(inputs);
  }

  /**
   * Spreads the records by their key: all records of a key go to the same subtask, which holds its state.
   * Keys are numbers, strings, booleans, bigints, Uint8Arrays, or plain objects and arrays of them;
   * `keyType` says which, to the compiler. A path of field names does for a function. A record whose key is undefined
   * or null fails the job (MR2004).
   *
   * @throws MillraceError MR1001 if the records are declared and have no such field
   * @example `flights.keyBy((flight) => flight.origin)` or `flights.keyBy('plane.carrier')`
   */
  keyBy<K>(keySelector: KeySelector<T, K>, keyType?: TypeDescriptor<K>): KeyedStream<T, K>;
  keyBy<P extends FieldPath<T>>(field: P): KeyedStream<T, FieldAt<T, P>>;
  keyBy<K>(key: KeySelector<T, K> | string, keyType?: TypeDescriptor<K>): KeyedStream<T, K> {
    if (typeof key === 'string') {
      const type = this.recordType();
      const path = parsePath(key, type, 'keyBy');
      const selector = fieldSelector<T, K>(path);
      return this.#keyed(selector, typeAt(type, path) as TypeDescriptor<K> | undefined);
    }
    checkSynchronous(key, 'The key selector given to keyBy');
    return this.#keyed(key, keyType);
  }

  /**
   * The records with these fields only.
   *
   * @example `flights.project('origin', 'delay')`
   */
  project<F extends Extract<keyof T, string>>(
    ...fields: readonly F[]
  ): SingleOutputStreamOperator<Pick<T, F>> {
    const outputType = projectedType(this.recordType(), fields);
    return this.#transform('project', 'Projection', mapOperator(projection<T, F>(fields)), outputType);
  }

  /** To the consumer's subtask of the same index; both must have the same parallelism. */
  forward(): DataStream<T> {
    return new DataStream(this.factory, this.#partitioned(PARTITIONINGS.forward));
  }

  /** Round robin over all subtasks of the consumer. */
  rebalance(): DataStream<T> {
    return new DataStream(this.factory, this.#partitioned(PARTITIONINGS.rebalance));
  }

  /** Round robin over the nearest subtasks of the consumer: fewer exchanges than `rebalance`. */
  rescale(): DataStream<T> {
    return new DataStream(this.factory, this.#partitioned(PARTITIONINGS.rescale));
  }

  /** Any subtask of the consumer, each with the same chance. */
  shuffle(): DataStream<T> {
    return new DataStream(this.factory, this.#partitioned(PARTITIONINGS.shuffle));
  }

  /**
   * Every record to every subtask of the consumer; with descriptors, to make the state that they name there.
   *
   * @example `rules.broadcast(new MapStateDescriptor('rules', types.string, ruleType))`
   */
  broadcast(): DataStream<T>;
  broadcast(
    descriptor: MapStateDescriptor<unknown, unknown>,
    ...others: readonly MapStateDescriptor<unknown, unknown>[]
  ): BroadcastStream<T>;
  broadcast(
    ...descriptors: readonly MapStateDescriptor<unknown, unknown>[]
  ): DataStream<T> | BroadcastStream<T> {
    const origins = this.#partitioned(PARTITIONINGS.broadcast);
    if (descriptors.length === 0) return new DataStream(this.factory, origins);
    return new BroadcastStream<T>(this.factory, origins, checkDescriptors(descriptors));
  }

  /** Every record to the first subtask of the consumer. */
  global(): DataStream<T> {
    return new DataStream(this.factory, this.#partitioned(PARTITIONINGS.global));
  }

  /**
   * To the subtask that `partition` names for the key, in [0, channels). State is not kept by such keys.
   *
   * @example
   * ```ts
   * const byLength = words.partitionCustom((length: number, channels) => length % channels, (word) => word.length);
   * ```
   */
  partitionCustom<K>(
    partition: (key: K, channels: number) => number,
    keySelector: KeySelector<T, K>,
  ): DataStream<T> {
    checkSynchronous(partition, 'The partitioner given to partitionCustom');
    checkSynchronous(keySelector, 'The key selector given to partitionCustom');
    return new DataStream(this.factory, this.#partitioned(customPartitioning(partition, keySelector)));
  }

  /**
   * Gives timestamps and watermarks anew; those from above count no longer. Best done in the source.
   *
   * @example
   * ```ts
   * const timed = lines
   *   .map(parse)
   *   .assignTimestampsAndWatermarks(
   *     WatermarkStrategy.forMonotonousTimestamps<Flight>().withTimestampAssigner((flight) => flight.time),
   *   );
   * ```
   */
  assignTimestampsAndWatermarks(strategy: WatermarkStrategy<T>): SingleOutputStreamOperator<T> {
    if (!(strategy instanceof WatermarkStrategy)) {
      throw new MillraceError('MR1001', 'assignTimestampsAndWatermarks takes a WatermarkStrategy.');
    }
    return this.factory.operator({
      kind: 'timestamps-and-watermarks',
      name: 'Timestamps/Watermarks',
      ...timestampsAndWatermarks(strategy),
      inputs: [this.origins],
      outputType: 'inherit',
      makesWatermarks: strategy.createGenerator !== undefined,
    });
  }

  /**
   * The records that operators of this stream sent to the side output.
   *
   * @throws MillraceError MR1001 on a union or a repartitioned stream: ask its operators; or if it is no tag
   */
  getSideOutput<X>(tag: OutputTag<X>): DataStream<X> {
    checkOutputTag(tag);
    const [origin, ...others] = this.origins;
    if (
      origin === undefined ||
      others.length > 0 ||
      origin.partitioning !== undefined ||
      origin.tag !== undefined
    ) {
      throw new MillraceError(
        'MR1001',
        `The side output '${tag.id}' was asked for on a stream that has none.`,
        {
          hint: 'Keep the result of process(...), of a window function or of fromSource(...), and ask it.',
        },
      );
    }
    origin.node.declareSideOutput(tag.id, tag.type as TypeDescriptor<unknown> | undefined);
    return new DataStream(this.factory, [{ node: origin.node, tag: tag.id, partitioning: undefined }]);
  }

  /** @throws MillraceError MR1001 if the other is no stream of the same job */
  protected connected(other: unknown): ConnectedInputs {
    let second: readonly StreamOrigin[];
    if (other instanceof DataStream) {
      checkSameJob(this.factory, other.factory);
      second = other.origins;
    } else if (other instanceof BroadcastStream) {
      checkSameJob(this.factory, other.factory);
      second = other.origins;
    } else {
      throw new MillraceError('MR1001', 'connect takes a stream, or a stream that was broadcast.');
    }
    return { factory: this.factory, first: this.origins, second };
  }

  /** Runs a function object; where the stream has keys, with their state. */
  protected rich<R>(
    kind: string,
    name: string,
    fn: RichProcess<T, R>,
    outputType: 'inherit' | undefined,
  ): SingleOutputStreamOperator<R> {
    return this.#transform(kind, name, processOperator(fn), outputType, true);
  }

  #transform<R>(
    kind: string,
    name: string,
    factory: OperatorFactory,
    outputType: TypeDescriptor<unknown> | 'inherit' | undefined,
    isStateful = false,
  ): SingleOutputStreamOperator<R> {
    return this.factory.operator({
      kind,
      name,
      operator: { kind: 'operator', factory },
      inputs: [this.origins],
      outputType,
      isStateful,
    });
  }

  #keyed<K>(keySelector: KeySelector<T, K>, keyType: TypeDescriptor<K> | undefined): KeyedStream<T, K> {
    return this.factory.keyed(this.#partitioned(hashPartitioning(keySelector)), keySelector, keyType);
  }

  #partitioned(partitioning: Partitioning): StreamOrigin[] {
    return this.origins.map((origin) => ({ ...origin, partitioning }));
  }
}
