import { MillraceError } from '../base/millrace-error.js';
import { type FieldAt, type FieldPath, fieldSelector, parsePath } from '../operator/field-path.js';
import type { KeySelector } from '../operator/functions.js';
import type {
  KeyedStateBootstrapFunction,
  StateBootstrapFunction,
} from '../operator/state-bootstrap-function.js';
import { checkFunctionObject, checkSynchronous } from '../operator/synchronous.js';
import { types } from '../serde/types.js';
import { checkCount } from './operator-settings.js';

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
  /** @param data read once, when the savepoint is written; it may be longer than memory */
  bootstrapWith<T>(data: Iterable<T> | AsyncIterable<T>): OneInputStateTransformation<T> {
    const { [Symbol.iterator]: sync } = data as Partial<Iterable<T>>;
    const { [Symbol.asyncIterator]: async } = data as Partial<AsyncIterable<T>>;
    if (typeof sync !== 'function' && typeof async !== 'function') {
      throw new MillraceError('MR1001', 'What was given to bootstrapWith is not iterable.', {
        hint: 'Give an array, a generator, or anything else that `for await` takes.',
      });
    }
    return new OneInputStateTransformation(data);
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
  readonly #data: Iterable<T> | AsyncIterable<T>;

  constructor(data: Iterable<T> | AsyncIterable<T>) {
    this.#data = data;
  }

  keyBy<K>(keySelector: KeySelector<T, K>): KeyedStateTransformation<K, T>;
  keyBy<P extends FieldPath<T>>(field: P): KeyedStateTransformation<FieldAt<T, P>, T>;
  keyBy<K>(key: KeySelector<T, K> | string): KeyedStateTransformation<K, T> {
    if (typeof key !== 'string') checkSynchronous(key, 'The key selector given to keyBy');
    const selector =
      typeof key === 'string' ? fieldSelector<T, K>(parsePath(key, types.dynamic(), 'keyBy')) : key;
    return new KeyedStateTransformation(this.#data, selector);
  }

  transform(fn: StateBootstrapFunction<T>): StateBootstrapTransformation {
    checkFunctionObject(fn, 'The function object given to transform', ['processElement'], ['open', 'close']);
    return new StateBootstrapTransformation({ kind: 'operator', data: this.#data, fn });
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
  readonly #data: Iterable<T> | AsyncIterable<T>;
  readonly #keySelector: KeySelector<T, K>;

  constructor(data: Iterable<T> | AsyncIterable<T>, keySelector: KeySelector<T, K>) {
    this.#data = data;
    this.#keySelector = keySelector;
  }

  transform(fn: KeyedStateBootstrapFunction<K, T>): StateBootstrapTransformation {
    checkFunctionObject(fn, 'The function object given to transform', ['processElement'], ['open', 'close']);
    const keySelector = this.#keySelector as KeySelector<unknown, unknown>;
    return new StateBootstrapTransformation({ kind: 'keyed', data: this.#data, keySelector, fn });
  }
}

/** What a transformation does. Functions take what their data hold. */
export type StateBootstrap =
  | {
      readonly kind: 'operator';
      readonly data: Iterable<unknown> | AsyncIterable<unknown>;
      readonly fn: StateBootstrapFunction<never>;
    }
  | {
      readonly kind: 'keyed';
      readonly data: Iterable<unknown> | AsyncIterable<unknown>;
      readonly keySelector: KeySelector<unknown, unknown>;
      readonly fn: KeyedStateBootstrapFunction<never, never>;
    };

/**
 * The state of one operator, to be made when a savepoint is written.
 *
 * @example
 * ```ts
 * function withMoreGroups(writer: SavepointWriter, counts: StateBootstrapTransformation): SavepointWriter {
 *   return writer.withOperator('counts', counts.setMaxParallelism(512));
 * }
 * ```
 */
export class StateBootstrapTransformation {
  readonly bootstrap: StateBootstrap;
  #maxParallelism: number | undefined;

  constructor(bootstrap: StateBootstrap) {
    this.bootstrap = bootstrap;
  }

  /** Undefined: that of the savepoint. */
  get maxParallelism(): number | undefined {
    return this.#maxParallelism;
  }

  /** The number of key groups of this operator, as the job's will have it. */
  setMaxParallelism(maxParallelism: number): this {
    this.#maxParallelism = checkCount(maxParallelism, 'maximum parallelism');
    return this;
  }
}
