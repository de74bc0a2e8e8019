import { MillraceError } from '../base/millrace-error.js';
import { type FieldAt, type FieldPath, fieldSelector, parsePath } from '../operator/field-path.js';
import type { KeySelector } from '../operator/functions.js';
import type {
  KeyedStateBootstrapFunction,
  StateBootstrapFunction,
} from '../operator/state-bootstrap-function.js';
import { checkFunctionObject, checkSynchronous } from '../operator/synchronous.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import type { WindowAssigner } from '../window/window-assigner.js';
import { StateBootstrapTransformation } from './state-bootstrap-transformation.js';
import { type BootstrapRecords, WindowedStateTransformation } from './windowed-state-transformation.js';

/**
 * Makes the state of one operator out of records, for a savepoint.
 *
 * @example
 * ```ts
 * let count: ValueState<number>;
 * const counts = OperatorTransformation.bootstrapWith([{ page: '/', clicks: 7 }])
 *   .keyBy('page')
 *   .transform({
 *     open(ctx) {
 *       count = ctx.getState(new ValueStateDescriptor('count', types.int32));
 *     },
 *     processElement: ({ clicks }) => count.update(clicks),
 *   });
 * await SavepointWriter.newSavepoint(128).withOperator('counts', counts).write('./savepoints/first');
 * ```
 */
export const OperatorTransformation = {
  /**
   * @param data read once, when the savepoint is written; it may be longer than memory
   * @param type of the records, which windows keep as the job's keep theirs: by their type, where it is declared
   */
  bootstrapWith<T>(
    data: Iterable<T> | AsyncIterable<T>,
    type?: TypeDescriptor<T>,
  ): OneInputStateTransformation<T> {
    const { [Symbol.iterator]: sync } = data as Partial<Iterable<T>>;
    const { [Symbol.asyncIterator]: async } = data as Partial<AsyncIterable<T>>;
    if (typeof sync !== 'function' && typeof async !== 'function') {
      throw new MillraceError('MR1001', 'What was given to bootstrapWith is not iterable.', {
        hint: 'Give an array, a generator, or anything else that `for await` takes.',
      });
    }
    return new OneInputStateTransformation({ data, type, timestampOf: undefined });
  },
} as const;

/**
 * Records that become state which belongs to no key, or to keys after {@link keyBy}.
 *
 * @example
 * ```ts
 * let offsets: ListState<number>;
 * const transformation = OperatorTransformation.bootstrapWith([17, 4]).transform({
 *   open(ctx) {
 *     offsets = ctx.getListState(new ListStateDescriptor('offsets', types.float64));
 *   },
 *   processElement: (offset) => offsets.add(offset),
 * });
 * ```
 */
export class OneInputStateTransformation<T> {
  readonly #records: BootstrapRecords<T>;

  constructor(records: BootstrapRecords<T>) {
    this.#records = records;
  }

  /** The event time of each record, ms since the epoch: by it they come into windows of event time. */
  assignTimestamps(timestampOf: (value: T) => number): OneInputStateTransformation<T> {
    checkSynchronous(timestampOf, 'The function given to assignTimestamps');
    return new OneInputStateTransformation({ ...this.#records, timestampOf });
  }

  keyBy<K>(keySelector: KeySelector<T, K>): KeyedStateTransformation<K, T>;
  keyBy<P extends FieldPath<T>>(field: P): KeyedStateTransformation<FieldAt<T, P>, T>;
  keyBy<K>(key: KeySelector<T, K> | string): KeyedStateTransformation<K, T> {
    if (typeof key !== 'string') checkSynchronous(key, 'The key selector given to keyBy');
    const selector =
      typeof key === 'string' ? fieldSelector<T, K>(parsePath(key, types.dynamic(), 'keyBy')) : key;
    return new KeyedStateTransformation(this.#records, selector);
  }

  transform(fn: StateBootstrapFunction<T>): StateBootstrapTransformation {
    checkFunctionObject(fn, 'The function object given to transform', ['processElement'], ['open', 'close']);
    return new StateBootstrapTransformation({ kind: 'operator', data: this.#records.data, fn });
  }
}

/**
 * Records that become state of their keys.
 *
 * @example
 * ```ts
 * let count: ValueState<number>;
 * const counts = OperatorTransformation.bootstrapWith([{ page: '/', clicks: 7 }])
 *   .keyBy(({ page }) => page)
 *   .transform({
 *     open(ctx) {
 *       count = ctx.getState(new ValueStateDescriptor('count', types.int32));
 *     },
 *     processElement: ({ clicks }) => count.update(clicks),
 *   });
 * ```
 */
export class KeyedStateTransformation<K, T> {
  readonly #records: BootstrapRecords<T>;
  readonly #keySelector: KeySelector<T, K>;

  constructor(records: BootstrapRecords<T>, keySelector: KeySelector<T, K>) {
    this.#records = records;
    this.#keySelector = keySelector;
  }

  /** Collects the records of each key into windows, as `window` of a keyed stream does. */
  window(assigner: WindowAssigner<T>): WindowedStateTransformation<K, T> {
    return WindowedStateTransformation.of(this.#records, this.#keySelector, assigner);
  }

  transform(fn: KeyedStateBootstrapFunction<K, T>): StateBootstrapTransformation {
    checkFunctionObject(fn, 'The function object given to transform', ['processElement'], ['open', 'close']);
    const keySelector = this.#keySelector as KeySelector<unknown, unknown>;
    return new StateBootstrapTransformation({ kind: 'keyed', data: this.#records.data, keySelector, fn });
  }
}
