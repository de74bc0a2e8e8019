import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { MillraceError } from '../../../core/base/millrace-error.js';
import { StateRow } from '../../../core/state/state-row.js';
import { ChunkArena } from '../../../storage/state/chunk-arena.js';
import { STAMP_MAX } from '../../../storage/state/inline-layout.js';
import { InlineSnapshot } from '../../../storage/state/inline-snapshot.js';
import { InlineTable } from '../../../storage/state/inline-table.js';
import { RowBlockWriter, rowsOfBlock } from '../../../storage/state/row-block-writer.js';
import { SavedBlocks } from '../../../storage/state/saved-blocks.js';
import { SpillFiles } from '../../../storage/state/spill-files.js';

const ARENA_BYTES = 4 * 1024 * 1024;

/** All in memory. */
const SAVED = new SavedBlocks(new SpillFiles('/nowhere'), {
  ownBytes: Number.POSITIVE_INFINITY,
  freeBytes: () => 0,
  onSpilled: () => {},
});

function tableOfInts(): InlineTable {
  const host = {
    makeRoom: () => true,
    evacuate: () => {
      throw new Error('no region is given up here');
    },
  };
  const first = new StateRow();
  first.setInt(0, 0);
  return new InlineTable(0, new ChunkArena(ARENA_BYTES), { first, valueBytes: 4 }, 1, host);
}

function put(table: InlineTable, from: number, to: number, value: number): void {
  const row = new StateRow();
  for (let key = from; key < to; key++) {
    row.setInt(key & 127, key);
    table.putInt32(row, value);
  }
}

/** Of rows that are saved: memory that is full otherwise. */
const ROOM = { ownBytes: 100_000, freeBytes: () => 0, onSpilled: () => {} };

function rowsOf(snapshot: InlineSnapshot): number {
  const block = new RowBlockWriter(Number.POSITIVE_INFINITY);
  snapshot.read(block);
  let rows = rowsOfBlock(block.take());
  for (let saved = snapshot.takeSaved(); saved !== undefined; saved = snapshot.takeSaved())
    rows += rowsOfBlock(saved);
  snapshot.end();
  return rows;
}

t.test('a slot of an integer by an integer is a quarter of a cache line, and none lies across two', (t) => {
  const table = tableOfInts();
  t.equal(table.slotWords, 4);
  for (const chunk of table.regions()) t.equal(table.slotsOf(chunk) % 16, 0);
  t.end();
});

t.test(
  'what is saved before it changes lies on the disk beyond its part of memory, and is there once',
  (t) => {
    const folder = join(mkdtempSync(join(tmpdir(), 'millrace-saved-')), 'state');
    t.teardown(() => rmSync(dirname(folder), { recursive: true, force: true }));
    const spills = new SpillFiles(folder);
    const saved = new SavedBlocks(spills, ROOM);
    const table = tableOfInts();
    put(table, 0, 50_000, 1);
    table.advance(2);
    const snapshot = new InlineSnapshot(table, 0, 1, saved);
    const givenUp = new InlineSnapshot(table, -1, 1, saved);
    put(table, 0, 50_000, 2);
    t.ok(saved.heldBytes > 0 && saved.heldBytes <= 100_000, `${saved.heldBytes} bytes in memory`);
    t.ok(spills.bytes > 900_000, `${spills.bytes} bytes on the disk`);
    givenUp.end();
    t.equal(rowsOf(snapshot), 50_000);
    t.equal(saved.heldBytes, 0);
    t.ok(spills.bytes === 0, 'nothing is left');
    spills.close();
    spills.removeFolder();
    t.same(readdirSync(dirname(folder)), []);
    t.end();
  },
);

t.test('what is saved takes half of what is free, and gives that back', (t) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'millrace-saved-')), 'state');
  t.teardown(() => rmSync(dirname(folder), { recursive: true, force: true }));
  const spills = new SpillFiles(folder);
  const saved = new SavedBlocks(spills, { ownBytes: 100_000, freeBytes: () => 600_000, onSpilled: () => {} });
  const table = tableOfInts();
  put(table, 0, 50_000, 1);
  table.advance(2);
  const snapshot = new InlineSnapshot(table, 0, 1, saved);
  put(table, 0, 50_000, 2);
  t.ok(saved.borrowedBytes > 200_000 && saved.borrowedBytes <= 300_000, `${saved.borrowedBytes} borrowed`);
  t.equal(saved.borrowedBytes, saved.heldBytes - 100_000);
  const before = spills.bytes;
  saved.giveBack();
  t.equal(saved.borrowedBytes, 0);
  t.ok(saved.heldBytes > 30_000, `${saved.heldBytes} are kept`);
  t.ok(spills.bytes > before + 200_000);
  t.equal(rowsOf(snapshot), 50_000);
  t.equal(saved.heldBytes, 0);
  t.equal(spills.bytes, 0);
  spills.close();
  t.end();
});

t.test('memory that is given back where the disk is full costs the snapshot', (t) => {
  class FullDisk extends SpillFiles {
    override write(): number {
      throw new MillraceError('MR3003', 'The disk is full.');
    }
  }
  const saved = new SavedBlocks(new FullDisk('/nowhere'), {
    ownBytes: 0,
    freeBytes: () => 10_000_000,
    onSpilled: () => {},
  });
  const table = tableOfInts();
  put(table, 0, 50_000, 1);
  table.advance(2);
  const snapshot = new InlineSnapshot(table, 0, 1, saved);
  put(table, 0, 50_000, 2);
  t.ok(saved.borrowedBytes > 400_000);
  saved.giveBack();
  t.equal(saved.heldBytes, 0, 'the record has its memory');
  put(table, 0, 50_000, 3);
  t.throws(() => snapshot.takeSaved(), { code: 'MR3003' });
  t.end();
});

t.test('a snapshot whose saved rows find no room fails, and not the record that changes them', (t) => {
  let left = 1;
  class FullDisk extends SpillFiles {
    override write(): number {
      if (left-- > 0) return 1;
      throw new MillraceError('MR3003', 'The disk is full.');
    }
    override drop(): void {}
  }
  const table = tableOfInts();
  put(table, 0, 50_000, 1);
  table.advance(2);
  const snapshot = new InlineSnapshot(table, 0, 1, new SavedBlocks(new FullDisk('/nowhere'), ROOM));
  put(table, 0, 50_000, 2);
  t.throws(() => snapshot.takeSaved(), { code: 'MR3003' });
  t.throws(() => snapshot.read(new RowBlockWriter(4096)), { code: 'MR3003' });
  t.end();
});

t.test('stamps that run out are counted from a later base, and changes are still told apart', (t) => {
  const table = tableOfInts();
  put(table, 0, 3000, 1);
  table.advance(2);
  put(table, 0, 2000, 2);
  table.stamps.completedGeneration = 1;
  table.advance(3);
  // An increment after generation 1 is under way: what changed in 2 is its part.
  const increment = new InlineSnapshot(table, 1, 2, SAVED);
  put(table, 0, 500, 3);
  table.advance(STAMP_MAX + 1);
  const next = new InlineSnapshot(table, 2, 3, SAVED);
  put(table, 100, 600, 4);
  t.equal(rowsOf(increment), 2000);
  t.equal(rowsOf(next), 500, 'of the 500 rows of generation 3, 400 have changed since');
  t.equal(rowsOf(new InlineSnapshot(table, 3, STAMP_MAX + 1, SAVED)), 500);
  t.equal(rowsOf(new InlineSnapshot(table, -1, STAMP_MAX + 1, SAVED)), 3000, 'a base has every row');
  t.end();
});

t.test('a checkpoint that never completes breaks an invariant before a stamp means two generations', (t) => {
  const table = tableOfInts();
  t.throws(() => table.advance(STAMP_MAX + 2), { code: 'MR9001' });
  t.end();
});

t.test('a snapshot that is read while regions divide has every row of its freeze once', (t) => {
  for (const readBefore of [0, 1, 2, 5]) {
    const table = tableOfInts();
    put(table, 0, 6000, 1);
    table.advance(2);
    const snapshot = new InlineSnapshot(table, 0, 1, SAVED);
    let rows = 0;
    for (let i = 0; i < readBefore; i++) {
      const block = new RowBlockWriter(4096);
      snapshot.read(block);
      rows += rowsOfBlock(block.take());
    }
    const before = table.directory.regionCount;
    put(table, 3000, 30_000, 2);
    t.ok(table.directory.regionCount > 2 * before);
    t.equal(table.directory.regionCount, table.regions().length);
    const later = new InlineSnapshot(table, -1, 1, SAVED);
    t.equal(rowsOf(later), 0, 'regions that were laid out after a freeze are not read for it');
    t.equal(rows + rowsOf(snapshot), 6000);
  }
  t.end();
});
