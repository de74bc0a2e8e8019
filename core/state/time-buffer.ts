import { Watermark } from '../element/watermark.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import { type KeyContext, StateNamespace } from './key-context.js';
import type { KeyedStateAccess } from './keyed-state-access.js';
import type { KeyedMapState } from './map-state.js';
import { MapStateDescriptor } from './state-descriptor.js';

/** A value that waits for partners. */
export interface BufferedValue<T> {
  readonly value: T;
  /** Whether it has had one. */
  readonly matched: boolean;
}

/** All values of one time, in the order in which they came. */
export interface TimeBucket<T> {
  readonly time: number;
  readonly values: readonly BufferedValue<T>[];
}

/** A map whose entries are stored slice by slice: with slices of another length they would not be found. */
class SlicedMapDescriptor<V> extends MapStateDescriptor<number, V> {
  readonly #sliceMs: number;

  constructor(name: string, valueType: TypeDescriptor<V>, sliceMs: number) {
    super(name, types.timestamp, valueType);
    this.#sliceMs = sliceMs;
  }

  protected override get contentId(): string {
    return `${super.contentId} in slices of ${this.#sliceMs} ms`;
  }
}

/**
 * The values of the current key by their time, as keyed state: a bucket for each time, stored under the slice
 * of time that it lies in, so that looking for an interval reads the slices that it touches and no others.
 *
 * Every method leaves some slice as the current window.
 */
export class TimeBuffer<T> {
  readonly #keys: KeyContext;
  readonly #sliceMs: number;
  readonly #buckets: KeyedMapState<number, BufferedValue<T>[]>;

  constructor(access: KeyedStateAccess, name: string, type: TypeDescriptor<T>, sliceMs: number) {
    const entry = types.object({ value: type, matched: types.boolean });
    const bucket = types.array(entry) as unknown as TypeDescriptor<BufferedValue<T>[]>;
    this.#keys = access.keys;
    this.#sliceMs = sliceMs;
    this.#buckets = access.getSortedMap(
      new SlicedMapDescriptor(name, bucket, sliceMs),
      StateNamespace.WINDOW,
    );
  }

  /** Adds a value; the slice of its time is the current window afterwards. */
  add(time: number, value: BufferedValue<T>): void {
    this.#enter(time);
    const values = this.#buckets.get(time) ?? [];
    values.push(value);
    this.#buckets.put(time, values);
  }

  /** The buckets from `first` to `last`, both included, ascending. */
  between(first: number, last: number): TimeBucket<T>[] {
    const found: TimeBucket<T>[] = [];
    for (let slice = this.#sliceOf(first); slice <= last; slice += this.#sliceMs) {
      this.#enter(slice);
      this.#buckets.scan((time, values) => {
        if (time > last) return false;
        if (time >= first) found.push({ time, values: values() });
        return true;
      });
    }
    return found;
  }

  /** Notes that all values of the bucket have had a partner. */
  match({ time, values }: TimeBucket<T>): void {
    if (values.every(({ matched }) => matched)) return;
    this.#enter(time);
    this.#buckets.put(
      time,
      values.map(({ value }) => ({ value, matched: true })),
    );
  }

  /** Removes the bucket of a time; its values. */
  take(time: number): readonly BufferedValue<T>[] {
    this.#enter(time);
    const values = this.#buckets.get(time);
    if (values === undefined) return [];
    this.#buckets.delete(time);
    return values;
  }

  #sliceOf(time: number): number {
    return Math.floor(time / this.#sliceMs) * this.#sliceMs;
  }

  #enter(time: number): void {
    const start = Math.max(Watermark.MIN, this.#sliceOf(time));
    this.#keys.setWindow(start, Math.min(Watermark.MAX, start + this.#sliceMs));
  }
}
