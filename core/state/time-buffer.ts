import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
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

/** The values of the current key by their time, as keyed state: a bucket for each time. */
export class TimeBuffer<T> {
  readonly #buckets: KeyedMapState<number, BufferedValue<T>[]>;

  constructor(access: KeyedStateAccess, name: string, type: TypeDescriptor<T>) {
    const entry = types.object({ value: type, matched: types.boolean });
    const bucket = types.array(entry) as unknown as TypeDescriptor<BufferedValue<T>[]>;
    this.#buckets = access.getSortedMap(new MapStateDescriptor(name, types.timestamp, bucket));
  }

  add(time: number, value: BufferedValue<T>): void {
    const values = this.#buckets.get(time) ?? [];
    values.push(value);
    this.#buckets.put(time, values);
  }

  /** The buckets from `first` to `last`, both included, ascending. */
  between(first: number, last: number): TimeBucket<T>[] {
    const found: TimeBucket<T>[] = [];
    this.#buckets.scan((time, values) => {
      if (time > last) return false;
      if (time >= first) found.push({ time, values: values() });
      return true;
    });
    return found;
  }

  /** Notes that all values of the bucket have had a partner. */
  match({ time, values }: TimeBucket<T>): void {
    if (values.every(({ matched }) => matched)) return;
    this.#buckets.put(
      time,
      values.map(({ value }) => ({ value, matched: true })),
    );
  }

  remove(time: number): void {
    this.#buckets.delete(time);
  }
}
