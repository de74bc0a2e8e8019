import {
  checkOptionNames,
  type MalformedInputOptions,
  MillraceError,
  validateMalformedInputOptions,
} from '../../core/internal.js';

/** What all file sources take. */
export interface FileSourceOptions extends MalformedInputOptions {
  /** Whether folders are read with all folders below them. Default false. */
  readonly recursive?: boolean;
}

/** What file sources of lines take. */
export interface LineSourceOptions extends FileSourceOptions {
  /**
   * A longer record is malformed, so that a file without line ends cannot fill the memory. Default 64 MiB.
   */
  readonly maxRecordBytes?: number;
}

/** What `FileSource.csv` takes. */
export interface CsvSourceOptions extends LineSourceOptions {
  /** Whether the first record of each file names the columns. Default true. */
  readonly header?: boolean;
  /** Names of the columns where there is no header. Default: the fields of the type, in their order. */
  readonly columns?: readonly string[];
  /** What separates fields: one ASCII character. Default `,`. */
  readonly delimiter?: string;
  /**
   * What encloses a field that holds delimiters, quotes (doubled) or line ends: one ASCII character. Default
   * `"`.
   */
  readonly quote?: string;
}

export const FILE_SOURCE_OPTIONS: readonly string[] = ['onError', 'malformed', 'recursive'];
export const LINE_SOURCE_OPTIONS: readonly string[] = [...FILE_SOURCE_OPTIONS, 'maxRecordBytes'];
export const CSV_SOURCE_OPTIONS: readonly string[] = [
  ...LINE_SOURCE_OPTIONS,
  'header',
  'columns',
  'delimiter',
  'quote',
];

const DEFAULT_MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * The options that all formats of text have.
 *
 * @throws MillraceError MR1001 if one is unknown or makes no sense
 */
export function resolveLineOptions(
  options: LineSourceOptions,
  known: readonly string[],
  what: string,
): { readonly maxRecordBytes: number } {
  checkOptionNames(options, known, what);
  validateMalformedInputOptions(options, what);
  const maxRecordBytes = options.maxRecordBytes ?? DEFAULT_MAX_LINE_BYTES;
  if (!Number.isSafeInteger(maxRecordBytes) || maxRecordBytes < 1) {
    throw new MillraceError('MR1001', `The option maxRecordBytes of ${what} is ${String(maxRecordBytes)}.`, {
      hint: 'Give a whole number of bytes, at least 1.',
    });
  }
  return { maxRecordBytes };
}
