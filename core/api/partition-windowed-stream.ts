import { MillraceError } from '../base/millrace-error.js';
import type { StreamNodeSpec, StreamOrigin } from '../graph/stream-graph.js';
import type { Collector } from '../operator/collector.js';
import { type FieldPathTo, fieldSelector, parsePath } from '../operator/field-path.js';
import { foldPartitionOperator, type PartitionFold } from '../operator/fold-partition-operator.js';
import type { KeySelector } from '../operator/functions.js';
import { mapPartitionOperator } from '../operator/map-partition-operator.js';
import { functionAndLife, LIFE_METHODS, type RichFunction } from '../operator/rich-function.js';
import type { RichReduceFunction } from '../operator/rich-functions.js';
import type { Comparable } from '../operator/rolling-aggregation.js';
import type { RuntimeContext } from '../operator/runtime-context.js';
import { sortPartitionOperator } from '../operator/sort-partition-operator.js';
import { checkFunctionObject, checkSynchronous } from '../operator/synchronous.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { type AggregateFunction, checkFolded, type ReduceFunction } from '../state/aggregate-function.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import type { StreamFactory } from './stream-factory.js';

/** The order of a sorted partition. */
export type SortOrder = 'ASCENDING' | 'DESCENDING';

/**
 * Makes any number of results of all records of a partition. It sees them one after another, once; what it does not
 * keep is in no memory.
 */
export type MapPartitionFunction<T, R> = (values: Iterable<T>, out: Collector<R>) => void;

/** A {@link MapPartitionFunction} with a life. */
export interface RichMapPartitionFunction<T, R> extends RichFunction<RuntimeContext> {
  mapPartition(values: Iterable<T>, out: Collector<R>): void;
}

/** What a stream of partitions is made of. */
export interface PartitionInput<T> {
  readonly factory: StreamFactory;
  readonly origins: readonly StreamOrigin[];
  /** Undefined: the input of a subtask is a partition. */
  readonly partitionKey: KeySelector<never, unknown> | undefined;
  recordType(): TypeDescriptor<T>;
}

/**
 * A stream as partitions, each of which is looked at as a whole when the input has ended: all that comes to a
 * subtask or, of a keyed stream, all records of a key. For batches: building a job that streams is refused.
 *
 * @example
 * ```ts
 * env.setRuntimeMode('BATCH');
 * const worst = flights
 *   .fullWindowPartition()
 *   .sortPartition('delay', 'DESCENDING');
 * ```
 */
export class PartitionWindowedStream<T> {
  readonly #input: PartitionInput<T>;

  constructor(input: PartitionInput<T>) {
    this.#input = input;
  }

  /**
   * The results of a function of all records of the partition, which it goes through once while they come back from
   * managed memory and temporary files; the records of a key come by time. Results are held until there is room for
   * them. Without keys it is called for a subtask without records too. Their type is undeclared until
   * `.returns(type)`. An object with the function as `mapPartition` may have a life.
   *
   * @example
   * ```ts
   * const longest = words.fullWindowPartition().mapPartition<number>((all, out) => {
   *   let most = 0;
   *   for (const word of all) most = Math.max(most, word.length);
   *   out.collect(most);
   * });
   * ```
   */
  mapPartition<R>(
    fn: MapPartitionFunction<T, R> | RichMapPartitionFunction<T, R>,
  ): SingleOutputStreamOperator<R> {
    const { fn: mapPartition, life } = functionAndLife<MapPartitionFunction<T, R>, RuntimeContext>(
      fn,
      'mapPartition',
      'mapPartition',
    );
    const { recordType: type } = this.#input;
    const partitionKey = this.#input.partitionKey as KeySelector<T, unknown> | undefined;
    const factory = mapPartitionOperator<T, R>({ life, fn: mapPartition, partitionKey, type });
    return this.#add({
      kind: 'map-partition',
      name: 'Map Partition',
      operator: { kind: 'operator', factory },
      outputType: undefined,
    });
  }

  /**
   * The records of the partition sorted by a field, or by what a function gives of each; equal ones stay in the
   * order they came in. It takes no more than its managed memory: the rest waits in temporary files.
   *
   * @throws MillraceError MR1001 if the records are declared and have no such field
   */
  sortPartition(by: FieldPathTo<T, Comparable>, order: SortOrder): SingleOutputStreamOperator<T>;
  sortPartition(by: KeySelector<T, Comparable>, order: SortOrder): SingleOutputStreamOperator<T>;
  sortPartition(by: string | KeySelector<T, Comparable>, order: SortOrder): SingleOutputStreamOperator<T> {
    if (order !== 'ASCENDING' && order !== 'DESCENDING') {
      throw new MillraceError('MR1001', `sortPartition was given the order ${JSON.stringify(order)}.`, {
        hint: 'Give ASCENDING or DESCENDING.',
      });
    }
    const { recordType } = this.#input;
    const partitionKey = this.#input.partitionKey as KeySelector<T, unknown> | undefined;
    if (typeof by !== 'string') checkSynchronous(by, 'The function given to sortPartition');
    const sortKey =
      typeof by === 'string' ? fieldSelector<T, unknown>(parsePath(by, recordType(), 'sortPartition')) : by;
    const isDescending = order === 'DESCENDING';
    return this.#add({
      kind: 'sort-partition',
      name: 'Sort Partition',
      operator: {
        kind: 'operator',
        factory: sortPartitionOperator<T>({ partitionKey, sortKey, isDescending, type: recordType }),
      },
      outputType: 'inherit',
    });
  }

  /**
   * Folds the partition into one record; of an empty one nothing comes. `fn` may change and return its first
   * one; an object with it as `reduce` may have a life.
   */
  reduce(fn: ReduceFunction<T> | RichReduceFunction<T, RuntimeContext>): SingleOutputStreamOperator<T> {
    const { fn: reduce, life } = functionAndLife<ReduceFunction<T>, RuntimeContext>(fn, 'reduce', 'reduce');
    const fold: PartitionFold<T, { value: T }, T> = {
      life,
      createAccumulator: () => undefined,
      add(value, acc) {
        if (acc === undefined) return { value };
        acc.value = checkFolded(reduce(acc.value, value), 'The function given to reduce');
        return acc;
      },
      emit: ({ value }, out) => out.collect(value),
    };
    return this.#fold('reduce-partition', 'Reduce Partition', fold, 'inherit');
  }

  /** Folds the partition into an accumulator, and gives its result; without keys, of an empty one too. */
  aggregate<ACC, R>(
    fn: AggregateFunction<T, ACC, R> & RichFunction<RuntimeContext>,
  ): SingleOutputStreamOperator<R> {
    const required = ['createAccumulator', 'add', 'getResult'];
    checkFunctionObject(fn, 'The aggregate function', required, ['merge', ...LIFE_METHODS]);
    const fold: PartitionFold<T, { value: ACC }, R> = {
      life: fn,
      createAccumulator: () => ({ value: fn.createAccumulator() }),
      add(value, acc = { value: fn.createAccumulator() }) {
        acc.value = checkFolded(fn.add(value, acc.value), 'add of the aggregate function');
        return acc;
      },
      emit: ({ value }, out) => out.collect(fn.getResult(value)),
    };
    return this.#fold('aggregate-partition', 'Aggregate Partition', fold, undefined);
  }

  #fold<ACC, R>(
    kind: string,
    name: string,
    fold: PartitionFold<T, ACC, R>,
    outputType: 'inherit' | undefined,
  ): SingleOutputStreamOperator<R> {
    const factory = foldPartitionOperator(fold, this.#input.partitionKey !== undefined);
    return this.#add({ kind, name, operator: { kind: 'operator', factory }, outputType });
  }

  #add<R>(spec: Omit<StreamNodeSpec, 'inputs'>): SingleOutputStreamOperator<R> {
    const { factory, origins } = this.#input;
    return factory.operator<R>({ ...spec, inputs: [origins], isBatchOnly: true });
  }
}
