import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { ReduceFunction } from '../state/aggregate-function.js';
import type { KeySelector } from './functions.js';
import type { KeyedRuntimeContext } from './keyed-process-function.js';
import type { RichFunction } from './rich-function.js';

/** What folds the records of each key of a stream. */
export interface KeyedReduction<K, T> {
  readonly keySelector: KeySelector<T, K>;
  readonly fn: ReduceFunction<T>;
  /** Of the function object, where it is one; else empty. */
  readonly life: RichFunction<KeyedRuntimeContext>;
  /** Of the records, asked for when the operator is made. */
  readonly type: () => TypeDescriptor<T>;
}
