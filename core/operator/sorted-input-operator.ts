// hot path
import type { OutputTag } from '../api/output-tag.js';
import { invariant } from '../base/invariant.js';
import { keyGroupOf } from '../graph/key-group.js';
import { ByteReader } from '../serde/byte-reader.js';
import { encodeKey } from '../serde/key-encoding.js';
import type { RecordCodec } from '../serde/record-codec.js';
import { appendTime, readTime, TIME_BYTES } from '../serde/time-layout.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { KeyedOperator } from './abstract-keyed-operator.js';
import { AbstractSortingOperator } from './abstract-sorting-operator.js';
import { SingleKeyStore } from './single-key-store.js';
import { SORT_HEADER_BYTES, type SortCursor } from './sort-entry.js';
import type { ChainedOperatorContext, Input, OperatorFactory, Output } from './stream-operator.js';

/** One keyed input, as the graph knows it. */
export interface KeyedInput {
  readonly keySelector: (value: unknown) => unknown;
  /** Of the records; asked for when the operator is made. */
  type(): TypeDescriptor<unknown>;
}

/** Behind the key: timestamp, then place in the order of arrival. */
const TAIL_BYTES = 2 * TIME_BYTES;

/**
 * Gives a keyed operator its bounded input a key at a time: the records of its keyed inputs are sorted by key,
 * then by timestamp, then in the order they came, whichever input they came by, and are handed on when all
 * inputs have ended. Records of an input without keys (a broadcast) go on at once, and so before the others.
 *
 * ```
 *   order bytes     key (canonical) | timestamp | number of the record
 *   payload bytes   index of the input u8 | the record, by the codec of that input
 * ```
 *
 * Invariants:
 * - the operator has state and timers of one key only, and no watermark comes to it: event time ends for each
 *   key by itself;
 * - until the sort has ended, nothing keyed has gone on.
 */
class SortedInputOperator extends AbstractSortingOperator<unknown> {
  readonly inputs: readonly Input<never>[];
  readonly #operator: KeyedOperator;
  readonly #keyed: readonly (KeyedInput | undefined)[];
  readonly #codecs: readonly (RecordCodec<unknown> | undefined)[];
  readonly #targets: readonly Input<unknown>[];
  readonly #store: SingleKeyStore;
  readonly #reader = new ByteReader();
  #records = 0;
  /** Bytes of the key whose records are being handed on; undefined between two keys. */
  #key: Uint8Array | undefined;
  #keyGroup = 0;
  /** Timers of that key are left to fire. */
  #isEndingKey = false;

  constructor(
    context: ChainedOperatorContext,
    output: Output<unknown>,
    operator: OperatorFactory,
    keyed: readonly (KeyedInput | undefined)[],
  ) {
    super(context, output);
    invariant(context.keyedState !== undefined, 'a keyed operator has a state store', { uid: context.uid });
    this.#store = new SingleKeyStore(context.keyedState);
    const inner = { ...context, keyedState: this.#store, wakeAt: () => {} };
    this.#operator = operator.create(inner, new Results(output) as Output<never>) as KeyedOperator;
    this.#keyed = keyed;
    this.#codecs = keyed.map((input) => input && context.codecs.codecFor(input.type()));
    this.#targets = this.#operator.inputs as readonly Input<unknown>[];
    invariant(this.#targets.length === keyed.length, 'every input of the operator is described');
    this.inputs = keyed.map((input, index) =>
      input === undefined
        ? new PassingInput(this.#target(index))
        : new SortingInput((value, timestamp) => this.#sort(index, input, value, timestamp)),
    );
  }

  override open(): void | Promise<void> {
    return this.#operator.open();
  }

  override resume(): boolean {
    return this.#operator.resume() && super.resume();
  }

  override room(): number {
    return Math.min(super.room(), this.#operator.room());
  }

  override async close(): Promise<void> {
    try {
      await this.#operator.close();
    } finally {
      await super.close();
    }
  }

  #sort(index: number, input: KeyedInput, value: unknown, timestamp: number): void {
    const { sorter } = this;
    const { order, payload } = sorter;
    const { keySelector } = input;
    this.context.userCode.node = this.context.chainIndex;
    encodeKey(keySelector(value), order);
    appendTime(order, timestamp);
    appendTime(order, this.#records++);
    payload.reserve(1);
    payload.bytes[payload.position++] = index;
    this.#codecs[index]?.encode(value, payload);
    sorter.add();
  }

  // The timers of a key ask for room themselves; asked before each of them as well, a step that may fire one
  // would fire none.
  protected override handOnRest(): boolean {
    return !this.#isEndingKey || this.#endKey();
  }

  /** False: the key before is still ending. */
  protected override handOn({ bytes, view, at }: SortCursor): boolean {
    const from = at + SORT_HEADER_BYTES;
    const keyEnd = from + view.getUint32(at) - TAIL_BYTES;
    const isNewKey = !this.#isCurrent(bytes, from, keyEnd);
    if (isNewKey && !this.#endKey()) return false;
    const payload = keyEnd + TAIL_BYTES;
    const index = bytes[payload] ?? 0;
    const codec = this.#codecs[index];
    const input = this.#keyed[index];
    invariant(codec !== undefined && input !== undefined, 'a sorted record has an input', { index });
    this.#reader.pointAt(bytes, view, payload + 1, payload + view.getUint32(at + 4));
    const value = codec.decode(this.#reader);
    if (isNewKey) {
      this.context.userCode.node = this.context.chainIndex;
      this.#keyGroup = keyGroupOf(input.keySelector(value), this.context.maxParallelism);
      this.#key = bytes.slice(from, keyEnd);
    }
    this.#target(index).processElement(value, readTime(bytes, keyEnd));
    return true;
  }

  #isCurrent(bytes: Uint8Array, from: number, end: number): boolean {
    const key = this.#key;
    if (key === undefined || key.length !== end - from) return false;
    for (let i = 0; i < key.length; i++) if (key[i] !== bytes[from + i]) return false;
    return true;
  }

  #endKey(): boolean {
    if (this.#key === undefined) return true;
    this.#isEndingKey = true;
    if (!this.#operator.endKey()) return false;
    this.#isEndingKey = false;
    this.#store.clear(this.#keyGroup);
    this.#key = undefined;
    return true;
  }

  protected override finish(): boolean | Promise<void> {
    return this.#endKey() && (this.#operator.endInput() ?? true);
  }

  #target(index: number): Input<unknown> {
    const target = this.#targets[index];
    invariant(target !== undefined, 'the input is one of the operator', { index });
    return target;
  }
}

/** In a batch nothing is told of time but its end, with which the input ends. */
abstract class TimelessInput {
  processWatermark(): void {}

  processIdle(): void {}

  processActive(): void {}
}

class SortingInput extends TimelessInput implements Input<unknown> {
  readonly processElement: (value: unknown, timestamp: number) => void;

  constructor(sort: (value: unknown, timestamp: number) => void) {
    super();
    this.processElement = sort;
  }
}

class PassingInput extends TimelessInput implements Input<unknown> {
  readonly #target: Input<unknown>;

  constructor(target: Input<unknown>) {
    super();
    this.#target = target;
  }

  processElement(value: unknown, timestamp: number): void {
    this.#target.processElement(value, timestamp);
  }
}

/** Results go on; the time of single keys does not. */
class Results implements Output<unknown> {
  readonly #output: Output<unknown>;

  constructor(output: Output<unknown>) {
    this.#output = output;
  }

  collect(value: unknown, timestamp: number): void {
    this.#output.collect(value, timestamp);
  }

  emitWatermark(): void {}

  emitIdle(): void {}

  emitActive(): void {}

  sideOutput<X>(tag: OutputTag<X>, value: X, timestamp: number): void {
    this.#output.sideOutput(tag, value, timestamp);
  }
}

/** The operator, given its records a key at a time; `keyed` has undefined for an input without keys. */
export function keyByKey(
  operator: OperatorFactory,
  keyed: readonly (KeyedInput | undefined)[],
): OperatorFactory {
  return {
    needsKeyedState: true,
    create: (context, output) => new SortedInputOperator(context, output as Output<unknown>, operator, keyed),
  };
}
