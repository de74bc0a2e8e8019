import { NO_TIMESTAMP } from '../element/watermark.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import { type AggregateFunction, checkFolded, type ReduceFunction } from '../state/aggregate-function.js';
import { StateNamespace } from '../state/key-context.js';
import type { KeyedStateAccess } from '../state/keyed-state-access.js';
import type { ListState } from '../state/list-state.js';
import { ListStateDescriptor, ValueStateDescriptor } from '../state/state-descriptor.js';
import type { ValueState } from '../state/value-state.js';
import type { Evictor, EvictorContext, TimestampedValue } from './evictor.js';
import type { TimeWindow } from './time-window.js';

/** The state that holds them, of whatever kind. */
export const WINDOW_CONTENTS = 'window-contents';

const STATE = WINDOW_CONTENTS;

/** What the current window of the current key holds: records folded into an accumulator. */
export interface WindowContents<IN, ACC, CONTENTS> {
  /** True if the window may have held nothing before. */
  add(value: IN, timestamp: number): boolean;
  /** A private copy; undefined if the window holds nothing. */
  accumulator(): ACC | undefined;
  set(accumulator: ACC): void;
  /** Both together, those of `a` before those of `b`. Either may be changed. */
  merge(a: ACC, b: ACC): ACC;
  /** What window functions see; undefined if there is nothing to show. */
  result(accumulator: ACC): CONTENTS | undefined;
  clear(): void;
  /** Says which contents are kept by an evictor, and lets it work on them. */
  readonly eviction: Eviction<ACC> | undefined;
}

/** Takes elements out of contents that are about to be shown, or have been. */
interface Eviction<ACC> {
  before(accumulator: ACC, window: TimeWindow, ctx: EvictorContext): void;
  after(accumulator: ACC, window: TimeWindow, ctx: EvictorContext): void;
}

/** Makes the contents of an operator when its state is there. */
export interface WindowContentsFactory<IN, ACC, CONTENTS> {
  /** Whether accumulators can be merged into one of the same meaning, in state no larger than one of them. */
  readonly isFolding: boolean;
  create(access: KeyedStateAccess): WindowContents<IN, ACC, CONTENTS>;
}

/** One accumulator for each key and window, whatever number of records come. */
class AggregatedContents<IN, ACC, OUT> implements WindowContents<IN, ACC, OUT> {
  readonly eviction = undefined;
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

  accumulator(): ACC | undefined {
    return this.#accumulator.value();
  }

  set(accumulator: ACC): void {
    this.#accumulator.update(accumulator);
  }

  merge(a: ACC, b: ACC): ACC {
    // Where windows merge or share panes, the job has been refused or built otherwise without it.
    const merged = this.#aggregate.merge?.(a, b);
    return checkFolded(merged as ACC, 'merge of an aggregate function');
  }

  result(accumulator: ACC): OUT {
    return this.#aggregate.getResult(accumulator);
  }

  clear(): void {
    this.#accumulator.clear();
  }
}

class ReducedContents<T> implements WindowContents<T, T, T> {
  readonly eviction = undefined;
  readonly #reduced: ValueState<T>;
  readonly #reduce: ReduceFunction<T>;

  constructor(reduced: ValueState<T>, reduce: ReduceFunction<T>) {
    this.#reduced = reduced;
    this.#reduce = reduce;
  }

  add(value: T): boolean {
    const before = this.#reduced.value();
    this.#reduced.update(before === undefined ? value : this.merge(before, value));
    return before === undefined;
  }

  accumulator(): T | undefined {
    return this.#reduced.value();
  }

  set(reduced: T): void {
    this.#reduced.update(reduced);
  }

  merge(a: T, b: T): T {
    const reduce = this.#reduce;
    return checkFolded(reduce(a, b), 'The function given to reduce');
  }

  result(reduced: T): T {
    return reduced;
  }

  clear(): void {
    this.#reduced.clear();
  }
}

/** All records, in the order in which they came. */
class ListedContents<T> implements WindowContents<T, T[], readonly T[]> {
  readonly eviction = undefined;
  readonly #elements: ListState<T>;

  constructor(elements: ListState<T>) {
    this.#elements = elements;
  }

  add(value: T): boolean {
    this.#elements.add(value);
    return true;
  }

  accumulator(): T[] | undefined {
    return presentElements(this.#elements);
  }

  set(elements: T[]): void {
    this.#elements.update(elements);
  }

  merge(a: T[], b: T[]): T[] {
    return a.concat(b);
  }

  result(elements: T[]): readonly T[] {
    return elements;
  }

  clear(): void {
    this.#elements.clear();
  }
}

/** All records with their timestamps, out of which an evictor takes some, before the rest is folded. */
class EvictedContents<T, CONTENTS> implements WindowContents<T, TimestampedValue<T>[], CONTENTS> {
  readonly eviction: Eviction<TimestampedValue<T>[]>;
  readonly #elements: ListState<TimestampedValue<T>>;
  readonly #fold: (elements: readonly T[]) => CONTENTS | undefined;

  constructor(
    elements: ListState<TimestampedValue<T>>,
    evictor: Evictor<T>,
    fold: (elements: readonly T[]) => CONTENTS | undefined,
  ) {
    this.#elements = elements;
    this.#fold = fold;
    this.eviction = {
      before: (kept, window, ctx) => evictor.evictBefore?.(kept, kept.length, window, ctx),
      after: (kept, window, ctx) => evictor.evictAfter?.(kept, kept.length, window, ctx),
    };
  }

  add(value: T, timestamp: number): boolean {
    this.#elements.add(timestamp === NO_TIMESTAMP ? { value } : { value, timestamp });
    return true;
  }

  accumulator(): TimestampedValue<T>[] | undefined {
    return presentElements(this.#elements);
  }

  set(elements: TimestampedValue<T>[]): void {
    this.#elements.update(elements);
  }

  merge(a: TimestampedValue<T>[], b: TimestampedValue<T>[]): TimestampedValue<T>[] {
    return a.concat(b);
  }

  result(elements: TimestampedValue<T>[]): CONTENTS | undefined {
    const fold = this.#fold;
    return fold(elements.map(({ value }) => value));
  }

  clear(): void {
    this.#elements.clear();
  }
}

function presentElements<T>(state: ListState<T>): T[] | undefined {
  const elements = state.get();
  return elements.length === 0 ? undefined : elements;
}

export function aggregatedContents<IN, ACC, OUT>(
  aggregate: AggregateFunction<IN, ACC, OUT>,
): WindowContentsFactory<IN, ACC, OUT> {
  const descriptor = new ValueStateDescriptor<ACC>(STATE, aggregate.accumulatorType);
  return {
    isFolding: aggregate.merge !== undefined,
    create: (access) => new AggregatedContents(access.getState(descriptor, StateNamespace.WINDOW), aggregate),
  };
}

/** `type`: of the records, asked for when the operator is made. */
export function reducedContents<T>(
  reduce: ReduceFunction<T>,
  type: () => TypeDescriptor<T>,
): WindowContentsFactory<T, T, T> {
  return {
    isFolding: true,
    create: (access) => {
      const descriptor = new ValueStateDescriptor<T>(STATE, type());
      return new ReducedContents(access.getState(descriptor, StateNamespace.WINDOW), reduce);
    },
  };
}

export function listedContents<T>(
  type: () => TypeDescriptor<T>,
): WindowContentsFactory<T, T[], readonly T[]> {
  return {
    isFolding: false,
    create: (access) => {
      const descriptor = new ListStateDescriptor<T>(STATE, type());
      return new ListedContents(access.getListState(descriptor, StateNamespace.WINDOW));
    },
  };
}

/** `fold` makes what the window function sees of the elements that the evictor left, which may be none. */
export function evictedContents<T, CONTENTS>(
  evictor: Evictor<T>,
  fold: (elements: readonly T[]) => CONTENTS | undefined,
  type: () => TypeDescriptor<T>,
): WindowContentsFactory<T, TimestampedValue<T>[], CONTENTS> {
  return {
    isFolding: false,
    create: (access) => {
      const element = types.object({ value: type(), timestamp: types.optional(types.float64) });
      const descriptor = new ListStateDescriptor(STATE, element as TypeDescriptor<TimestampedValue<T>>);
      return new EvictedContents(access.getListState(descriptor, StateNamespace.WINDOW), evictor, fold);
    },
  };
}

/** What `reduce` makes of all elements; undefined of none. */
export function reduceAll<T>(reduce: ReduceFunction<T>): (elements: readonly T[]) => T | undefined {
  return (elements) => {
    let reduced: T | undefined;
    for (const element of elements) {
      reduced =
        reduced === undefined
          ? element
          : checkFolded(reduce(reduced, element), 'The function given to reduce');
    }
    return reduced;
  };
}

/** What `aggregate` makes of all elements; of none, its result for a fresh accumulator. */
export function aggregateAll<IN, ACC, OUT>(
  aggregate: AggregateFunction<IN, ACC, OUT>,
): (elements: readonly IN[]) => OUT {
  return (elements) => {
    let accumulator = aggregate.createAccumulator();
    for (const element of elements) {
      accumulator = checkFolded(aggregate.add(element, accumulator), 'add of an aggregate function');
    }
    return aggregate.getResult(accumulator);
  };
}
