import t from 'tap';
import { types } from '../../../core/serde/types.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import { MapStateDescriptor, ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { LmdbStateStore } from '../../../storage/state/lmdb-state-store.js';
import { MemtableScan } from '../../../storage/state/memtable-scan.js';
import { KeyedStateLife } from '../../keyed-state.js';
import { lmdbLife, restoredBytes } from '../../working-copy.js';

/**
 * What rows leave behind that are gone. Living state is small here, and managed memory far larger, so that all
 * of it could fill with what nobody needs.
 */
const MIB = 1024 * 1024;
const TEXT = new ValueStateDescriptor('text', types.string);
const QUEUE = new MapStateDescriptor('queue', types.int32, types.string);
const VALUE = '-'.repeat(100);
const ROW_BYTES = VALUE.length + 40;

function usedBytes(access: KeyedStateAccess): number {
  const { store } = access;
  if (!(store instanceof LmdbStateStore)) throw new Error('an LMDB store is looked at');
  return store.usedBytes;
}

/** Keys from..to come, and those `behind` of them go. */
function pass(access: KeyedStateAccess, from: number, to: number, behind: number): void {
  const text = access.getState(TEXT);
  for (let key = from; key < to; key++) {
    access.keys.setCurrentKey(key);
    text.update(VALUE);
    access.keys.setCurrentKey(key - behind);
    text.clear();
  }
}

t.test('once memory was full of what lives, a base of what little lives later is small', async (t) => {
  const { life } = lmdbLife(t);
  const managedBytes = 4 * MIB;
  const access = await life.open(undefined, { managedBytes });
  // Three times what memory holds; then nearly all of it goes.
  const burst = (3 * managedBytes) / ROW_BYTES;
  pass(access, 0, burst, burst + 1);
  const full = await life.checkpoint(access);
  t.ok(restoredBytes(full) > 2 * managedBytes, `${restoredBytes(full)} bytes at most`);
  const living = 500;
  const text = access.getState(TEXT);
  for (let key = 0; key < burst - living; key++) {
    access.keys.setCurrentKey(key);
    text.clear();
  }
  let next = burst;
  for (let round = 0; round < 20; round++) {
    pass(access, next, next + 2000, living);
    next += 2000;
    await life.checkpoint(access);
  }
  const base = await life.checkpoint(access, true);
  t.ok(
    restoredBytes(base) < 4 * living * ROW_BYTES,
    `a base of ${restoredBytes(base)} bytes for ${living} rows`,
  );
  await access.store.close();
  const restored = await life.open(base, { managedBytes });
  let found = 0;
  for (let key = 0; key < next; key++) {
    restored.keys.setCurrentKey(key);
    if (restored.getState(TEXT).value() === VALUE) found++;
  }
  t.equal(found, living, 'what lives is there, and nothing else');
  await restored.store.close();
});

t.test('keys that come and go leave nothing in memory, nor in a base', async (t) => {
  const { life, diskBytes } = lmdbLife(t);
  const access = await life.open(undefined, { managedBytes: 64 * MIB });
  let most = 0;
  for (let round = 0; round < 60; round++) {
    pass(access, round * 2000, (round + 1) * 2000, 1000);
    await life.checkpoint(access);
    most = Math.max(most, usedBytes(access));
  }
  t.ok(most < 4 * MIB, `${most} bytes of memory`);
  t.equal(diskBytes(), 0, 'nothing has left memory');
  const base = restoredBytes(await life.checkpoint(access, true));
  t.ok(base < 3 * 1000 * ROW_BYTES, `a base of ${base} bytes`);
  await access.store.close();
});

t.test('entries of a map that come and go leave no memory behind for who visits it later', async (t) => {
  const { life } = lmdbLife(t);
  const access = await life.open(undefined, { managedBytes: 64 * MIB });
  const queue = access.getMapState(QUEUE);
  access.keys.setCurrentKey('one');
  let most = 0;
  for (let i = 0; i < 200_000; i++) {
    queue.put(i, 'entry');
    queue.delete(i - 10);
    if (i % 5000 === 0) await life.checkpoint(access);
    most = Math.max(most, usedBytes(access));
  }
  t.same([...queue.keys()].length, 10);
  t.ok(most < 2 * MIB, `${most} bytes of memory for ten entries`);
  await access.store.close();
});

t.test('without checkpoints nothing is kept for one', async (t) => {
  const { life, diskBytes } = lmdbLife(t);
  const access = await life.open(undefined, { managedBytes: MIB });
  let disk = 0;
  let used = 0;
  for (let round = 0; round < 60; round++) {
    pass(access, round * 3000, (round + 1) * 3000, 1000);
    disk = Math.max(disk, diskBytes());
    used = Math.max(used, usedBytes(access));
  }
  t.equal(disk, 0, 'nothing is put aside');
  t.ok(used <= MIB, `${used} bytes of memory`);
  const handle = await life.checkpoint(access);
  t.ok(
    restoredBytes(handle) < 3 * 1000 * ROW_BYTES,
    `the first checkpoint takes ${restoredBytes(handle)} bytes`,
  );
  await access.store.close();
});

for (const backend of ['heap', 'lmdb'] as const) {
  t.test(
    `while checkpoints fail, rows that come and go leave nothing for the next one: ${backend}`,
    async (t) => {
      const { life } =
        backend === 'heap' ? { life: new KeyedStateLife(new HeapStateBackend()) } : lmdbLife(t);
      const access = await life.open(undefined, { managedBytes: 16 * MIB });
      pass(access, 0, 2000, 1000);
      const first = restoredBytes(await life.checkpoint(access));
      for (let round = 1; round < 40; round++) {
        pass(access, round * 2000, (round + 1) * 2000, 1000);
        await life.abort(access);
      }
      // The thousand rows of now, and on the heap that those of the first checkpoint are gone.
      const handle = await life.checkpoint(access);
      t.ok(
        restoredBytes(handle) < 3 * first,
        `${restoredBytes(handle)} bytes after 39 that failed, ${first} before`,
      );
      await access.store.close();
      const restored = await life.open(handle, { managedBytes: 16 * MIB });
      let found = 0;
      for (let key = 0; key < 80_000; key++) {
        restored.keys.setCurrentKey(key);
        if (restored.getState(TEXT).value() === VALUE) found++;
      }
      t.equal(found, 1000);
      await restored.store.close();
    },
  );
}

t.test('nothing moves under a scan that need not: who clears a map visits it once', async (t) => {
  const { life } = lmdbLife(t);
  const access = await life.open(undefined, { managedBytes: 64 * MIB });
  const queue = access.getMapState(QUEUE);
  for (const key of ['one', 'other']) {
    access.keys.setCurrentKey(key);
    for (let i = 0; i < 40_000; i++) queue.put(i, 'entry');
  }
  await life.checkpoint(access);
  const collect = MemtableScan.prototype.refsOf;
  t.teardown(() => {
    MemtableScan.prototype.refsOf = collect;
  });
  let scans = 0;
  MemtableScan.prototype.refsOf = function (...args) {
    scans++;
    return collect.apply(this, args);
  };
  for (const key of ['one', 'other']) {
    access.keys.setCurrentKey(key);
    scans = 0;
    queue.clear();
    t.ok(scans <= 2, `${scans} scans`);
    t.ok(queue.isEmpty());
    await life.checkpoint(access);
  }
  await access.store.close();
});
