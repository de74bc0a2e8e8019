import type { Test } from 'tap';
import type { ObjectStore } from '../storage/index.js';

export async function* stream(...chunks: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

export async function read(store: ObjectStore, key: string, range?: { offset: number; length: number }) {
  const parts: Uint8Array[] = [];
  for await (const chunk of store.get(key, range)) parts.push(chunk);
  return Buffer.concat(parts);
}

export const bytes = (...values: number[]) => new Uint8Array(values);

/** What every object store does. Two stores over one medium, as two processes have them; it is empty at first. */
export function objectStoreContract(t: Test, name: string, store: ObjectStore, other: ObjectStore): void {
  writesOnce(t, name, store, other);
  listsAndForgets(t, name, store, other);
}

function writesOnce(t: Test, name: string, store: ObjectStore, other: ObjectStore): void {
  t.test(`${name}: an object is written once and read whole or in part`, async (t) => {
    const large = Uint8Array.from({ length: 700_000 }, (_, i) => i * 7);
    const content = stream(large.subarray(0, 3), large.subarray(3));
    t.equal(await store.put('data/large', content), large.length);
    t.ok((await read(other, 'data/large')).equals(large));
    t.ok(
      (await read(other, 'data/large', { offset: 299_999, length: 5 })).equals(
        large.subarray(299_999, 300_004),
      ),
    );
    t.equal((await read(other, 'data/large', { offset: 699_998, length: 50 })).length, 2);
    t.equal((await read(other, 'data/large', { offset: 800_000, length: 50 })).length, 0);
    t.same(await other.head('data/large'), { sizeBytes: 700_000 });
    await t.rejects(store.put('data/large', stream(bytes(1))), { code: 'MR3001' });
    t.equal((await read(other, 'data/large')).length, 700_000);
    for await (const chunk of other.get('data/large')) {
      t.ok(chunk.length <= 256 * 1024, 'chunks are bounded');
      break;
    }
  });

  t.test(`${name}: an object may be empty`, async (t) => {
    t.equal(await store.put('data/empty', stream()), 0);
    t.same(await other.head('data/empty'), { sizeBytes: 0 });
    t.equal((await read(other, 'data/empty')).length, 0);
    t.equal((await read(other, 'data/empty', { offset: 0, length: 0 })).length, 0);
    await t.rejects(read(other, 'data/nothing', { offset: 0, length: 0 }), { code: 'MR3008' });
    await other.delete(['data/empty']);
  });

  t.test(`${name}: of several that create a key one wins`, async (t) => {
    const claims = [1, 2, 3, 4].map((i) =>
      (i % 2 ? store : other).createIfAbsent('log/0000000001', bytes(i)),
    );
    const won = await Promise.all(claims);
    t.equal(won.filter(Boolean).length, 1);
    t.same([...(await read(store, 'log/0000000001'))], [won.indexOf(true) + 1]);
    t.equal(await other.createIfAbsent('log/0000000001', bytes(9)), false);
  });
}

function listsAndForgets(t: Test, name: string, store: ObjectStore, other: ObjectStore): void {
  t.test(`${name}: listing is sorted, by folder, and sees deletions`, async (t) => {
    for (const key of ['log/0000000003', 'log/0000000002', 'logs/x', 'data/deep/er/y']) {
      await store.createIfAbsent(key, bytes(0));
    }
    t.same(await other.list('log/'), ['log/0000000001', 'log/0000000002', 'log/0000000003']);
    t.same(await other.list('data/'), ['data/deep/er/y', 'data/large']);
    t.equal((await other.list('')).length, 6);
    t.same(await other.list('nothing/'), []);
    await other.delete(['log/0000000001', 'log/0000000003', 'log/never-there']);
    t.same(await store.list('log/'), ['log/0000000002']);
    t.equal(await store.head('log/0000000001'), undefined);
    await t.rejects(read(store, 'log/0000000001'), { code: 'MR3008' });
  });

  t.test(`${name}: a stream that fails leaves nothing`, async (t) => {
    async function* failing() {
      yield bytes(1, 2, 3);
      throw new Error('no more');
    }
    await t.rejects(store.put('data/broken', failing()), { message: 'no more' });
    t.equal(await store.head('data/broken'), undefined);
    await store.sweepUnfinished();
    t.notOk((await store.list('')).includes('data/broken'));
  });

  t.test(`${name}: keys cannot lead out of the store`, async (t) => {
    for (const key of [
      '',
      '/etc/passwd',
      '../x',
      'a/../b',
      'a//b',
      'a/',
      '.hidden',
      'a/.b',
      'a\\b',
      'a\0',
      'ü',
    ]) {
      await t.rejects(store.createIfAbsent(key, bytes(0)), { code: 'MR9001' }, key);
      await t.rejects(read(store, key), { code: 'MR9001' }, key);
    }
    await t.rejects(store.list('lo'), { code: 'MR9001' });
  });
}
