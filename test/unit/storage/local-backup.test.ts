import t from 'tap';
import type { StateFileHandle } from '../../../core/internal.js';
import {
  FileObjectStore,
  LocalBackupStore,
  MemoryObjectStore,
  ObjectSnapshotWriter,
  ObjectStateFileReader,
  type ObjectStore,
} from '../../../storage/index.js';
import { SimulatedDisk } from '../../simulation/simulated-disk.js';
import { SimulatedFileSystem } from '../../simulation/simulated-file-system.js';

const BLOCKS = [1, 2, 3].map((n) => new Uint8Array(200_000).fill(n));

/** Counts what is asked of it. */
class CountingStore extends MemoryObjectStore {
  readonly asked: string[] = [];

  override get(...args: Parameters<MemoryObjectStore['get']>): AsyncIterable<Uint8Array> {
    this.asked.push('get');
    return super.get(...args);
  }

  override head(key: string): ReturnType<MemoryObjectStore['head']> {
    this.asked.push('head');
    return super.head(key);
  }
}

function place() {
  const disk = new SimulatedDisk();
  const local = new FileObjectStore(new SimulatedFileSystem(disk), '/local', 'w');
  const far = new CountingStore(1 << 30);
  return { disk, local, far, store: new LocalBackupStore(far, local) };
}

async function write(store: ObjectStore): Promise<StateFileHandle> {
  const file = new ObjectSnapshotWriter(store, {
    checkpointId: 1,
    epoch: 1,
    attempt: 1,
    owner: 'o-0',
  }).createFile('b');
  for (const block of BLOCKS) await file.append(block);
  return file.finish(3);
}

async function assertReads(t: Tap, reader: ObjectStateFileReader, handle: StateFileHandle): Promise<void> {
  const blocks: Uint8Array[] = [];
  for await (const block of reader.read(handle)) blocks.push(block.slice());
  t.ok(
    blocks.length === BLOCKS.length &&
      blocks.every((block, i) => Buffer.from(block).equals(BLOCKS[i] ?? block)),
    'each block once, as it was written',
  );
}

type Tap = { ok(value: unknown, message: string): unknown };

t.test('what this process wrote is read here, and nothing is asked of the store', async (t) => {
  const { local, far, store } = place();
  const handle = await write(store);
  await assertReads(t, new ObjectStateFileReader(store, local), handle);
  t.same(far.asked, []);
  await assertReads(t, new ObjectStateFileReader(store), handle);
  t.same(far.asked, ['head', 'get'], 'the store has it too');
});

t.test('a copy that is damaged, cut short or gone is made up for by the store', async (t) => {
  for (const damage of ['changed', 'short', 'gone'] as const) {
    const { disk, local, far, store } = place();
    const handle = await write(store);
    const inode = disk.find(`/local/${handle.key}`);
    if (inode === undefined) throw new Error('there is a copy');
    // In the second block, when the first has been handed out.
    if (damage === 'changed') inode.bytes[300_000] = 99;
    else if (damage === 'short') inode.length -= 1;
    else await local.delete([handle.key]);
    await assertReads(t, new ObjectStateFileReader(store, local), handle);
    t.same(far.asked, ['head', 'get'], damage);
  }
});

t.test('copies go with their files, and one that finds no room fails nothing', async (t) => {
  const { disk, local, far, store } = place();
  const handle = await write(store);
  await store.delete([handle.key]);
  t.equal(await local.head(handle.key), undefined);
  t.equal(await far.head(handle.key), undefined);
  disk.capacityBytes = 250_000;
  await assertReads(t, new ObjectStateFileReader(store, local), await write(store));
  t.equal(await local.head(handle.key), undefined, 'half a copy is none');
});

t.test('what the store refuses leaves no copy', async (t) => {
  const { local } = place();
  const store = new LocalBackupStore(new MemoryObjectStore(100_000), local);
  await t.rejects(write(store), { code: 'MR3003' });
  t.same(await local.list(''), []);
});
