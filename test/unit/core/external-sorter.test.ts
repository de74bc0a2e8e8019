import t from 'tap';
import { Prng } from '../../../core/base/prng.js';
import { ExternalSorter } from '../../../core/operator/external-sorter.js';
import { CursorStep, SORT_HEADER_BYTES, type SortCursor } from '../../../core/operator/sort-entry.js';
import { encodeKey } from '../../../core/serde/key-encoding.js';
import { appendTime } from '../../../core/serde/time-layout.js';
import { MemoryFileSystem } from '../storage/memory-file-system.js';

const MANAGED_BYTES = 64 * 1024;

interface Sorting {
  readonly disk: MemoryFileSystem;
  readonly sorter: ExternalSorter;
  /** Most bytes of chunks that were seen at once. */
  peakBytes: number;
  add(order: number, payloadBytes: number): Promise<void>;
}

function start(): Sorting {
  const disk = new MemoryFileSystem();
  const resources = { managedBytes: MANAGED_BYTES, fileSystem: disk, folder: '/scratch/sort' };
  let writing = Promise.resolve();
  const sorter = new ExternalSorter(resources, (begun) => {
    writing = begun;
    writing.catch(() => undefined);
  });
  let added = 0;
  const sorting = {
    disk,
    sorter,
    peakBytes: 0,
    add: async (order: number, payloadBytes: number) => {
      encodeKey(order, sorter.order);
      appendTime(sorter.order, added++);
      sorter.payload.reserve(payloadBytes);
      sorter.payload.bytes.fill(order & 0xff, 0, payloadBytes);
      sorter.payload.position = payloadBytes;
      sorter.add();
      sorting.peakBytes = Math.max(sorting.peakBytes, sorter.chunkBytes);
      if (sorter.isFull) await writing;
    },
  };
  return sorting;
}

/** What the cursor gives: order bytes as hexadecimal digits, and the payload. */
async function readAll(cursor: SortCursor): Promise<{ order: string; payload: Uint8Array }[]> {
  const entries: { order: string; payload: Uint8Array }[] = [];
  for (;;) {
    const step = cursor.advance();
    if (step === CursorStep.END) return entries;
    if (step === CursorStep.MUST_LOAD) {
      await cursor.load();
      continue;
    }
    const from = cursor.at + SORT_HEADER_BYTES;
    const middle = from + cursor.view.getUint32(cursor.at);
    const end = middle + cursor.view.getUint32(cursor.at + 4);
    entries.push({
      order: Buffer.from(cursor.bytes.subarray(from, middle)).toString('hex'),
      payload: cursor.bytes.slice(middle, end),
    });
  }
}

t.test('input of ten times the memory and more comes out sorted, and the memory is kept to', async (t) => {
  const sorting = start();
  const prng = new Prng(18);
  let bytes = 0;
  let count = 0;
  while (bytes < 12 * MANAGED_BYTES) {
    const payload = prng.below(200);
    await sorting.add(prng.below(500), payload);
    bytes += payload + 25;
    count++;
  }
  const entries = await readAll(await sorting.sorter.finish());
  t.equal(entries.length, count);
  const orders = entries.map(({ order }) => order);
  t.strictSame(orders, orders.toSorted(), 'sorted, and those of one key in the order they came');
  t.equal(new Set(orders).size, count, 'each of them once');
  t.ok(sorting.sorter.spilledBytes > 9 * MANAGED_BYTES, 'most of it went through files');
  t.ok(sorting.peakBytes <= (3 * MANAGED_BYTES) / 4, `${sorting.peakBytes} bytes of chunks`);
  await sorting.sorter.close();
  t.strictSame(sorting.disk.paths(), [], 'no file is left');
});

t.test('entries longer than a chunk, and than a page of a file, come whole', async (t) => {
  const sorting = start();
  for (let i = 0; i < 40; i++) await sorting.add(40 - i, i % 4 === 0 ? 20_000 : 3000);
  sorting.disk.readBytes = 700;
  const entries = await readAll(await sorting.sorter.finish());
  t.equal(entries.length, 40);
  for (const [i, { payload }] of entries.entries()) {
    t.equal(payload.length, (40 - (i + 1)) % 4 === 0 ? 20_000 : 3000);
    t.ok(payload.every((byte) => byte === i + 1));
  }
  await sorting.sorter.close();
});

t.test('what fits into memory meets no disk', async (t) => {
  const sorting = start();
  for (const order of [3, -1, 2.5, 2]) await sorting.add(order, 1);
  sorting.disk.failIn(0, new Error('the disk is not to be touched'));
  const entries = await readAll(await sorting.sorter.finish());
  t.strictSame(
    entries.map(({ payload }) => payload[0]),
    [255, 2, 2, 3],
  );
  await sorting.sorter.close();
});

t.test('a full disk is told, and ends the sort', async (t) => {
  const sorting = start();
  sorting.disk.failIn(3, new Error('the disk is full'));
  const fill = async (): Promise<void> => {
    for (let i = 0; i < 3000; i++) await sorting.add(i, 100);
  };
  await t.rejects(fill(), { message: 'the disk is full' });
  await t.rejects(sorting.sorter.finish(), { message: 'the disk is full' });
  await sorting.sorter.close();
});

t.test('nothing at all is sorted too', async (t) => {
  const sorting = start();
  t.strictSame(await readAll(await sorting.sorter.finish()), []);
  await sorting.sorter.close();
});
