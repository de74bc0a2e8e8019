import { isUtf8 } from 'node:buffer';
import { InputStatus, invariant, type ReaderOutput, type SplitReader } from '../../core/internal.js';
import type { FileSplit } from './file-split.js';
import type { MalformedInput } from './malformed-input.js';
import type { ReadAhead } from './read-ahead.js';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** Of a line that is too long to be kept, for the message. */
const KEPT_OF_LONG_LINE_BYTES = 1024;

/** What {@link LineParser.parse} says of a line that holds no record, such as an empty one. */
export const NO_RECORD: unique symbol = Symbol('no record');

/** What a line means. Throws when the line is malformed. */
export interface LineParser<T> {
  parse(line: string): T | typeof NO_RECORD;
}

/**
 * Reads a file of lines: UTF-8, ended by LF or CRLF, the last one by the end of the file too; a byte order
 * mark at the start of the file is passed over.
 *
 * A *block* is a piece of the file that begins where a line does. Lines are cut from it up to `linesEnd`; the
 * piece of a line behind that is carried over to the next block.
 *
 * Invariants:
 * - `position` is where the next line begins, and only a whole line moves it;
 * - block[at] is the byte at `position` while at < linesEnd;
 * - the bytes held are at most one block and the longest line allowed: a longer line is dropped piece by
 *   piece, and is malformed once its end is found.
 *
 * Hot path: bench "text lines", "json lines".
 */
export class LineReader<T> implements SplitReader<T, FileSplit> {
  readonly #split: FileSplit;
  readonly #input: ReadAhead;
  readonly #parser: LineParser<T>;
  readonly #malformed: MalformedInput;
  readonly #maxLineBytes: number;
  #position: number;
  #line: number;
  #block: Buffer;
  #at: number;
  #linesEnd: number;
  /** Whether the block may hold bytes that are no UTF-8, so that each line must be looked at. */
  #suspicious: boolean;
  /** The beginning of a line whose end has not been read yet. */
  #carried: Uint8Array[];
  #carriedBytes: number;
  /** Bytes dropped of a line that is too long; 0 when there is no such line. */
  #droppedBytes: number;
  #longLineText: string;
  /** Start in the block of the line that is being parsed. */
  #lineStart: number;
  #parsing: boolean;

  constructor(
    split: FileSplit,
    input: ReadAhead,
    parser: LineParser<T>,
    malformed: MalformedInput,
    maxLineBytes: number,
  ) {
    this.#split = split;
    this.#input = input;
    this.#parser = parser;
    this.#malformed = malformed;
    this.#maxLineBytes = maxLineBytes;
    this.#position = split.position;
    this.#line = split.line;
    this.#block = Buffer.alloc(0);
    this.#at = 0;
    this.#linesEnd = 0;
    this.#suspicious = false;
    this.#carried = [];
    this.#carriedBytes = 0;
    this.#droppedBytes = 0;
    this.#longLineText = '';
    this.#lineStart = 0;
    this.#parsing = false;
  }

  poll(output: ReaderOutput<T>): InputStatus {
    for (;;) {
      if (this.#at < this.#linesEnd) this.#emitBlock(output);
      if (output.remaining <= 0) return InputStatus.MORE_AVAILABLE;
      if (!this.#nextBlock(output)) {
        return this.#input.ended ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
      }
    }
  }

  isAvailable(): Promise<void> {
    return this.#input.isAvailable();
  }

  snapshot(): FileSplit {
    return { ...this.#split, position: this.#position, line: this.#line };
  }

  close(): Promise<void> {
    return this.#input.close();
  }

  /** Emits the lines of the block until the output is full; a malformed line is handled and passed. */
  #emitBlock(output: ReaderOutput<T>): void {
    while (this.#at < this.#linesEnd && output.remaining > 0) {
      try {
        this.#emitLines(output);
      } catch (error) {
        if (!this.#parsing) throw error;
        this.#parsing = false;
        this.#rejectLine(error, output);
      }
    }
  }

  #emitLines(output: ReaderOutput<T>): void {
    const block = this.#block;
    const linesEnd = this.#linesEnd;
    const parser = this.#parser;
    const careful = this.#suspicious;
    const maxLineBytes = this.#maxLineBytes;
    let at = this.#at;
    while (at < linesEnd && output.remaining > 0) {
      const found = block.indexOf(LINE_FEED, at);
      const next = found < 0 ? linesEnd : found + 1;
      let end = found < 0 ? linesEnd : found;
      if (end > at && block[end - 1] === CARRIAGE_RETURN) end--;
      this.#lineStart = at;
      this.#at = next;
      this.#position += next - at;
      this.#line++;
      this.#parsing = true;
      if (careful || end - at > maxLineBytes) this.#checkLine(at, end);
      const value = parser.parse(block.toString('utf8', at, end));
      this.#parsing = false;
      at = next;
      if (value !== NO_RECORD) output.collect(value);
    }
  }

  #checkLine(start: number, end: number): void {
    if (end - start > this.#maxLineBytes) throw tooLong(end - start, this.#maxLineBytes);
    if (!isUtf8(this.#block.subarray(start, end))) throw new TypeError('The bytes are not valid UTF-8.');
  }

  /** The line [lineStart, at) has been passed and could not be read. */
  #rejectLine(error: unknown, output: ReaderOutput<T>): void {
    const length = this.#at - this.#lineStart;
    invariant(length > 0, 'a malformed line has been passed', { length });
    const text = this.#block.toString('utf8', this.#lineStart, this.#at).replace(/\r?\n$/, '');
    const place = { file: this.#split.path, offset: this.#position - length, line: this.#line };
    this.#malformed.handle(place, text, error, output);
  }

  /** Makes the next piece of the file that has a whole line the block. False: none is there now, or the end. */
  #nextBlock(output: ReaderOutput<T>): boolean {
    for (;;) {
      let chunk = this.#input.take();
      if (chunk === undefined) return this.#input.ended && this.#lastLine(output);
      if (this.#droppedBytes > 0) {
        const found = chunk.indexOf(LINE_FEED);
        this.#droppedBytes += found < 0 ? chunk.length : found + 1;
        if (found < 0) continue;
        this.#rejectLongLine(output);
        chunk = chunk.subarray(found + 1);
      }
      this.#carried.push(chunk);
      this.#carriedBytes += chunk.length;
      if (chunk.lastIndexOf(LINE_FEED) >= 0) {
        this.#setBlock(this.#joinCarried());
        return true;
      }
      if (this.#carriedBytes > this.#maxLineBytes) this.#dropLongLine(output);
    }
  }

  /** At the end of the file: what is left is a line. */
  #lastLine(output: ReaderOutput<T>): boolean {
    if (this.#droppedBytes > 0) this.#rejectLongLine(output);
    if (this.#carriedBytes === 0) return false;
    this.#setBlock(this.#joinCarried(), true);
    return true;
  }

  #joinCarried(): Buffer {
    const [first] = this.#carried;
    const joined =
      this.#carried.length === 1 && first !== undefined
        ? Buffer.from(first.buffer, first.byteOffset, first.length)
        : Buffer.concat(this.#carried, this.#carriedBytes);
    this.#carried = [];
    this.#carriedBytes = 0;
    return joined;
  }

  #setBlock(block: Buffer, last = false): void {
    const linesEnd = last ? block.length : block.lastIndexOf(LINE_FEED) + 1;
    const rest = block.subarray(linesEnd);
    if (rest.length > 0) {
      this.#carried.push(rest);
      this.#carriedBytes = rest.length;
    }
    const at = this.#position === 0 && startsWithByteOrderMark(block) ? 3 : 0;
    this.#position += at;
    this.#block = block;
    this.#at = at;
    this.#linesEnd = linesEnd;
    this.#suspicious = !isUtf8(block.subarray(at, linesEnd));
  }

  #dropLongLine(output: ReaderOutput<T>): void {
    this.#longLineText = Buffer.concat(this.#carried).toString('utf8', 0, KEPT_OF_LONG_LINE_BYTES);
    this.#droppedBytes = this.#carriedBytes;
    this.#carried = [];
    this.#carriedBytes = 0;
    if (this.#malformed.fails) this.#rejectLongLine(output);
  }

  #rejectLongLine(output: ReaderOutput<T>): void {
    const place = { file: this.#split.path, offset: this.#position, line: this.#line + 1 };
    const error = tooLong(this.#droppedBytes, this.#maxLineBytes);
    this.#position += this.#droppedBytes;
    this.#line++;
    this.#droppedBytes = 0;
    this.#malformed.handle(place, this.#longLineText, error, output);
  }
}

function tooLong(bytes: number, limit: number): RangeError {
  return new RangeError(
    `The line has ${bytes} bytes or more; the longest allowed (maxLineBytes) has ${limit}.`,
  );
}

function startsWithByteOrderMark(block: Buffer): boolean {
  return block.length >= 3 && block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf;
}
