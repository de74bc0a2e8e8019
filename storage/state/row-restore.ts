import {
  type KeyedStateRequest,
  MillraceError,
  TIMER_PREFIX_BYTES,
  TIMER_TABLE_PREFIX,
} from '../../core/internal.js';
import { corruptFile } from '../checkpoint/field-reader.js';
import { ROW_FILE_FORMAT, type RowFileTable } from './row-file-layout.js';
import { type FileRow, RowFileReader } from './row-file-reader.js';

/** Takes the rows of one table, in the order of the files: a later one replaces an earlier one. */
export type RowTaker = (row: FileRow) => void;

/**
 * Reads all rows of the request's own key groups, base first.
 *
 * @throws MillraceError MR2102 if key groups are missing, MR3004 for what cannot be read
 */
export async function restoreRows(
  request: KeyedStateRequest,
  takerOf: (table: RowFileTable) => RowTaker,
): Promise<void> {
  const handle = request.restore;
  if (handle === undefined) return;
  const { start, end } = request.keyGroups;
  if (handle.format < 1 || handle.format > ROW_FILE_FORMAT) {
    throw new MillraceError('MR3004', `Keyed state has the unknown format ${handle.format}.`, {
      where: { uid: request.operatorUid, subtask: request.subtaskIndex },
      hint: 'It was written by a newer version; restore with that version.',
    });
  }
  if (handle.keyGroupStart > start || handle.keyGroupEnd < end) {
    throw new MillraceError('MR2102', `The checkpoint holds other key groups than this subtask owns.`, {
      where: { uid: request.operatorUid, subtask: request.subtaskIndex },
      why: `It holds ${handle.keyGroupStart} to ${handle.keyGroupEnd}, and ${start} to ${end} are needed.`,
      hint: 'This is a defect of the engine: state is dealt out by key groups. Please report it.',
    });
  }
  for (const file of handle.files) {
    const first = Math.max(start, file.keyGroups?.start ?? start);
    const last = Math.min(end, file.keyGroups?.end ?? end);
    let takers: RowTaker[] = [];
    let areTimers: boolean[] = [];
    const reader = new RowFileReader(file.key, {
      tables: (tables) => {
        takers = tables.map(takerOf);
        areTimers = tables.map(({ name }) => name.startsWith(TIMER_TABLE_PREFIX));
      },
      row: (row) => {
        // Earlier versions did not scan timers by their time.
        if (areTimers[row.table]) {
          if (row.keyLength < TIMER_PREFIX_BYTES) throw corruptFile(file.key, 'a timer has no time');
          row.prefixLength = TIMER_PREFIX_BYTES;
        }
        if (row.keyGroup >= first && row.keyGroup <= last) takers[row.table]?.(row);
      },
    });
    for await (const piece of request.reader.read(file)) reader.push(piece);
    reader.end(file.entryCount);
  }
}
