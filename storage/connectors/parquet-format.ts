import {
  checkOptionNames,
  InputStatus,
  MillraceError,
  type ObjectNode,
  type ReaderOutput,
  type SourceReaderContext,
  type SplitReader,
  type TypeDescriptor,
  type TypeNode,
  validateMalformedInputOptions,
} from '../../core/internal.js';
import type { FileFormat } from './file-format.js';
import { FILE_SOURCE_OPTIONS, type FileSourceOptions } from './file-source-options.js';
import type { FileSplit } from './file-split.js';
import { MalformedInput } from './malformed-input.js';
import { convertParquetValue } from './parquet-conversion.js';
import { type ParquetColumn, type ParquetPiece, ParquetPieces } from './parquet-file.js';
import { Prefetch } from './prefetch.js';

const PIECES_AHEAD = 1;

/** Parquet files whose rows are objects of a declared type; its fields are the columns that are read. */
export class ParquetFormat<T> implements FileFormat<T> {
  readonly #type: ObjectNode;
  readonly #columns: readonly ParquetColumn[];
  readonly #options: FileSourceOptions;

  constructor(type: TypeDescriptor<T>, options: FileSourceOptions) {
    const node: TypeNode = type;
    if (node?.kind !== 'object') {
      throw new MillraceError('MR1001', 'A Parquet source needs the type of its records: an object.', {
        hint: "FileSource.parquet('flights.parquet', types.object({ date: types.timestamp, delay: types.int32 }))",
      });
    }
    checkOptionNames(options, FILE_SOURCE_OPTIONS, 'FileSource.parquet');
    validateMalformedInputOptions(options, 'FileSource.parquet');
    this.#type = node;
    this.#options = options;
    this.#columns = node.fields.map((field) => columnOf(field.name, field.type));
  }

  open(split: FileSplit, context: SourceReaderContext): SplitReader<T, FileSplit> {
    const pieces = new ParquetPieces(context.fileSystem, {
      path: split.path,
      sizeBytes: split.end,
      columns: this.#columns,
      strict: this.#type.strict,
      fromRow: split.position,
    });
    const input = new Prefetch(pieces, PIECES_AHEAD);
    return new ParquetReader(split, input, this.#type, new MalformedInput(this.#options, context));
  }
}

function columnOf(name: string, type: TypeNode): ParquetColumn {
  const optional = type.kind === 'optional';
  const value = optional ? type.element : type;
  if (value.kind === 'union' || value.kind === 'void') {
    throw new MillraceError(
      'MR1001',
      `The field '${name}' is of the kind ${value.kind}, which Parquet does not have.`,
      {
        hint: 'Declare what the column holds, and convert it in a map function.',
      },
    );
  }
  return { name, binary: value.kind === 'bytes', optional };
}

/**
 * Emits the rows of a file one by one; the position is the index of the row.
 *
 * Invariants: `position` is the row after the last one that was emitted or passed as malformed; while a piece
 * is being read it lies within the piece.
 *
 * Hot path: bench "parquet".
 */
class ParquetReader<T> implements SplitReader<T, FileSplit> {
  readonly #split: FileSplit;
  readonly #input: Prefetch<ParquetPiece>;
  readonly #type: ObjectNode;
  readonly #malformed: MalformedInput;
  #piece: ParquetPiece | undefined;
  #position: number;
  #converting: boolean;

  constructor(split: FileSplit, input: Prefetch<ParquetPiece>, type: ObjectNode, malformed: MalformedInput) {
    this.#split = split;
    this.#input = input;
    this.#type = type;
    this.#malformed = malformed;
    this.#piece = undefined;
    this.#position = split.position;
    this.#converting = false;
  }

  poll(output: ReaderOutput<T>): InputStatus {
    for (;;) {
      if (this.#piece !== undefined) this.#emitPiece(this.#piece, output);
      if (output.remaining <= 0) return InputStatus.MORE_AVAILABLE;
      this.#piece = this.#input.take();
      if (this.#piece === undefined) {
        return this.#input.ended ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
      }
    }
  }

  isAvailable(): Promise<void> {
    return this.#input.isAvailable();
  }

  snapshot(): FileSplit {
    return { ...this.#split, position: this.#position, line: this.#position };
  }

  close(): Promise<void> {
    return this.#input.close();
  }

  #emitPiece(piece: ParquetPiece, output: ReaderOutput<T>): void {
    const end = piece.start + piece.count;
    while (this.#position < end && output.remaining > 0) {
      try {
        this.#emitRows(piece, end, output);
      } catch (error) {
        if (!this.#converting) throw error;
        this.#converting = false;
        this.#rejectRow(piece, error, output);
      }
    }
  }

  #emitRows(piece: ParquetPiece, end: number, output: ReaderOutput<T>): void {
    const fields = this.#type.fields;
    const columns = piece.columns;
    let row = this.#position - piece.start;
    const rows = end - piece.start;
    while (row < rows && output.remaining > 0) {
      const record: Record<string, unknown> = {};
      this.#converting = true;
      for (let i = 0; i < fields.length; i++) {
        const field = fields[i];
        if (field === undefined) break;
        record[field.name] = convertParquetValue(field.type, columns[i]?.[row], field.name);
      }
      this.#converting = false;
      row++;
      this.#position++;
      output.collect(record as T);
    }
  }

  #rejectRow(piece: ParquetPiece, error: unknown, output: ReaderOutput<T>): void {
    const row = this.#position;
    const values = piece.columns.map((column, i) => {
      const value = column?.[row - piece.start];
      const shown = value instanceof Uint8Array ? `${value.length} bytes` : String(value);
      return `${this.#type.fields[i]?.name}=${shown}`;
    });
    this.#position++;
    const place = { file: this.#split.path, offset: row, line: row + 1 };
    this.#malformed.handle(place, values.join(', '), error, output);
  }
}
