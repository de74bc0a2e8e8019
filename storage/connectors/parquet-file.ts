import type { AsyncBuffer, DecodedArray, FileMetaData, ParquetScan } from 'hyparquet';
import { type FileSystem, isMillraceError, MillraceError, type ReadableFile } from '../../core/internal.js';
import { PARQUET_PARSERS } from './parquet-conversion.js';
import { type CheckedPart, checkedParts, checkFooter, checkMetadata } from './parquet-structure.js';
import type { Prefetched, PrefetchSource } from './prefetch.js';
import { closeReadable, openAtLeast, unreadable } from './read-ahead.js';

/** So much of a row group is decoded at a time; a group with more is read in pieces. */
const PIECE_BYTES = 64 * 1024 * 1024;
const PIECE_VALUES = 4 * 1024 * 1024;

/** A column to be read. */
export interface ParquetColumn {
  readonly name: string;
  /** Its bytes are wanted as they are, and not as text. */
  readonly binary: boolean;
  /** It may be missing from a file: then it is undefined in every row. */
  readonly optional: boolean;
}

/**
 * Rows [start, start + count) of a file; columns in the order that was asked for, undefined where missing.
 */
export interface ParquetPiece {
  readonly start: number;
  readonly count: number;
  readonly columns: readonly (ArrayLike<unknown> | undefined)[];
}

interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** One file being read: opened by the first `next`. */
export interface ParquetRequest {
  readonly path: string;
  readonly sizeBytes: number;
  readonly columns: readonly ParquetColumn[];
  /** Columns that are not asked for are refused. */
  readonly strict: boolean;
  /** First row to be read. */
  readonly fromRow: number;
}

/**
 * The rows of a Parquet file in pieces: a row group each, or parts of one that is large. hyparquet and its
 * decompressors are loaded when the first file is opened: jobs without Parquet do not pay for them.
 */
export class ParquetPieces implements PrefetchSource<ParquetPiece> {
  readonly #fileSystem: FileSystem;
  readonly #request: ParquetRequest;
  #file: ReadableFile | undefined;
  /** Of text and of binary columns: hyparquet decodes all byte arrays of a scan as text, or none. */
  #scans: { readonly text: ParquetScan; readonly binary: ParquetScan | undefined } | undefined;
  #present: ReadonlySet<string>;
  #ranges: readonly RowRange[];
  #nextRange: number;

  constructor(fileSystem: FileSystem, request: ParquetRequest) {
    this.#fileSystem = fileSystem;
    this.#request = request;
    this.#file = undefined;
    this.#scans = undefined;
    this.#present = new Set();
    this.#ranges = [];
    this.#nextRange = 0;
  }

  async next(): Promise<Prefetched<ParquetPiece>> {
    const { path } = this.#request;
    try {
      if (this.#scans === undefined) await this.#open();
      const range = this.#ranges[this.#nextRange++];
      if (range === undefined) return { item: undefined, last: true };
      return { item: await this.#read(range), last: this.#nextRange >= this.#ranges.length };
    } catch (error) {
      throw isMillraceError(error) ? unreadable(path, error) : noParquet(path, error);
    }
  }

  close(): Promise<void> {
    return closeReadable(this.#file);
  }

  async #open(): Promise<void> {
    const { path, sizeBytes, columns, fromRow } = this.#request;
    const [{ parquetMetadataAsync, parquetScan }, { compressors }] = await Promise.all([
      import('hyparquet'),
      import('hyparquet-compressors'),
    ]);
    const file = await openAtLeast(this.#fileSystem, path, sizeBytes);
    this.#file = file;
    if (sizeBytes < 12) throw new Error('The file is too short.');
    let parts: readonly CheckedPart[] = [];
    const buffer = bufferOf(file, path, sizeBytes, () => parts);
    await checkFooter(buffer);
    const metadata = await parquetMetadataAsync(buffer, { geoparquet: false });
    checkMetadata(metadata, sizeBytes);
    this.#present = this.#checkColumns(metadata);
    parts = checkedParts(metadata);
    const scan = (binary: boolean) =>
      parquetScan({
        file: buffer,
        metadata,
        compressors,
        parsers: PARQUET_PARSERS,
        geoparquet: false,
        utf8: !binary,
        columns: columns.filter((c) => c.binary === binary && this.#present.has(c.name)).map((c) => c.name),
      });
    const hasBinary = columns.some((column) => column.binary);
    this.#scans = { text: await scan(false), binary: hasBinary ? await scan(true) : undefined };
    this.#ranges = pieceRanges(metadata, this.#present, fromRow);
  }

  /** Names of the columns that are asked for and there. */
  #checkColumns(metadata: FileMetaData): ReadonlySet<string> {
    const { path, columns, strict } = this.#request;
    const there = topLevelColumns(metadata);
    const missing = columns.find((column) => !column.optional && !there.includes(column.name));
    if (missing !== undefined) {
      throw unfit(path, `There is no column '${missing.name}' among ${there.join(', ')}.`);
    }
    const unknown = there.find((name) => !columns.some((column) => column.name === name));
    if (strict && unknown !== undefined) {
      throw unfit(path, `There is a column '${unknown}', and the type is strict and does not name it.`);
    }
    return new Set(columns.filter((column) => there.includes(column.name)).map((column) => column.name));
  }

  async #read(range: RowRange): Promise<ParquetPiece> {
    const columns: (DecodedArray | undefined)[] = [];
    // One after another, so that the thread is free between two columns.
    for (const { name, binary } of this.#request.columns) {
      const scan = binary ? this.#scans?.binary : this.#scans?.text;
      const data = this.#present.has(name)
        ? await scan?.readColumn({ column: name, rowStart: range.start, rowEnd: range.end })
        : undefined;
      const rows = range.end - range.start;
      if (data !== undefined && data.length !== rows)
        throw new Error(`Of ${rows} rows the column '${name}' has ${data.length}.`);
      columns.push(data);
    }
    return { start: range.start, count: range.end - range.start, columns };
  }
}

function topLevelColumns(metadata: FileMetaData): string[] {
  const names: string[] = [];
  let i = 1;
  for (let left = metadata.schema[0]?.num_children ?? 0; left > 0; left--) {
    names.push(metadata.schema[i]?.name ?? '');
    i = afterSubtree(metadata, i);
  }
  return names;
}

function afterSubtree(metadata: FileMetaData, index: number): number {
  let next = index + 1;
  for (let left = metadata.schema[index]?.num_children ?? 0; left > 0; left--)
    next = afterSubtree(metadata, next);
  return next;
}

/** Row groups from `fromRow` on, the large ones in pieces. The same for the same file and row. */
function pieceRanges(metadata: FileMetaData, columns: ReadonlySet<string>, fromRow: number): RowRange[] {
  const ranges: RowRange[] = [];
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const read = group.columns.filter((column) => columns.has(column.meta_data?.path_in_schema[0] ?? ''));
    let bytes = 0;
    for (const column of read) bytes += Number(column.meta_data?.total_uncompressed_size ?? 0);
    const parts = Math.max(1, bytes / PIECE_BYTES, (rows * read.length) / PIECE_VALUES);
    const pieceRows = Math.ceil(rows / Math.ceil(parts));
    const groupEnd = groupStart + rows;
    for (let start = Math.max(groupStart, fromRow); start < groupEnd; start += pieceRows) {
      ranges.push({ start, end: Math.min(groupEnd, start + pieceRows) });
    }
    groupStart = groupEnd;
  }
  return ranges;
}

/** `parts`: what is checked when it is read; none are known before the metadata are. */
function bufferOf(
  file: ReadableFile,
  path: string,
  sizeBytes: number,
  parts: () => readonly CheckedPart[],
): AsyncBuffer {
  return {
    byteLength: sizeBytes,
    slice: async (start, end = sizeBytes) => {
      if (!(start >= 0 && start <= end && end <= sizeBytes))
        throw new Error(`It leads to bytes ${start} to ${end} of ${sizeBytes}.`);
      const bytes = await file.read(start, end - start).catch((error: unknown) => {
        throw unreadable(path, error);
      });
      if (bytes.length !== end - start) throw unfit(path, `It ends within bytes ${start} to ${end}.`);
      for (const part of parts())
        if (part.start >= start && part.end <= end)
          part.check(bytes.subarray(part.start - start, part.end - start));
      const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
      return whole && bytes.buffer instanceof ArrayBuffer ? bytes.buffer : new Uint8Array(bytes).buffer;
    },
  };
}

function noParquet(path: string, error: unknown): MillraceError {
  return unfit(path, error instanceof Error ? error.message : String(error), error);
}

function unfit(path: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError('MR6001', `The Parquet file ${path} could not be read.`, {
    where: { at: path },
    why,
    hint: 'See that it is a whole Parquet file with the columns of the declared type, and no encryption.',
    ...(cause === undefined ? {} : { cause }),
  });
}
