import { types } from '../../core/internal.js';

/**
 * A file to be read, and how far it has been read. Plain data: it goes into checkpoints.
 * `end` is fixed when the file is found, so that a file that grows later is read to the same place always.
 */
export interface FileSplit {
  readonly path: string;
  /** Size of the file when it was found, bytes. */
  readonly end: number;
  /** Where the next record begins: bytes from the start of the file; for Parquet the index of its row. */
  readonly position: number;
  /** Lines before `position`: for messages. */
  readonly line: number;
  /** Names of the columns, once they have been read from the head of a CSV file. */
  readonly columns?: readonly string[] | undefined;
}

/** What a file source's enumerator keeps: the splits no reader has, once the files have been listed. */
export interface FileEnumeratorState {
  readonly listed: boolean;
  readonly splits: readonly FileSplit[];
}

/** {@link FileSplit} in checkpoints. */
export const FILE_SPLIT = types.object({
  path: types.string,
  end: types.float64,
  position: types.float64,
  line: types.float64,
  columns: types.optional(types.array(types.string)),
});

/** {@link FileEnumeratorState} in checkpoints. */
export const FILE_ENUMERATOR_STATE = types.object({ listed: types.boolean, splits: types.array(FILE_SPLIT) });
