import { ByteReader } from '../serde/byte-reader.js';
import { encodeKey } from '../serde/key-encoding.js';
import type { RecordCodec } from '../serde/record-codec.js';
import { appendTime, readTime, TIME_BYTES } from '../serde/time-layout.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { AbstractSortingOperator } from './abstract-sorting-operator.js';
import type { KeySelector } from './functions.js';
import { SORT_HEADER_BYTES, type SortCursor } from './sort-entry.js';
import type { ChainedOperatorContext, Input, OperatorFactory, Output } from './stream-operator.js';

/** What a partition is sorted by. */
export interface PartitionOrder<T> {
  /** Of a keyed stream, each key is a partition: they come by ascending key. */
  readonly partitionKey: KeySelector<T, unknown> | undefined;
  readonly sortKey: KeySelector<T, unknown>;
  readonly isDescending: boolean;
  /** Of the records; asked for when the operator is made. */
  type(): TypeDescriptor<T>;
}

/**
 * Emits the records of a partition sorted, with the timestamps they came with, when its input has ended; equal
 * ones as they came.
 *
 * ```
 *   order bytes     partition key | sort key, its bits turned where it descends | number of the record
 *   payload bytes   timestamp | the record
 * ```
 *
 * No key is the beginning of another one, so turned bits sort the other way round.
 */
class SortPartitionOperator<T> extends AbstractSortingOperator<T> implements Input<T> {
  readonly inputs: readonly Input<never>[];
  readonly #by: PartitionOrder<T>;
  readonly #codec: RecordCodec<T>;
  readonly #reader = new ByteReader();
  #records = 0;

  constructor(context: ChainedOperatorContext, output: Output<T>, by: PartitionOrder<T>) {
    super(context, output);
    this.inputs = [this];
    this.#by = by;
    this.#codec = context.codecs.codecFor(by.type());
  }

  processElement(value: T, timestamp: number): void {
    const { order, payload } = this.sorter;
    const { partitionKey, sortKey, isDescending } = this.#by;
    this.context.userCode.node = this.context.chainIndex;
    if (partitionKey !== undefined) encodeKey(partitionKey(value), order);
    const from = order.position;
    encodeKey(sortKey(value), order);
    if (isDescending) {
      const { bytes, position } = order;
      for (let i = from; i < position; i++) bytes[i] = 0xff ^ (bytes[i] ?? 0);
    }
    appendTime(order, this.#records++);
    appendTime(payload, timestamp);
    this.#codec.encode(value, payload);
    this.sorter.add();
  }

  /** In a batch nothing is told of time but its end, which goes on after the last record. */
  processWatermark(): void {}

  processIdle(): void {}

  processActive(): void {}

  protected override handOn({ bytes, view, at }: SortCursor): boolean {
    const payload = at + SORT_HEADER_BYTES + view.getUint32(at);
    const end = payload + view.getUint32(at + 4);
    this.#reader.pointAt(bytes, view, payload + TIME_BYTES, end);
    this.output.collect(this.#codec.decode(this.#reader), readTime(bytes, payload));
    return true;
  }
}

/** For batches. */
export function sortPartitionOperator<T>(by: PartitionOrder<T>): OperatorFactory {
  return {
    needsKeyedState: false,
    sorts: true,
    create: (context, output) => new SortPartitionOperator(context, output as Output<T>, by),
  };
}
