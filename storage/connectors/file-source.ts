import { resolve, sep } from 'node:path';
import {
  MillraceError,
  SequentialSourceReader,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SplitEnumerator,
  type SplitEnumeratorContext,
  type TypeDescriptor,
} from '../../core/internal.js';
import { CsvFormat } from './csv-format.js';
import type { FileFormat } from './file-format.js';
import type { CsvSourceOptions, FileSourceOptions, LineSourceOptions } from './file-source-options.js';
import { FILE_ENUMERATOR_STATE, FILE_SPLIT, type FileEnumeratorState, type FileSplit } from './file-split.js';
import { FileSplitEnumerator } from './file-split-enumerator.js';
import { jsonLinesFormat, textLinesFormat } from './line-format.js';
import { ParquetFormat } from './parquet-format.js';

/**
 * Reads files, each once, exactly once: a file, a folder (the files in it), a pattern with `*`, `?`, `**` and
 * `{a,b}`, or a list of these. Relative paths are taken from the working folder of the process that builds
 * the job. Names that begin with `.` or `_` are passed over unless they are spelled out, so the output of
 * {@link FileSink} can be read while it is being written.
 *
 * Files are found when the job starts from the beginning, and handed out in the order of the list and by path
 * within it; a reader reads one file at a time. They must not change while the job reads them: what is
 * appended to a file later is not read, and a file that has become shorter fails the job with MR6003.
 * A path that stands for no file fails the job with MR6002.
 *
 * What cannot be read as a record, or does not have the declared type, is dealt with as the option `onError`
 * says: by default the job fails with MR6001, which names file, line, offset and text.
 *
 * @example
 * ```ts
 * const flight = types.object({ time: types.timestamp, delay: types.int32, origin: types.string });
 * const malformed = new OutputTag<MalformedRecord>('malformed');
 * const source = FileSource.jsonLines('data/*.jsonl', flight, { onError: 'sideOutput', malformed });
 * ```
 */
export class FileSource<T> implements Source<T, FileSplit, FileEnumeratorState> {
  readonly boundedness = 'bounded';
  readonly readersRestartAlone = true;
  readonly outputType?: TypeDescriptor<T>;
  readonly splitType = FILE_SPLIT;
  readonly enumeratorStateType = FILE_ENUMERATOR_STATE;
  readonly #patterns: readonly string[];
  readonly #recursive: boolean;
  readonly #format: FileFormat<T>;

  private constructor(
    path: string | readonly string[],
    format: FileFormat<T>,
    type: TypeDescriptor<T> | undefined,
    options: FileSourceOptions,
  ) {
    this.#patterns = absolutePaths(path);
    this.#recursive = options.recursive ?? false;
    this.#format = format;
    if (type !== undefined) this.outputType = type;
  }

  /**
   * Each line is a record: UTF-8 text without its end (LF or CRLF). Empty lines are records too; a line that
   * is not UTF-8, or longer than `maxRecordBytes`, is malformed.
   *
   * @example
   * ```ts
   * const lines = FileSource.textLines('access.log');
   * ```
   */
  static textLines(path: string | readonly string[], options: LineSourceOptions = {}): FileSource<string> {
    const format = textLinesFormat(options);
    return new FileSource(path, format, format.type, options);
  }

  /**
   * Each line is a JSON value. With a declared type it is checked and converted: timestamps may be ISO 8601
   * texts, fields that are not declared are dropped (refused where the type is `strict`). Empty lines are
   * passed over.
   *
   * @example
   * ```ts
   * const clicks = FileSource.jsonLines('clicks', types.object({ user: types.string, at: types.timestamp }));
   * const anything = FileSource.jsonLines<{ user: string }>('clicks');
   * ```
   */
  static jsonLines<T = unknown>(
    path: string | readonly string[],
    type?: TypeDescriptor<T>,
    options: LineSourceOptions = {},
  ): FileSource<T> {
    return new FileSource(path, jsonLinesFormat(type, options), type, options);
  }

  /**
   * Each record is an object of the declared type, read from CSV as RFC 4180 has it. By default the first
   * record of a file names its columns; those that the type does not name are ignored (refused where it is
   * `strict`). Fields are converted to their types: an empty one is undefined where the type is optional, and
   * malformed where it is not, except as a string. Empty lines are passed over. A header without a column of
   * the type fails the job whatever `onError` says.
   *
   * @example
   * ```ts
   * const strike = types.object({ 'Flight Date': types.timestamp, State: types.optional(types.string) });
   * const strikes = FileSource.csv('birdstrikes.csv', strike);
   * const headless = FileSource.csv('data/*.tsv', strike, { header: false, delimiter: '\t' });
   * ```
   */
  static csv<T>(
    path: string | readonly string[],
    type: TypeDescriptor<T>,
    options: CsvSourceOptions = {},
  ): FileSource<T> {
    return new FileSource(path, new CsvFormat(type, options), type, options);
  }

  /**
   * Each record is a row as an object of the declared type, whose fields are the columns that are read;
   * others are not touched (refused where the type is `strict`). 64-bit integers become numbers where a
   * number is declared; dates and times are milliseconds where a timestamp is declared, what is finer being
   * cut off. A null is undefined where the type is optional, and malformed where it is not. Rows are read by
   * row group, large groups in pieces. A file that is no Parquet, or lacks a column, fails the job whatever
   * `onError` says.
   *
   * @example
   * ```ts
   * const flight = types.object({ date: types.timestamp, delay: types.int32, origin: types.string });
   * const flights = FileSource.parquet('flights-3m.parquet', flight);
   * ```
   */
  static parquet<T>(
    path: string | readonly string[],
    type: TypeDescriptor<T>,
    options: FileSourceOptions = {},
  ): FileSource<T> {
    return new FileSource(path, new ParquetFormat(type, options), type, options);
  }

  createEnumerator(context: SplitEnumeratorContext<FileSplit>): SplitEnumerator<FileEnumeratorState> {
    return this.#enumerator(context, undefined);
  }

  restoreEnumerator(
    context: SplitEnumeratorContext<FileSplit>,
    state: FileEnumeratorState,
  ): SplitEnumerator<FileEnumeratorState> {
    return this.#enumerator(context, state);
  }

  createReader(context: SourceReaderContext): SourceReader<T, FileSplit> {
    return new SequentialSourceReader(
      context,
      (split: FileSplit) => this.#format.open(split, context),
      ({ path }) => path,
    );
  }

  #enumerator(
    context: SplitEnumeratorContext<FileSplit>,
    restored: FileEnumeratorState | undefined,
  ): FileSplitEnumerator {
    return new FileSplitEnumerator(
      context,
      { patterns: this.#patterns, recursive: this.#recursive },
      restored,
    );
  }
}

function absolutePaths(path: string | readonly string[]): readonly string[] {
  const paths = typeof path === 'string' ? [path] : path;
  if (
    !Array.isArray(paths) ||
    paths.length === 0 ||
    paths.some((each) => typeof each !== 'string' || each === '')
  ) {
    throw new MillraceError('MR1001', `A file source got ${JSON.stringify(path)} as its path.`, {
      hint: 'Give the path of a file or a folder, a pattern, or a list of these.',
    });
  }
  return paths.map((each: string) => (sep === '/' ? resolve(each) : resolve(each).replaceAll(sep, '/')));
}
