import { MillraceError } from '../../core/internal.js';
import { type CsvColumn, convertCsvField } from './csv-conversion.js';
import type { FileSplit } from './file-split.js';
import { NO_RECORD, type RecordScanner, UnreadableFile } from './record-reader.js';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

export interface CsvDialect {
  /** Codes of single ASCII characters. */
  readonly delimiter: number;
  readonly quote: number;
}

/** What a record must be to be read. */
export interface CsvShape {
  readonly columns: readonly CsvColumn[];
  /** Columns of the file that the type does not name are refused. */
  readonly strict: boolean;
}

/**
 * Records as RFC 4180 has them: fields with a delimiter between them, LF or CRLF at the end; a field in
 * quotes may hold delimiters, line ends and doubled quotes. Lines without any byte are passed over.
 *
 * Malformed is a quote inside a field that does not begin with one, anything between a closing quote and the
 * next delimiter, and a record with more or fewer fields than there are columns. It ends with its line. A
 * quote that is never closed spoils its line only: reading goes on with the next one.
 *
 * Invariants:
 * - bounds[2i], bounds[2i + 1] are start and end of field i of the record found last, without its quotes;
 *   the end is negated if the field holds doubled quotes;
 * - before the names of the columns are known no record is emitted, and they never change.
 */
export class CsvScanner<T> implements RecordScanner<T> {
  readonly endless = 'A quote is opened and never closed.';
  lines: number;
  readonly #dialect: CsvDialect;
  readonly #shape: CsvShape;
  readonly #quoteText: string;
  /** Names of the file's columns, once known. */
  #names: readonly string[] | undefined;
  /** By column of the type: which field of the record it is, or -1. */
  #fieldOf: readonly number[];
  #bounds: Int32Array;
  #fieldCount: number;
  #problem: string | undefined;

  /** `names`: the file's columns; undefined if its first record, which is next, names them. */
  constructor(dialect: CsvDialect, shape: CsvShape, names: readonly string[] | undefined) {
    this.lines = 1;
    this.#dialect = dialect;
    this.#shape = shape;
    this.#quoteText = String.fromCharCode(dialect.quote);
    this.#names = undefined;
    this.#fieldOf = [];
    this.#bounds = new Int32Array(64);
    this.#fieldCount = 0;
    this.#problem = undefined;
    if (names !== undefined) this.#setNames(names);
  }

  find(block: Buffer, at: number, end: number, last: boolean): number {
    const { delimiter, quote } = this.#dialect;
    this.lines = 1;
    this.#fieldCount = 0;
    this.#problem = undefined;
    let i = at;
    for (;;) {
      if (i < end && block[i] === quote) {
        i = this.#quotedField(block, i, end, last);
        if (i < 0) return -1;
      } else {
        const start = i;
        let byte = -1;
        while (i < end) {
          byte = block[i] ?? -1;
          if (byte === delimiter || byte === LINE_FEED) break;
          if (byte === quote) this.#problem ??= 'A quote stands inside a field that does not begin with one.';
          i++;
        }
        if (i === end && !last) return -1;
        this.#addField(start, byte === LINE_FEED || i === end ? withoutReturn(block, start, i) : i);
      }
      if (i >= end) return end;
      if (block[i] === LINE_FEED) return i + 1;
      i++;
    }
  }

  parse(block: Buffer, at: number, next: number): T | typeof NO_RECORD {
    if (this.#fieldCount === 1 && this.#isEmptyLine(block, at, next)) return NO_RECORD;
    const names = this.#names;
    if (names === undefined) {
      this.#readHeader(block);
      return NO_RECORD;
    }
    if (this.#problem !== undefined) throw new SyntaxError(this.#problem);
    if (this.#fieldCount !== names.length) {
      throw new SyntaxError(
        `The record has ${this.#fieldCount} fields, and there are ${names.length} columns.`,
      );
    }
    const columns = this.#shape.columns;
    const fieldOf = this.#fieldOf;
    const record: Record<string, unknown> = {};
    for (let c = 0; c < columns.length; c++) {
      const column = columns[c];
      const field = fieldOf[c];
      if (column === undefined || field === undefined) break;
      record[column.name] = field < 0 ? undefined : convertCsvField(column, this.#text(block, field));
    }
    return record as T;
  }

  learned(): Partial<FileSplit> {
    return this.#names === undefined ? {} : { columns: this.#names };
  }

  /**
   * Reads a field whose opening quote is at `open`. The index of what ends it, or -1 if that is not in sight.
   */
  #quotedField(block: Buffer, open: number, end: number, last: boolean): number {
    const { delimiter, quote } = this.#dialect;
    let doubled = false;
    let close = open + 1;
    for (;;) {
      close = block.indexOf(quote, close);
      if (close < 0 || close >= end) return -1;
      if (close + 1 === end && !last) return -1;
      if (block[close + 1] !== quote || close + 1 >= end) break;
      doubled = true;
      close += 2;
    }
    for (let i = block.indexOf(LINE_FEED, open); i >= 0 && i < close; i = block.indexOf(LINE_FEED, i + 1)) {
      this.lines++;
    }
    this.#addField(open + 1, doubled ? -close : close);
    let i = close + 1;
    if (i < end && block[i] === CARRIAGE_RETURN) {
      if (i + 1 === end && !last) return -1;
      if (i + 1 >= end || block[i + 1] === LINE_FEED) return i + 1;
    }
    if (i >= end || block[i] === delimiter || block[i] === LINE_FEED) return i;
    this.#problem ??= 'Something stands between a closing quote and the next delimiter.';
    i = block.indexOf(LINE_FEED, i);
    if (i >= 0 && i < end) return i;
    return last ? end : -1;
  }

  #addField(start: number, end: number): void {
    const i = this.#fieldCount * 2;
    if (i + 1 >= this.#bounds.length) {
      const grown = new Int32Array(this.#bounds.length * 2);
      grown.set(this.#bounds);
      this.#bounds = grown;
    }
    this.#bounds[i] = start;
    this.#bounds[i + 1] = end;
    this.#fieldCount++;
  }

  #text(block: Buffer, field: number): string {
    const start = this.#bounds[field * 2] ?? 0;
    const end = this.#bounds[field * 2 + 1] ?? 0;
    if (end >= 0) return block.toString('utf8', start, end);
    const quote = this.#quoteText;
    return block.toString('utf8', start, -end).replaceAll(quote + quote, quote);
  }

  #isEmptyLine(block: Buffer, at: number, next: number): boolean {
    return this.#bounds[0] === this.#bounds[1] && block[at] !== this.#dialect.quote && next > at;
  }

  #readHeader(block: Buffer): void {
    if (this.#problem !== undefined) throw new UnreadableFile(`The header is malformed. ${this.#problem}`);
    const names: string[] = [];
    for (let field = 0; field < this.#fieldCount; field++) names.push(this.#text(block, field));
    this.#setNames(names);
  }

  #setNames(names: readonly string[]): void {
    const { columns, strict } = this.#shape;
    for (const { name, optional } of columns) {
      const first = names.indexOf(name);
      if (first < 0 && !optional) {
        throw new UnreadableFile(
          `There is no column '${name}' among ${names.map((n) => `'${n}'`).join(', ')}.`,
        );
      }
      if (first >= 0 && names.includes(name, first + 1)) {
        throw new UnreadableFile(`There are several columns '${name}'.`);
      }
    }
    const unknown = names.find((name) => !columns.some((column) => column.name === name));
    if (strict && unknown !== undefined) {
      throw new UnreadableFile(
        `There is a column '${unknown}', and the type is strict and does not name it.`,
      );
    }
    this.#names = names;
    this.#fieldOf = columns.map(({ name }) => names.indexOf(name));
  }
}

function withoutReturn(block: Buffer, start: number, end: number): number {
  return end > start && block[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
}

/**
 * @throws MillraceError MR1001 if the option is not a single ASCII character that can stand between fields
 */
export function singleCharacter(value: string, option: string): number {
  const code = typeof value === 'string' && value.length === 1 ? value.charCodeAt(0) : -1;
  if (code >= 0 && code < 128 && code !== LINE_FEED && code !== CARRIAGE_RETURN) return code;
  throw new MillraceError('MR1001', `The option ${option} of FileSource.csv is ${JSON.stringify(value)}.`, {
    hint: 'Give one ASCII character.',
  });
}
