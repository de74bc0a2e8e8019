import {
  MillraceError,
  type SourceReaderContext,
  type SplitReader,
  type TypeDescriptor,
} from '../../core/internal.js';
import { csvColumnsOf } from './csv-conversion.js';
import { type CsvDialect, CsvScanner, type CsvShape, singleCharacter } from './csv-scanner.js';
import type { FileFormat } from './file-format.js';
import { CSV_SOURCE_OPTIONS, type CsvSourceOptions, resolveLineOptions } from './file-source-options.js';
import type { FileSplit } from './file-split.js';
import { MalformedInput } from './malformed-input.js';
import { readAhead } from './read-ahead.js';
import { RecordReader } from './record-reader.js';

/** CSV files whose records are objects of a declared type. */
export class CsvFormat<T> implements FileFormat<T> {
  readonly #options: CsvSourceOptions;
  readonly #dialect: CsvDialect;
  readonly #shape: CsvShape;
  /** The columns of every file, or undefined if each has a header. */
  readonly #columns: readonly string[] | undefined;
  readonly #maxRecordBytes: number;

  constructor(type: TypeDescriptor<T>, options: CsvSourceOptions) {
    this.#maxRecordBytes = resolveLineOptions(options, CSV_SOURCE_OPTIONS, 'FileSource.csv').maxRecordBytes;
    this.#options = options;
    this.#dialect = {
      delimiter: singleCharacter(options.delimiter ?? ',', 'delimiter'),
      quote: singleCharacter(options.quote ?? '"', 'quote'),
    };
    if (this.#dialect.delimiter === this.#dialect.quote) {
      throw new MillraceError('MR1001', 'The delimiter and the quote of FileSource.csv are the same.');
    }
    const columns = csvColumnsOf(type);
    this.#shape = { columns, strict: type.kind === 'object' && type.strict };
    this.#columns = fixedColumns(
      options,
      columns.map(({ name }) => name),
    );
  }

  open(split: FileSplit, context: SourceReaderContext): SplitReader<T, FileSplit> {
    const input = readAhead(context.fileSystem, split.path, split.position, split.end);
    const scanner = new CsvScanner<T>(this.#dialect, this.#shape, split.columns ?? this.#columns);
    const malformed = new MalformedInput(this.#options, context);
    return new RecordReader(split, input, scanner, malformed, this.#maxRecordBytes);
  }
}

/** The names of the columns where files have no header. */
function fixedColumns(options: CsvSourceOptions, fields: readonly string[]): readonly string[] | undefined {
  const { columns } = options;
  const header = options.header ?? true;
  if (header && columns !== undefined) {
    throw new MillraceError(
      'MR1001',
      'FileSource.csv has names of columns, and a header that names them too.',
      {
        hint: 'Leave `columns` out, or set `header: false` if the first record is data.',
      },
    );
  }
  if (header) return undefined;
  if (columns === undefined) return fields;
  const missing = fields.find((name) => !columns.includes(name));
  if (missing !== undefined) {
    throw new MillraceError(
      'MR1001',
      `The columns of FileSource.csv have no '${missing}', which the type names.`,
    );
  }
  return columns;
}
