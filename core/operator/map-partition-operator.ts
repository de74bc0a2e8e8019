import { MillraceError } from '../base/millrace-error.js';
import { NO_TIMESTAMP } from '../element/watermark.js';
import { ByteReader } from '../serde/byte-reader.js';
import { encodeKey } from '../serde/key-encoding.js';
import type { RecordCodec } from '../serde/record-codec.js';
import { appendTime, TIME_BYTES } from '../serde/time-layout.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';

import { AbstractSortingOperator } from './abstract-sorting-operator.js';
import type { Collector } from './collector.js';
import { ElementCollector } from './element-collector.js';
import { FunctionLife } from './function-life.js';
import type { KeySelector } from './functions.js';
import type { RichFunction } from './rich-function.js';
import { OperatorRuntimeContext, type RuntimeContext } from './runtime-context.js';
import { CursorStep, SORT_HEADER_BYTES, type SortCursor } from './sort-entry.js';
import type { ChainedOperatorContext, Input, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

/** What a function of whole partitions is. */
export interface PartitionMapping<T, R> {
  /** Of the function object; empty where there is none. */
  readonly life: RichFunction<RuntimeContext>;
  fn(values: Iterable<T>, out: Collector<R>): void;
  /** Undefined: the input of a subtask is a partition, an empty one too. */
  readonly partitionKey: KeySelector<T, unknown> | undefined;
  /** Of the records; asked for when the operator is made. */
  type(): TypeDescriptor<T>;
}

/**
 * Calls a function for each partition when the input has ended, and shows it the records one after another, as they
 * come back from memory and from disk: by key, then by time, or without keys as they came. Results have no
 * timestamp.
 *
 * ```
 *   order bytes     partition key | timestamp | number of the record; without keys the number alone
 *   payload bytes   the record
 * ```
 *
 * Invariants:
 * - between two calls the cursor stands at the first record of a partition;
 * - of the records that a call has not asked for, nothing is decoded.
 */
class MapPartitionOperator<T, R> extends AbstractSortingOperator<R> implements Input<T> {
  readonly inputs: readonly Input<never>[];
  readonly #mapping: PartitionMapping<T, R>;
  readonly #codec: RecordCodec<T>;
  readonly #life: FunctionLife<RuntimeContext>;
  readonly #collector: ElementCollector<R>;
  #records = 0;

  constructor(context: ChainedOperatorContext, output: Output<R>, mapping: PartitionMapping<T, R>) {
    super(context, output);
    this.inputs = [this];
    this.#mapping = mapping;
    this.#codec = context.codecs.codecFor(mapping.type());
    this.#life = this.withPart(new FunctionLife(context, mapping.life, 'a partition function'));
    this.#collector = new ElementCollector(context, output);
    this.#collector.timestamp = NO_TIMESTAMP;
  }

  override open(): void {
    this.#life.open(new OperatorRuntimeContext(this.context));
  }

  processElement(value: T, timestamp: number): void {
    const { order, payload } = this.sorter;
    const { partitionKey } = this.#mapping;
    if (partitionKey !== undefined) {
      this.context.userCode.node = this.context.chainIndex;
      encodeKey(partitionKey(value), order);
      appendTime(order, timestamp);
    }
    appendTime(order, this.#records++);
    this.#codec.encode(value, payload);
    this.sorter.add();
  }

  /** In a batch nothing is told of time but its end, which goes on after the last result. */
  processWatermark(): void {}

  processIdle(): void {}

  processActive(): void {}

  /** Partition after partition; false where the next one has to wait. */
  protected override handOn(cursor: SortCursor): boolean {
    const tailBytes = this.#mapping.partitionKey === undefined ? TIME_BYTES : 2 * TIME_BYTES;
    do {
      const partition = new Partition(cursor, tailBytes, this.#codec);
      this.#call(partition);
      if (partition.skipRest()) return true;
    } while (!this.context.mustYield());
    return false;
  }

  protected override finish(): boolean {
    if (this.#records === 0 && this.#mapping.partitionKey === undefined) this.#call([]);
    return true;
  }

  #call(values: Iterable<T>): void {
    this.context.userCode.node = this.context.chainIndex;
    const returned: unknown = this.#mapping.fn(values, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'The function given to mapPartition');
  }
}

/** The records of one partition, from the one at which the cursor stands. They can be looked at once. */
class Partition<T> implements Iterable<T> {
  readonly #cursor: SortCursor;
  readonly #tailBytes: number;
  readonly #codec: RecordCodec<T>;
  readonly #key: Uint8Array;
  readonly #reader = new ByteReader();
  #taken = false;
  /** The cursor stands at a record of it that nobody has seen. */
  #hasNext = true;
  #atEnd = false;

  constructor(cursor: SortCursor, tailBytes: number, codec: RecordCodec<T>) {
    this.#cursor = cursor;
    this.#tailBytes = tailBytes;
    this.#codec = codec;
    this.#key = cursor.bytes.slice(cursor.at + SORT_HEADER_BYTES, this.#keyEnd());
  }

  *[Symbol.iterator](): Iterator<T> {
    if (this.#taken) {
      throw new MillraceError('MR1001', 'The records of a partition can be looked at once.', {
        hint: 'Keep what is needed again: const all = [...values].',
      });
    }
    this.#taken = true;
    for (; this.#hasNext; this.#advance()) yield this.#record();
  }

  /** True: there is no further partition. */
  skipRest(): boolean {
    while (this.#hasNext) this.#advance();
    return this.#atEnd;
  }

  #record(): T {
    const { bytes, view, at } = this.#cursor;
    const payload = at + SORT_HEADER_BYTES + view.getUint32(at);
    this.#reader.pointAt(bytes, view, payload, payload + view.getUint32(at + 4));
    return this.#codec.decode(this.#reader);
  }

  #advance(): void {
    const cursor = this.#cursor;
    let step = cursor.advance();
    while (step === CursorStep.MUST_LOAD) {
      cursor.loadNow();
      step = cursor.advance();
    }
    this.#atEnd = step === CursorStep.END;
    this.#hasNext = !this.#atEnd && this.#isOfKey();
  }

  #keyEnd(): number {
    const { view, at } = this.#cursor;
    return at + SORT_HEADER_BYTES + view.getUint32(at) - this.#tailBytes;
  }

  #isOfKey(): boolean {
    const { bytes, at } = this.#cursor;
    const from = at + SORT_HEADER_BYTES;
    const key = this.#key;
    if (this.#keyEnd() - from !== key.length) return false;
    for (let i = 0; i < key.length; i++) if (key[i] !== bytes[from + i]) return false;
    return true;
  }
}

/** For batches. */
export function mapPartitionOperator<T, R>(mapping: PartitionMapping<T, R>): OperatorFactory {
  return {
    needsKeyedState: false,
    sorts: true,
    create: (context, output) => new MapPartitionOperator(context, output as Output<R>, mapping),
  };
}
