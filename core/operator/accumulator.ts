import { MillraceError } from '../base/millrace-error.js';
import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import {
  type AccumulatorValue,
  type AccumulatorValues,
  mergeAccumulators,
} from '../job/accumulator-totals.js';
import { OperatorLists } from './operator-list.js';
import type { OperatorContext } from './stream-operator.js';

/**
 * Adds something up in every subtask; the result for the whole job is in `JobExecutionResult.accumulators`.
 * Unlike metrics, accumulators are part of checkpoints and savepoints, also those of subtasks that have ended: neither
 * a failure nor a rescale nor a new process makes them lose or repeat anything. (In Flink those of a failed attempt are
 * forgotten.)
 */
export interface Accumulator<V> {
  add(value: V): void;
  /** Of this subtask, since the start of the job. */
  getLocalValue(): unknown;
  /** For the engine: what there is as plain data. */
  toPlain(): AccumulatorValue;
  /** For the engine: adds what a checkpoint held. */
  restore(plain: AccumulatorValue): void;
}

/** A sum that begins at 0. */
class SumAccumulator implements Accumulator<number> {
  #sum = 0;

  add(value: number): void {
    this.#sum += value;
  }

  getLocalValue(): number {
    return this.#sum;
  }

  toPlain(): AccumulatorValue {
    return { kind: 'sum', value: this.#sum };
  }

  restore(plain: AccumulatorValue): void {
    if (plain.kind === 'sum') this.#sum += plain.value;
  }
}

/**
 * A sum of whole numbers.
 *
 * @example
 * ```ts
 * const rejected = new IntCounter();
 * lines.filter({
 *   open: (ctx) => ctx.addAccumulator('rejected', rejected),
 *   filter(line) {
 *     if (line === '') rejected.add(1);
 *     return line !== '';
 *   },
 * });
 * // (await job.result()).accumulators.rejected
 * ```
 */
export class IntCounter extends SumAccumulator {}

/**
 * A sum of whole numbers up to 2^53.
 *
 * @example `ctx.addAccumulator('longCounter', new LongCounter())`
 */
export class LongCounter extends SumAccumulator {}

/**
 * A sum of any numbers.
 *
 * @example `ctx.addAccumulator('doubleCounter', new DoubleCounter())`
 */
export class DoubleCounter extends SumAccumulator {}

class ExtremeAccumulator implements Accumulator<number> {
  readonly #kind: 'least' | 'greatest';
  #value: number;

  constructor(kind: 'least' | 'greatest') {
    this.#kind = kind;
    this.#value = kind === 'least' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  add(value: number): void {
    this.#value = this.#kind === 'least' ? Math.min(this.#value, value) : Math.max(this.#value, value);
  }

  getLocalValue(): number {
    return this.#value;
  }

  toPlain(): AccumulatorValue {
    return { kind: this.#kind, value: this.#value };
  }

  restore(plain: AccumulatorValue): void {
    if (plain.kind === this.#kind) this.add(plain.value);
  }
}

/**
 * The least of all numbers; Infinity of none.
 *
 * @example `ctx.addAccumulator('doubleMinimum', new DoubleMinimum())`
 */
export class DoubleMinimum extends ExtremeAccumulator {
  constructor() {
    super('least');
  }
}

/**
 * The greatest of all numbers; -Infinity of none.
 *
 * @example `ctx.addAccumulator('doubleMaximum', new DoubleMaximum())`
 */
export class DoubleMaximum extends ExtremeAccumulator {
  constructor() {
    super('greatest');
  }
}

/**
 * The mean of all numbers; 0 of none.
 *
 * @example `ctx.addAccumulator('averageAccumulator', new AverageAccumulator())`
 */
export class AverageAccumulator implements Accumulator<number> {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count++;
  }

  getLocalValue(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  toPlain(): AccumulatorValue {
    return { kind: 'mean', sum: this.#sum, count: this.#count };
  }

  restore(plain: AccumulatorValue): void {
    if (plain.kind !== 'mean') return;
    this.#sum += plain.sum;
    this.#count += plain.count;
  }
}

/**
 * All values (plain data), in the order of each subtask.
 *
 * @example `ctx.addAccumulator('listAccumulator', new ListAccumulator<string>())`
 */
export class ListAccumulator<T> implements Accumulator<T> {
  #values: T[] = [];

  add(value: T): void {
    this.#values.push(value);
  }

  getLocalValue(): readonly T[] {
    return this.#values;
  }

  toPlain(): AccumulatorValue {
    return { kind: 'list', values: [...this.#values] };
  }

  restore(plain: AccumulatorValue): void {
    if (plain.kind === 'list') this.#values = [...(plain.values as readonly T[]), ...this.#values];
  }
}

/**
 * How often each number came.
 *
 * @example `ctx.addAccumulator('histogram', new Histogram())`
 */
export class Histogram implements Accumulator<number> {
  readonly #counts = new Map<number, number>();

  add(value: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  getLocalValue(): ReadonlyMap<number, number> {
    return this.#counts;
  }

  toPlain(): AccumulatorValue {
    return { kind: 'histogram', counts: [...this.#counts] };
  }

  restore(plain: AccumulatorValue): void {
    if (plain.kind !== 'histogram') return;
    for (const [value, count] of plain.counts)
      this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
  }
}

const LIST = 'accumulators';

/** The accumulators of one operator in one subtask. */
export class Accumulators {
  readonly #lists: OperatorLists;
  readonly #added = new Map<string, Accumulator<never>>();
  readonly #restored: readonly (readonly [name: string, plain: AccumulatorValue])[];

  constructor(context: OperatorContext) {
    this.#lists = new OperatorLists(context);
    this.#restored = this.#lists.restored(LIST) as [string, AccumulatorValue][];
  }

  /**
   * @throws MillraceError MR1001 if this operator has another one of that name
   * @throws MillraceError MR2103 if the checkpoint holds another kind of accumulator under that name
   */
  add<V>(name: string, accumulator: Accumulator<V>): void {
    const before = this.#added.get(name);
    if (before === accumulator) return;
    if (before !== undefined) {
      throw new MillraceError('MR1001', `This operator already has an accumulator '${name}'.`, {
        hint: 'Ask for it with getAccumulator, or give the other one another name.',
      });
    }
    this.#added.set(name, accumulator);
    const { kind } = accumulator.toPlain();
    for (const [restored, plain] of this.#restored) {
      if (restored !== name) continue;
      if (plain.kind !== kind) throw otherKind(name, plain.kind, kind);
      accumulator.restore(plain);
    }
  }

  /**
   * The one of that name, made where there is none yet.
   *
   * @throws MillraceError MR1001 if it is of another kind
   */
  demand<A extends Accumulator<never>>(name: string, kind: new () => A): A {
    const before = this.#added.get(name);
    if (before instanceof kind) return before;
    const made = new kind();
    this.add(name, made);
    return made;
  }

  get(name: string): Accumulator<never> | undefined {
    return this.#added.get(name);
  }

  /** Also of those that were restored, and that nobody has asked for yet. */
  values(): AccumulatorValues {
    const values: Record<string, AccumulatorValue> = {};
    for (const [name, plain] of this.#restored)
      if (!this.#added.has(name)) values[name] = mergeAccumulators(name, values[name], plain);
    for (const [name, accumulator] of this.#added) values[name] = accumulator.toPlain();
    return values;
  }

  snapshot(): Record<string, OperatorListHandle> {
    const items = Object.entries(this.values());
    return items.length === 0 ? {} : { [LIST]: this.#lists.encode('split', items) };
  }
}

function otherKind(name: string, stored: string, declared: string): MillraceError {
  return new MillraceError('MR2103', `The accumulator '${name}' was one of kind ${stored}.`, {
    why: `The job adds one of kind ${declared} under that name, in which what was accumulated has no place.`,
    hint: 'Add it under another name, or as it was.',
  });
}
