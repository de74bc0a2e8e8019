import type { ListState } from './list-state.js';
import type { MapState } from './map-state.js';
import { isExpired, type StateTtl } from './state-ttl.js';
import type { Timed } from './timed-codec.js';
import type { TtlSweeper } from './ttl-sweeper.js';
import type { ValueState } from './value-state.js';

/** What the states of one descriptor share: the time, the life, and who removes what nobody reads. */
export class TtlLife {
  readonly renewOnRead: boolean;
  readonly returnExpired: boolean;
  readonly #ttlMs: number;
  readonly #wallMs: () => number;
  readonly #sweeper: TtlSweeper | undefined;

  constructor(ttl: StateTtl, wallMs: () => number, sweeper: TtlSweeper | undefined) {
    this.renewOnRead = ttl.renewOnRead;
    this.returnExpired = ttl.returnExpired;
    this.#ttlMs = ttl.ttlMs;
    this.#wallMs = wallMs;
    this.#sweeper = sweeper;
  }

  /** The state is about to be used. */
  touch(): void {
    this.#sweeper?.step();
  }

  written<T>(value: T): Timed<T> {
    return { time: this.#wallMs(), value };
  }

  isExpired(time: number): boolean {
    return isExpired(time, this.#ttlMs, this.#wallMs());
  }
}

/** State of a key that can rid itself of what has expired. */
export interface Expiring {
  /** Removes what has expired of the current key. */
  cleanUp(): void;
}

/** A value that ends. */
export class TtlValueState<T> implements ValueState<T>, Expiring {
  readonly #inner: ValueState<Timed<T>>;
  readonly #life: TtlLife;

  constructor(inner: ValueState<Timed<T>>, life: TtlLife) {
    this.#inner = inner;
    this.#life = life;
  }

  value(): T | undefined {
    const life = this.#life;
    life.touch();
    const found = this.#inner.value();
    if (found === undefined) return undefined;
    if (life.isExpired(found.time)) {
      this.#inner.clear();
      return life.returnExpired ? found.value : undefined;
    }
    if (life.renewOnRead) this.#inner.update(life.written(found.value));
    return found.value;
  }

  update(value: T | undefined): void {
    this.#life.touch();
    this.#inner.update(value === undefined ? undefined : this.#life.written(value));
  }

  clear(): void {
    this.#inner.clear();
  }

  cleanUp(): void {
    const found = this.#inner.value();
    if (found !== undefined && this.#life.isExpired(found.time)) this.#inner.clear();
  }
}

/** A list whose elements end each for itself. */
export class TtlListState<T> implements ListState<T>, Expiring {
  readonly #inner: ListState<Timed<T>>;
  readonly #life: TtlLife;

  constructor(inner: ListState<Timed<T>>, life: TtlLife) {
    this.#inner = inner;
    this.#life = life;
  }

  get(): T[] {
    const life = this.#life;
    life.touch();
    const all = this.#inner.get();
    const living = all.filter(({ time }) => !life.isExpired(time));
    if (life.renewOnRead) this.#inner.update(living.map(({ value }) => life.written(value)));
    else if (living.length < all.length) this.#inner.update(living);
    return (life.returnExpired ? all : living).map(({ value }) => value);
  }

  add(element: T): void {
    this.#life.touch();
    this.#inner.add(this.#life.written(element));
  }

  addAll(elements: Iterable<T>): void {
    this.#life.touch();
    this.#inner.addAll(Array.from(elements, (element) => this.#life.written(element)));
  }

  update(elements: Iterable<T>): void {
    this.#life.touch();
    this.#inner.update(Array.from(elements, (element) => this.#life.written(element)));
  }

  clear(): void {
    this.#inner.clear();
  }

  cleanUp(): void {
    const all = this.#inner.get();
    const living = all.filter(({ time }) => !this.#life.isExpired(time));
    // Of a list that was restored nothing but its length may be left.
    if (living.length < all.length || all.length === 0) this.#inner.update(living);
  }
}

/** A map whose entries end each for itself. */
export class TtlMapState<K, V> implements MapState<K, V>, Expiring {
  readonly #inner: MapState<K, Timed<V>>;
  readonly #life: TtlLife;

  constructor(inner: MapState<K, Timed<V>>, life: TtlLife) {
    this.#inner = inner;
    this.#life = life;
  }

  get(key: K): V | undefined {
    this.#life.touch();
    return this.#seen(key, this.#inner.get(key))?.value;
  }

  put(key: K, value: V): void {
    this.#life.touch();
    this.#inner.put(key, this.#life.written(value));
  }

  has(key: K): boolean {
    this.#life.touch();
    return this.#seen(key, this.#inner.get(key)) !== undefined;
  }

  delete(key: K): boolean {
    this.#life.touch();
    const found = this.#inner.get(key);
    this.#inner.delete(key);
    return found !== undefined && (this.#life.returnExpired || !this.#life.isExpired(found.time));
  }

  keys(): K[] {
    return this.entries().map(([key]) => key);
  }

  values(): V[] {
    return this.entries().map(([, value]) => value);
  }

  entries(): [K, V][] {
    this.#life.touch();
    const seen: [K, V][] = [];
    for (const [key, found] of this.#inner.entries()) {
      const living = this.#seen(key, found);
      if (living !== undefined) seen.push([key, living.value]);
    }
    return seen;
  }

  isEmpty(): boolean {
    return this.entries().length === 0;
  }

  clear(): void {
    this.#inner.clear();
  }

  cleanUp(): void {
    for (const [key, { time }] of this.#inner.entries()) {
      if (this.#life.isExpired(time)) this.#inner.delete(key);
    }
  }

  /** What a reader sees of an entry, which is renewed or removed by that. */
  #seen(key: K, found: Timed<V> | undefined): Timed<V> | undefined {
    const life = this.#life;
    if (found === undefined) return undefined;
    if (life.isExpired(found.time)) {
      this.#inner.delete(key);
      return life.returnExpired ? found : undefined;
    }
    if (life.renewOnRead) this.#inner.put(key, life.written(found.value));
    return found;
  }
}
