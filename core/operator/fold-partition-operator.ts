import { NO_TIMESTAMP, Watermark } from '../element/watermark.js';
import type { KeyedOperator } from './abstract-keyed-operator.js';
import { OneInputOperator } from './abstract-stream-operator.js';
import type { Collector } from './collector.js';
import { ElementCollector } from './element-collector.js';
import { FunctionLife } from './function-life.js';
import type { RichFunction } from './rich-function.js';
import { OperatorRuntimeContext, type RuntimeContext } from './runtime-context.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';

/** How the records of a partition become its results. */
export interface PartitionFold<T, ACC, R> {
  /** Of the function object; empty where there is none. */
  readonly life: RichFunction<RuntimeContext>;
  /** Undefined: of an empty partition nothing comes. */
  createAccumulator(): ACC | undefined;
  /** `acc` is undefined for a first record without accumulator. */
  add(value: T, acc: ACC | undefined): ACC;
  emit(acc: ACC, out: Collector<R>): void;
}

/**
 * Folds the records of a partition and emits its results when it ends: the subtask's whole input, or each key's.
 * Results have no timestamp.
 *
 * Invariant: the accumulator is that of the partition that has not ended.
 */
class FoldPartitionOperator<T, ACC, R> extends OneInputOperator<T, R> implements KeyedOperator {
  readonly #fold: PartitionFold<T, ACC, R>;
  readonly #isKeyed: boolean;
  readonly #life: FunctionLife<RuntimeContext>;
  readonly #collector: ElementCollector<R>;
  #accumulator: ACC | undefined;

  constructor(
    context: ChainedOperatorContext,
    output: Output<R>,
    fold: PartitionFold<T, ACC, R>,
    isKeyed: boolean,
  ) {
    super(context, output);
    this.#fold = fold;
    this.#isKeyed = isKeyed;
    this.#life = this.withPart(new FunctionLife(context, fold.life, 'a partition function'));
    this.#collector = new ElementCollector(context, output);
    this.#collector.timestamp = NO_TIMESTAMP;
  }

  override open(): void {
    this.#life.open(new OperatorRuntimeContext(this.context));
  }

  processElement(value: T): void {
    this.context.userCode.node = this.context.chainIndex;
    this.#accumulator = this.#fold.add(value, this.#accumulator ?? this.#fold.createAccumulator());
  }

  /** The end of event time goes on after the results. */
  override processWatermark(): void {}

  endKey(): boolean {
    const accumulator = this.#accumulator;
    this.#accumulator = undefined;
    if (accumulator !== undefined) this.#emit(accumulator);
    return true;
  }

  override endInput(): void {
    this.context.userCode.node = this.context.chainIndex;
    if (!this.#isKeyed) this.#accumulator ??= this.#fold.createAccumulator();
    this.endKey();
    this.output.emitWatermark(Watermark.MAX);
  }

  #emit(accumulator: ACC): void {
    this.context.userCode.node = this.context.chainIndex;
    this.#fold.emit(accumulator, this.#collector);
  }
}

/** For batches. `isKeyed`: it is given its records a key at a time. */
export function foldPartitionOperator<T, ACC, R>(
  fold: PartitionFold<T, ACC, R>,
  isKeyed: boolean,
): OperatorFactory {
  return {
    needsKeyedState: isKeyed,
    create: (context, output) => new FoldPartitionOperator(context, output as Output<R>, fold, isKeyed),
  };
}
