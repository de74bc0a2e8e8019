import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { type AggregateFunction, checkFolded, type ReduceFunction } from '../state/aggregate-function.js';
import { StateNamespace } from '../state/key-context.js';
import type { KeyedStateAccess } from '../state/keyed-state-access.js';
import type { ListState } from '../state/list-state.js';
import { ListStateDescriptor, ValueStateDescriptor } from '../state/state-descriptor.js';
import type { ValueState } from '../state/value-state.js';

const STATE = 'window-contents';

/** What the current window of the current key holds. */
export interface WindowContents<IN, CONTENTS> {
  /** True if the window may have held nothing before. */
  add(value: IN): boolean;
  /** Undefined if the window holds nothing. */
  get(): CONTENTS | undefined;
  clear(): void;
}

/** Makes the contents of an operator when its state is there. */
export type WindowContentsFactory<IN, CONTENTS> = (access: KeyedStateAccess) => WindowContents<IN, CONTENTS>;

/** One accumulator for each key and window, whatever number of records come. */
class AggregatedContents<IN, ACC, OUT> implements WindowContents<IN, OUT> {
  readonly #accumulator: ValueState<ACC>;
  readonly #aggregate: AggregateFunction<IN, ACC, OUT>;

  constructor(accumulator: ValueState<ACC>, aggregate: AggregateFunction<IN, ACC, OUT>) {
    this.#accumulator = accumulator;
    this.#aggregate = aggregate;
  }

  add(value: IN): boolean {
    const before = this.#accumulator.value();
    const accumulator = before === undefined ? this.#aggregate.createAccumulator() : before;
    const after = this.#aggregate.add(value, accumulator);
    this.#accumulator.update(checkFolded(after, 'add of an aggregate function'));
    return before === undefined;
  }

  get(): OUT | undefined {
    const accumulator = this.#accumulator.value();
    return accumulator === undefined ? undefined : this.#aggregate.getResult(accumulator);
  }

  clear(): void {
    this.#accumulator.clear();
  }
}

class ReducedContents<T> implements WindowContents<T, T> {
  readonly #reduced: ValueState<T>;
  readonly #reduce: ReduceFunction<T>;

  constructor(reduced: ValueState<T>, reduce: ReduceFunction<T>) {
    this.#reduced = reduced;
    this.#reduce = reduce;
  }

  add(value: T): boolean {
    const before = this.#reduced.value();
    const reduce = this.#reduce;
    this.#reduced.update(
      before === undefined ? value : checkFolded(reduce(before, value), 'The function given to reduce'),
    );
    return before === undefined;
  }

  get(): T | undefined {
    return this.#reduced.value();
  }

  clear(): void {
    this.#reduced.clear();
  }
}

/** All records, in the order in which they came. */
class ListedContents<T> implements WindowContents<T, readonly T[]> {
  readonly #elements: ListState<T>;

  constructor(elements: ListState<T>) {
    this.#elements = elements;
  }

  add(value: T): boolean {
    this.#elements.add(value);
    return true;
  }

  get(): readonly T[] | undefined {
    const elements = this.#elements.get();
    return elements.length === 0 ? undefined : elements;
  }

  clear(): void {
    this.#elements.clear();
  }
}

export function aggregatedContents<IN, ACC, OUT>(
  aggregate: AggregateFunction<IN, ACC, OUT>,
): WindowContentsFactory<IN, OUT> {
  const descriptor = new ValueStateDescriptor<ACC>(STATE, aggregate.accumulatorType);
  return (access) => new AggregatedContents(access.getState(descriptor, StateNamespace.WINDOW), aggregate);
}

/** `type`: of the records, asked for when the operator is made. */
export function reducedContents<T>(
  reduce: ReduceFunction<T>,
  type: () => TypeDescriptor<T>,
): WindowContentsFactory<T, T> {
  return (access) => {
    const descriptor = new ValueStateDescriptor<T>(STATE, type());
    return new ReducedContents(access.getState(descriptor, StateNamespace.WINDOW), reduce);
  };
}

export function listedContents<T>(type: () => TypeDescriptor<T>): WindowContentsFactory<T, readonly T[]> {
  return (access) => {
    const descriptor = new ListStateDescriptor<T>(STATE, type());
    return new ListedContents(access.getListState(descriptor, StateNamespace.WINDOW));
  };
}
