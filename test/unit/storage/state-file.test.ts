import t from 'tap';
import { Prng, type StateFileHandle } from '../../../core/internal.js';
import {
  FileObjectStore,
  MemoryObjectStore,
  ObjectSnapshotWriter,
  ObjectStateFileReader,
  type ObjectStore,
} from '../../../storage/index.js';
import { RandomDiskFaults } from '../../simulation/disk-fault-plan.js';
import { SimulatedDisk } from '../../simulation/simulated-disk.js';
import { SimulatedFileSystem } from '../../simulation/simulated-file-system.js';

const scope = { checkpointId: 7, epoch: 3, attempt: 1, owner: 'my uid/ü-0' };

async function write(store: ObjectStore, ...blocks: Uint8Array[]): Promise<StateFileHandle> {
  const file = new ObjectSnapshotWriter(store, scope).createFile('base');
  for (const block of blocks) await file.append(block);
  return file.finish(42);
}

async function read(store: ObjectStore, handle: StateFileHandle): Promise<Uint8Array[]> {
  const blocks: Uint8Array[] = [];
  for await (const block of new ObjectStateFileReader(store).read(handle)) blocks.push(block.slice());
  return blocks;
}

function onDisk() {
  const disk = new SimulatedDisk();
  return { disk, store: new FileObjectStore(new SimulatedFileSystem(disk), '/c/job', 'w') };
}

t.test('blocks come back as they were appended, of whatever size', async (t) => {
  const store = new MemoryObjectStore();
  const sizes = [0, 1, 5, 128 * 1024 - 24, 128 * 1024, 128 * 1024 + 1, 3_000_000, 7];
  const blocks = sizes.map((size, i) => Uint8Array.from({ length: size }, (_, j) => i + j));
  const handle = await write(store, ...blocks);
  t.match(handle.key, /^data\/0000000007-0000000003-1-my%20uid%2F%C3%BC-0\.0\.base$/);
  t.equal(handle.entryCount, 42);
  t.equal(handle.sizeBytes, (await store.head(handle.key))?.sizeBytes);
  const back = await read(store, handle);
  t.equal(back.length, blocks.length);
  for (const [i, block] of back.entries())
    t.ok(Buffer.from(block).equals(blocks[i] ?? block.subarray(1)), `${i}`);
});

t.test('an appended block may be changed as soon as the call resolves', async (t) => {
  const store = new MemoryObjectStore();
  const file = new ObjectSnapshotWriter(store, scope).createFile('base');
  for (const size of [10, 500_000]) {
    const block = new Uint8Array(size).fill(1);
    await file.append(block);
    block.fill(2);
  }
  const blocks = await read(store, await file.finish(0));
  t.ok(blocks.every((block) => block.every((byte) => byte === 1)));
});

t.test('a file without blocks is a file', async (t) => {
  const store = new MemoryObjectStore();
  t.same(await read(store, await write(store)), []);
});

t.test('files of one writer have different names; long owners are told apart', async (t) => {
  const store = new MemoryObjectStore();
  const names = new Set<string>();
  for (const owner of ['x'.repeat(300), `${'x'.repeat(299)}y`, 'a.b', 'a%2Eb', 'a-b']) {
    const writer = new ObjectSnapshotWriter(store, { ...scope, owner });
    for (let i = 0; i < 2; i++) names.add((await writer.createFile('delta').finish(0)).key);
  }
  t.equal(names.size, 10);
  t.ok([...names].every((name) => name.length < 200));
});

t.test(
  '[scenario 7] damage is told with the name of the file, and no damaged block is handed out',
  async (t) => {
    for (let seed = 0; seed < 60; seed++) {
      const { disk, store } = onDisk();
      const blocks = [new Uint8Array(20).fill(1), new Uint8Array(30).fill(2)];
      const handle = await write(store, ...blocks);
      disk.flipBit(`/c/job/${handle.key}`, new Prng(seed));
      const seen: Uint8Array[] = [];
      const reading = (async () => {
        for await (const block of new ObjectStateFileReader(store).read(handle)) seen.push(block);
      })();
      await t.rejects(reading, { code: 'MR3004', message: new RegExp(handle.key.replace(/[%.]/g, '\\$&')) });
      t.ok(seen.every((block, i) => Buffer.from(block).equals(blocks[i] ?? new Uint8Array(0))));
    }
  },
);

t.test('[scenario 7] a file that was cut off, exchanged or removed is told', async (t) => {
  const { disk, store } = onDisk();
  const handle = await write(store, new Uint8Array(100));
  const other = await write(new MemoryObjectStore(), new Uint8Array(100).fill(1));
  await t.rejects(read(store, { ...handle, crc32c: other.crc32c }), {
    code: 'MR3004',
    message: /not the file/,
  });
  await t.rejects(read(store, { ...handle, entryCount: 41 }), { code: 'MR3004' });
  await t.rejects(read(store, { ...handle, sizeBytes: handle.sizeBytes - 1 }), { code: 'MR3004' });
  disk.truncate(`/c/job/${handle.key}`, 60);
  await t.rejects(read(store, handle), { code: 'MR3004', message: /60 bytes/ });
  await store.delete([handle.key]);
  await t.rejects(read(store, handle), { code: 'MR3008', message: /missing/ });
});

t.test('a length that does not fit allocates nothing', async (t) => {
  const store = new MemoryObjectStore();
  const header = [0x4d, 0x52, 0x53, 0x46, 1, 0, 0, 0];
  const bytes = new Uint8Array([...header, 0xff, 0xff, 0xff, 0x7f, ...new Array<number>(28).fill(0)]);
  await store.createIfAbsent('data/x', bytes);
  const handle = { key: 'data/x', sizeBytes: bytes.length, entryCount: 0, crc32c: 0 };
  await t.rejects(read(store, handle), { code: 'MR3004', message: /does not fit/ });
  await store.createIfAbsent(
    'data/y',
    bytes.map((byte, i) => (i === 4 ? 2 : byte)),
  );
  await t.rejects(read(store, { ...handle, key: 'data/y' }), { message: /version 2/ });
});

t.test('a failing disk fails the file, and giving up leaves nothing', async (t) => {
  const disk = new SimulatedDisk();
  disk.capacityBytes = 400_000;
  const store = new FileObjectStore(new SimulatedFileSystem(disk), '/c/job', 'w');
  const file = new ObjectSnapshotWriter(store, scope).createFile('base');
  const fill = async () => {
    for (let i = 0; i < 20; i++) await file.append(new Uint8Array(60_000));
  };
  await t.rejects(fill(), { code: 'MR3003' });
  await t.rejects(file.append(new Uint8Array(200_000)), { code: 'MR3003' }, 'and goes on failing');
  await file.abandon();
  await file.abandon();
  t.equal(disk.files().size, 0);
});

t.test('a file is given up at any point without a trace, and never half there', async (t) => {
  for (let blocks = 0; blocks < 6; blocks++) {
    const { disk, store } = onDisk();
    const file = new ObjectSnapshotWriter(store, scope).createFile('base');
    for (let i = 0; i < blocks; i++) await file.append(new Uint8Array(70_000));
    if (blocks === 5) await file.finish(1);
    await file.abandon();
    t.equal(disk.files().size, 0, `after ${blocks} blocks`);
  }
});

t.test('whatever fails, a handle is given for whole files only', async (t) => {
  let handles = 0;
  for (let seed = 0; seed < 150; seed++) {
    const prng = new Prng(seed);
    const disk = new SimulatedDisk();
    const rates = { fail: 0.03, failAfter: 0.03, full: 0.05, slow: 0.2 };
    const faults = new RandomDiskFaults(prng.fork(), rates);
    const store = new FileObjectStore(new SimulatedFileSystem(disk, { faults }), '/c/job', 'w');
    const file = new ObjectSnapshotWriter(store, scope).createFile('base');
    try {
      for (let i = 0; i < 4; i++) await file.append(new Uint8Array(prng.below(100_000)));
      const handle = await file.finish(4);
      handles++;
      const healthy = new FileObjectStore(new SimulatedFileSystem(disk.crash(prng)), '/c/job', 'w');
      t.equal((await read(healthy, handle)).length, 4);
    } catch {
      await file.abandon();
    }
  }
  t.ok(handles > 20 && handles < 140, `${handles} of 150 were written`);
});

t.test('memory stays bounded however much is written and read', async (t) => {
  let most = 0;
  let under = 0;
  const counting: ObjectStore = Object.assign(new MemoryObjectStore(), {
    put: async (_key: string, content: AsyncIterable<Uint8Array>) => {
      let total = 0;
      for await (const chunk of content) {
        under = chunk.length;
        most = Math.max(most, under);
        total += chunk.length;
      }
      return total;
    },
  });
  const file = new ObjectSnapshotWriter(counting, scope).createFile('base');
  const block = new Uint8Array(1000);
  for (let i = 0; i < 20_000; i++) await file.append(block);
  const { sizeBytes } = await file.finish(20_000);
  t.equal(sizeBytes, 8 + 20_000 * 1008 + 28);
  t.ok(most <= 256 * 1024, `${most} bytes at once`);
});
