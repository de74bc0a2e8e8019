import {
  isMillraceError,
  MillraceError,
  type SnapshotFile,
  type SnapshotWriter,
  type StateFileHandle,
} from '../../core/internal.js';
import type { ExpiredRows } from './expired-rows.js';
import { RowBlockWriter, rowFilePreamble, rowsOfBlock } from './row-block-writer.js';
import { BLOCK_BYTES, type RowFileTable } from './row-file-layout.js';

/** Most files are of few rows, and there are some for each snapshot of a task. */
const FIRST_BLOCK_BYTES = 4 * 1024;

/**
 * Writes one file of rows, block by block. A file without rows is never made.
 *
 * Order: rows go into `block`; `flush` whenever it is full; `finish` once, or `abandon`.
 */
export class RowFileWriter {
  readonly block = new RowBlockWriter(BLOCK_BYTES, FIRST_BLOCK_BYTES);
  readonly #writer: SnapshotWriter;
  readonly #purpose: string;
  readonly #tables: readonly RowFileTable[];
  readonly #expired: ExpiredRows | undefined;
  #file: SnapshotFile | undefined = undefined;
  #rows = 0;

  /** `expired`: takes out what is not to be written. */
  constructor(
    writer: SnapshotWriter,
    purpose: string,
    tables: readonly RowFileTable[],
    expired: ExpiredRows | undefined,
  ) {
    this.#writer = writer;
    this.#purpose = purpose;
    this.#tables = tables;
    this.#expired = expired;
  }

  /** Hands the block on, if it has rows; the next rows go into a new one once this resolves. */
  async flush(): Promise<void> {
    if (!this.block.isEmpty) await this.#write(this.block.take());
  }

  /** Appends a finished block, after the rows so far. */
  async append(block: Uint8Array): Promise<void> {
    await this.flush();
    await this.#write(block);
  }

  /** Makes the file durable; undefined if there were no rows. */
  async finish(): Promise<StateFileHandle | undefined> {
    await this.flush();
    return this.#file?.finish(this.#rows);
  }

  async #write(block: Uint8Array): Promise<void> {
    const written = this.#expired?.removeFrom(block) ?? block;
    const rows = rowsOfBlock(written);
    if (rows === 0) return;
    const file = await this.#opened();
    await file.append(written);
    this.#rows += rows;
  }

  async #opened(): Promise<SnapshotFile> {
    if (this.#file !== undefined) return this.#file;
    this.#file = this.#writer.createFile(this.#purpose);
    await this.#file.append(rowFilePreamble(this.#tables));
    return this.#file;
  }

  /** Never rejects. */
  async abandon(): Promise<void> {
    await this.#file?.abandon();
  }
}

/** What a snapshot rejects with. */
export function snapshotError(error: unknown, checkpointId: number): MillraceError {
  if (isMillraceError(error)) return error;
  return new MillraceError('MR3007', `The keyed state of checkpoint ${checkpointId} could not be written.`, {
    cause: error,
  });
}
