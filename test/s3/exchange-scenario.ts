import type { Test } from 'tap';
import { bytes, read, stream } from '../object-store-contract.js';
import { s3StoreAt } from './s3-store.js';

const MIB = 1024 * 1024;

/**
 * Everything that the store asks of a server, one request after another and always the same, so that what a server
 * answered can be recorded and played again. `prefix` is empty of objects.
 */
export async function exchangeScenario(t: Test, endpoint: string, bucket: string): Promise<void> {
  const store = s3StoreAt(endpoint, {
    bucket,
    prefix: 'recorded/a job & more/',
    limits: { partsAtOnce: 1, retriesMax: 0 },
  });
  await store.assertConditionalCreate('conditional-create');
  t.equal(await store.createIfAbsent('log/0000000001', bytes(1, 2, 3)), true);
  t.equal(await store.createIfAbsent('log/0000000001', bytes(4)), false);
  t.equal(await store.createIfAbsent('log/0000000002', bytes(5)), true);
  t.same(await store.list('log/'), ['log/0000000001', 'log/0000000002']);
  t.same(await store.list('data/'), []);
  t.same([...(await read(store, 'log/0000000001'))], [1, 2, 3]);
  t.same([...(await read(store, 'log/0000000001', { offset: 1, length: 1 }))], [2]);
  t.equal((await read(store, 'log/0000000001', { offset: 3, length: 1 })).length, 0, 'beyond the end');
  t.same(await store.head('log/0000000001'), { sizeBytes: 3 });
  t.equal(await store.head('log/0000000003'), undefined);
  await t.rejects(read(store, 'log/0000000003'), { code: 'MR3008' });
  t.equal(await store.put('data/empty', stream()), 0);
  t.equal((await read(store, 'data/empty')).length, 0);
  t.equal(await store.put('data/large', stream(new Uint8Array(5 * MIB).fill(7), bytes(8, 9))), 5 * MIB + 2);
  t.same(await store.head('data/large'), { sizeBytes: 5 * MIB + 2 });
  t.same([...(await read(store, 'data/large', { offset: 5 * MIB - 1, length: 9 }))], [7, 8, 9]);
  await t.rejects(store.put('data/large', stream(new Uint8Array(5 * MIB), bytes(1))), { code: 'MR3001' });
  await t.rejects(store.put('data/empty', stream(bytes(1))), {
    code: 'MR3001',
    why: 'a key is written once',
  });
  await store.sweepUnfinished();
  await store.delete([
    'conditional-create',
    'log/0000000001',
    'log/0000000002',
    'data/empty',
    'data/large',
    'data/never',
  ]);
  t.same(await store.list(''), []);
  await store.delete(['data/never']);
  const nowhere = s3StoreAt(endpoint, { bucket: 'no-such-bucket', limits: { retriesMax: 0 } });
  await t.rejects(nowhere.list(''), { code: 'MR3002' });
}
