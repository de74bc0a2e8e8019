import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  type KeyedStateBootstrapFunction,
  type KeyedStateReaderFunction,
  type ListState,
  ListStateDescriptor,
  type MapState,
  MapStateDescriptor,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../core/index.js';
import { encodeManifest, filesOfManifest } from '../../storage/checkpoint/manifest-codec.js';
import { FileObjectStore, LocalFileSystem, readManifestAt } from '../../storage/index.js';
import type { HarnessSnapshot } from '../driver/index.js';

export type Key = string | number;
/** All that is kept of a key, in the order in which it came. */
export interface Kept {
  value: number;
  list: string[];
  map: Map<string, number>;
  timers: Set<number>;
}
export interface Event {
  readonly key: Key;
  readonly n: number;
}

export const VALUE = new ValueStateDescriptor('value', types.int32);
export const LIST = new ListStateDescriptor('list', types.string);
export const MAP = new MapStateDescriptor('map', types.string, types.int32);

export function bootstrap(): KeyedStateBootstrapFunction<Key, Event> {
  let value: ValueState<number>;
  let list: ListState<string>;
  let map: MapState<string, number>;
  return {
    open(ctx) {
      value = ctx.getState(VALUE);
      list = ctx.getListState(LIST);
      map = ctx.getMapState(MAP);
    },
    processElement({ key, n }, ctx) {
      assert.equal(ctx.currentKey, key);
      value.update((value.value() ?? 0) + n);
      list.add(String(n));
      map.put(String(n % 3), n);
      if (n % 5 === 0) ctx.timerService.registerEventTimeTimer(n);
    },
  };
}

export function reading(): KeyedStateReaderFunction<Key, [Key, Kept]> {
  let value: ValueState<number>;
  let list: ListState<string>;
  let map: MapState<string, number>;
  return {
    open(ctx) {
      value = ctx.getState(VALUE);
      list = ctx.getListState(LIST);
      map = ctx.getMapState(MAP);
    },
    readKey(key, ctx, out) {
      const timers = new Set(ctx.registeredEventTimeTimers());
      assert.deepEqual(ctx.registeredProcessingTimeTimers(), []);
      out.collect([
        key,
        { value: value.value() ?? 0, list: [...list.get()], map: new Map(map.entries()), timers },
      ]);
    },
  };
}

export function modelOf(events: readonly Event[]): Map<Key, Kept> {
  const model = new Map<Key, Kept>();
  for (const { key, n } of events) {
    const kept: Kept = model.get(key) ?? { value: 0, list: [], map: new Map(), timers: new Set() };
    kept.value += n;
    kept.list.push(String(n));
    kept.map.set(String(n % 3), n);
    if (n % 5 === 0) kept.timers.add(n);
    model.set(key, kept);
  }
  return model;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export function folder(t: { teardown(work: () => void): void }): () => string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-processor-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  let count = 0;
  return () => join(root, String(++count));
}

export const backend = fc.constantFrom('heap' as const, 'lmdb' as const);
export const events = fc.array(
  fc.record({
    key: fc.oneof(fc.constantFrom('a', 'b', '', 'cc'), fc.integer({ min: -3, max: 3 })),
    n: fc.integer({ min: -20, max: 20 }),
  }),
  { maxLength: 60 },
);

/** A savepoint in a folder as a harness keeps one. */
export async function checkpointAt(path: string): Promise<HarnessSnapshot['checkpoint']> {
  const storeAt = (folder: string): FileObjectStore =>
    new FileObjectStore(new LocalFileSystem(), folder, 'harness');
  const { manifest } = await readManifestAt(storeAt, path, () => {});
  const files = new Map<string, Uint8Array>();
  for (const key of filesOfManifest(manifest).keys())
    files.set(key, Buffer.concat(await all(storeAt(path).get(key))));
  return { manifest: encodeManifest(manifest), files };
}
