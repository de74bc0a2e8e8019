import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Prng } from '../../../core/internal.js';
import {
  FileObjectStore,
  LocalFileSystem,
  MemoryObjectStore,
  type ObjectStore,
} from '../../../storage/index.js';
import { SimulatedDisk } from '../../simulation/simulated-disk.js';
import { SimulatedFileSystem } from '../../simulation/simulated-file-system.js';
import { SimulatedBucket, SimulatedObjectStore } from '../../simulation/simulated-object-store.js';

/** Two stores over one medium each, as two processes have them. */
const folder = mkdtempSync(join(tmpdir(), 'millrace-store-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const disk = new SimulatedDisk();
const bucket = new SimulatedBucket();
const memory = new MemoryObjectStore();
const STORES: Readonly<Record<string, [ObjectStore, ObjectStore]>> = {
  'local files': [localStore('a'), localStore('b')],
  'simulated files': [simulatedStore('a'), simulatedStore('b')],
  'a bucket': [new SimulatedObjectStore(bucket, new Prng(1)), new SimulatedObjectStore(bucket, new Prng(2))],
  memory: [memory, memory],
};

function localStore(writer: string): ObjectStore {
  return new FileObjectStore(new LocalFileSystem(), folder, writer);
}

function simulatedStore(writer: string): ObjectStore {
  return new FileObjectStore(new SimulatedFileSystem(disk), '/objects', writer);
}

async function* stream(...chunks: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

async function read(store: ObjectStore, key: string, range?: { offset: number; length: number }) {
  const parts: Uint8Array[] = [];
  for await (const chunk of store.get(key, range)) parts.push(chunk);
  return Buffer.concat(parts);
}

const bytes = (...values: number[]) => new Uint8Array(values);

for (const [name, [store, other]] of Object.entries(STORES)) {
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

  t.test(`${name}: of several that create a key one wins`, async (t) => {
    const claims = [1, 2, 3, 4].map((i) =>
      (i % 2 ? store : other).createIfAbsent('log/0000000001', bytes(i)),
    );
    const won = await Promise.all(claims);
    t.equal(won.filter(Boolean).length, 1);
    t.same([...(await read(store, 'log/0000000001'))], [won.indexOf(true) + 1]);
    t.equal(await other.createIfAbsent('log/0000000001', bytes(9)), false);
  });

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

t.test('scratch files of others are swept, and a write from which one is swept goes on', async (t) => {
  const medium = new SimulatedDisk();
  let sweep: (() => Promise<void>) | undefined;
  const faults = {
    faultOf: ({ kind }: { kind: string }) => {
      if (kind !== 'link' || sweep === undefined) return undefined;
      const until = sweep();
      sweep = undefined;
      return { kind: 'hold', until } as const;
    },
  };
  const slow = new FileObjectStore(new SimulatedFileSystem(medium, { faults }), '/o', 'slow');
  const leader = new FileObjectStore(new SimulatedFileSystem(medium), '/o', 'leader');
  medium.create('/o/.unfinished/dead.1', 0);
  medium.create('/o/.unfinished/leader.1', 0);
  sweep = () => leader.sweepUnfinished();
  t.equal(await slow.createIfAbsent('log/1', bytes(1)), true);
  t.same([...medium.files().keys()], ['/o/.unfinished/leader.1', '/o/log/1'], 'its own are not swept');
  t.equal(await leader.createIfAbsent('log/2', bytes(1)), true, 'and a name that is taken is passed over');
});

t.test('a full disk leaves no object and no scratch file', async (t) => {
  const medium = new SimulatedDisk();
  medium.capacityBytes = 100;
  const store = new FileObjectStore(new SimulatedFileSystem(medium), '/o', 'w');
  await t.rejects(store.put('data/x', stream(new Uint8Array(90), new Uint8Array(90))), { code: 'MR3003' });
  await t.rejects(store.createIfAbsent('log/1', new Uint8Array(101)), { code: 'MR3003' });
  t.equal(medium.files().size, 0);
  const small = new MemoryObjectStore(100);
  await t.rejects(small.put('data/x', stream(new Uint8Array(90), new Uint8Array(90))), { code: 'MR3003' });
  t.equal(await small.createIfAbsent('log/1', new Uint8Array(100)), true);
});

t.test('what was written survives a loss of power, whatever else happened', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const medium = new SimulatedDisk();
    const store = new FileObjectStore(new SimulatedFileSystem(medium), '/o', 'w');
    await store.put('data/x', stream(bytes(1, 2), bytes(3)));
    await store.createIfAbsent('log/1', bytes(4));
    await store.createIfAbsent('log/2', bytes(5));
    await store.delete(['log/2']);
    const after = new FileObjectStore(new SimulatedFileSystem(medium.crash(new Prng(seed))), '/o', 'w');
    t.same(await after.list(''), ['data/x', 'log/1']);
    t.same([...(await read(after, 'data/x'))], [1, 2, 3]);
  }
});
