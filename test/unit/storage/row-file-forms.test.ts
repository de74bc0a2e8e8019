import t from 'tap';
import { intKeyWord0, intKeyWord1 } from '../../../core/internal.js';
import {
  KEY_GROUP_SHIFT,
  SLOT_GONE,
  SLOT_STAMP_SHIFT,
  SLOT_USED,
} from '../../../storage/state/inline-layout.js';
import { RowBlockWriter, rowFilePreamble } from '../../../storage/state/row-block-writer.js';
import { RowFileReader } from '../../../storage/state/row-file-reader.js';

/** Slots of integers by integers: [key, value, wanted]. */
function slotsOf(rows: readonly (readonly [key: number, value: number, stamp: number])[]): Int32Array {
  return Int32Array.from(
    rows.flatMap(([key, value, stamp]) => [
      SLOT_USED | (stamp << SLOT_STAMP_SHIFT),
      key,
      5 << KEY_GROUP_SHIFT,
      value,
    ]),
  );
}

function plainRow(block: RowBlockWriter, table: number, key: string, value: string): void {
  block.beginRow(table, 300, key.length, -1);
  block.endRow(Buffer.from(key), 0, key.length, Buffer.from(value), 0, value.length);
}

/** What a file of so many tables and these blocks holds. */
function read(tableCount: number, blocks: readonly Uint8Array[]): string[] {
  const tables = Array.from({ length: tableCount }, (_, i) => ({
    name: `t${i}`,
    ordered: false,
    fixedValueBytes: 0,
  }));
  const rows: string[] = [];
  const reader = new RowFileReader('file', {
    tables: () => {},
    row: ({ table, keyGroup, bytes, keyStart, keyLength, valueStart, valueLength }) => {
      const key = Buffer.from(bytes).toString('hex', keyStart, keyStart + keyLength);
      const value = Buffer.from(bytes).toString('hex', valueStart, valueStart + valueLength);
      rows.push(`${table} ${keyGroup} ${key} ${value}`);
    },
  });
  reader.push(rowFilePreamble(tables));
  for (const block of blocks) reader.push(block);
  reader.end(rows.length);
  return rows;
}

function intRow(table: number, key: number, value: number): string {
  const bytes = Buffer.alloc(10);
  bytes.writeInt32LE(intKeyWord0(key), 0);
  bytes.writeInt16LE(intKeyWord1(key), 4);
  bytes.writeInt32LE(value, 6);
  return `${table} 5 ${bytes.toString('hex', 0, 6)} ${bytes.toString('hex', 6)}`;
}

function hexRow(table: number, key: string, value: string): string {
  return `${table} 300 ${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`;
}

t.test('integers by integers take twelve bytes each, and stand among other rows', async (t) => {
  const block = new RowBlockWriter();
  const slots = slotsOf([
    [7, 70, 2],
    [8, 80, 9],
    [-9, -90, 3],
  ]);
  t.equal(block.addInt32Slots(4, slots, 0, slots.length, 1, 3), slots.length);
  plainRow(block, 2, 'key', 'value');
  block.addInt32Slots(4, slots, 0, 4, 1, 3);
  block.addInt32Slots(5, slots, 0, 4, 1, 3);
  block.addInt32Slots(5, slots, 8, 12, 1, 3);
  const bytes = block.take().slice();
  t.same(read(6, [bytes]), [
    intRow(4, 7, 70),
    intRow(4, -9, -90),
    hexRow(2, 'key', 'value'),
    intRow(4, 7, 70),
    intRow(5, 7, 70),
    intRow(5, -9, -90),
  ]);
  t.equal(bytes.length, 8 + 3 * 4 + 5 * 12 + (1 + 2 + 1 + 1 + 8));
});

t.test('what is declared and has no rows leaves no trace at the end of a block', async (t) => {
  const block = new RowBlockWriter();
  const slots = slotsOf([[7, 70, 9]]);
  plainRow(block, 2, 'key', 'value');
  block.addInt32Slots(4, slots, 0, 4, 1, 3);
  block.addInt32Slots(5, slots, 0, 4, 1, 3);
  const first = block.take().slice();
  block.addInt32Slots(5, slots, 0, 4, 1, 3);
  t.equal(block.isEmpty, true);
  plainRow(block, 3, 'k', 'v');
  t.same(read(6, [first, block.take().slice()]), [hexRow(2, 'key', 'value'), hexRow(3, 'k', 'v')]);
});

t.test('tables of any number have rows', async (t) => {
  const block = new RowBlockWriter();
  const slots = slotsOf([[1, 2, 2]]);
  const numbers = [0, 125, 126, 127, 128, 129, 300];
  for (const table of numbers) {
    plainRow(block, table, 'k', 'v');
    const done = block.addInt32Slots(table, slots, 0, 4, 1, 3);
    t.equal(done, table < 126 ? 4 : 0, `table ${table}`);
  }
  const expected = numbers.flatMap((table) => [
    hexRow(table, 'k', 'v'),
    ...(table < 126 ? [intRow(table, 1, 2)] : []),
  ]);
  t.same(read(301, [block.take().slice()]), expected);
  const none = new RowBlockWriter();
  plainRow(none, 7, 'k', 'v');
  t.throws(() => read(7, [none.take()]), { code: 'MR3004', message: /none of 7/ });
});

t.test('a deleted slot is left to the caller', async (t) => {
  const block = new RowBlockWriter();
  const slots = slotsOf([
    [1, 2, 2],
    [3, 4, 2],
  ]);
  slots[4] = (slots[4] ?? 0) | SLOT_GONE;
  t.equal(block.addInt32Slots(0, slots, 0, 8, 1, 3), 4);
  t.same(read(1, [block.take()]), [intRow(0, 1, 2)]);
});
