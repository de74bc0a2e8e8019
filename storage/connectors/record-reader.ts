import { isUtf8 } from 'node:buffer';
import { InputStatus, invariant, type ReaderOutput, type SplitReader } from '../../core/internal.js';
import type { FileSplit } from './file-split.js';
import type { MalformedInput } from './malformed-input.js';
import type { Prefetch } from './prefetch.js';

const LINE_FEED = 10;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const KEPT_OF_LONG_RECORD_BYTES = 1024;

/** What {@link RecordScanner.parse} says of bytes that hold no record, such as an empty line. */
export const NO_RECORD: unique symbol = Symbol('no record');

/**
 * Knows one format of records in UTF-8 text, each of which ends with a line feed or the end of the file.
 * Belongs to one split; `find` and `parse` are called in turn, for each record in order.
 */
export interface RecordScanner<T> {
  /**
   * Index after the record that begins at block[at], its line end included; -1 if its end is not in
   * block[at, end). `last`: nothing follows `end`; then -1 says that the record can have no end.
   */
  find(block: Buffer, at: number, end: number, last: boolean): number;
  /** Line feeds in the record that was found last, or 1 if the end of the file ended it. */
  readonly lines: number;
  /** Why `find` said -1 although nothing follows. */
  readonly endless: string;
  /** The record in block[at, next), which was found last. Throws if it is malformed. */
  parse(block: Buffer, at: number, next: number): T | typeof NO_RECORD;
  /** What the scanner has learned from the head of the file, for the split. */
  learned(): Partial<FileSplit>;
}

/**
 * Thrown by a scanner when not a record but the file cannot be read: it fails the job whatever `onError`
 * says.
 */
export class UnreadableFile extends Error {}

/**
 * Reads a file record by record; a byte order mark at its start is passed over.
 *
 * A *block* is a piece of the file that begins where a record does. Records are cut from it one by one; the
 * piece of a record that is left is carried over to the next block.
 *
 * Invariants:
 * - `position` is where the next record begins, and only a whole record (or malformed line) moves it;
 * - while records are left in the block, block[at] is the byte at `position`;
 * - the bytes held are at most the block, the chunks read ahead and the longest record allowed: a longer line
 *   is dropped piece by piece, and is malformed once its end is found.
 *
 * Hot path: bench "text lines", "json lines", "csv".
 */
export class RecordReader<T> implements SplitReader<T, FileSplit> {
  readonly #split: FileSplit;
  readonly #input: Prefetch<Uint8Array>;
  readonly #scanner: RecordScanner<T>;
  readonly #malformed: MalformedInput;
  readonly #maxRecordBytes: number;
  /** Of a record that is too long, for the message. */
  readonly #keptBytes: number;
  #position: number;
  /** The start of the file has not been looked at. */
  #atHead: boolean;
  #line: number;
  #block: Buffer;
  #at: number;
  /** Nothing follows the block in the file. */
  #last: boolean;
  /** Whether the block may hold bytes that are no UTF-8, so that each record must be looked at. */
  #suspicious: boolean;
  /** The beginning of a record whose end has not been read yet. */
  #carried: Uint8Array[];
  #carriedBytes: number;
  /** Whether line ends are among it: those inside the record. */
  #carriedLines: boolean;
  /** Bytes dropped of a line that is too long; 0 when there is no such line. */
  #droppedBytes: number;
  #longLineText: string;
  /** Start in the block of the record that is being parsed. */
  #recordStart: number;
  #parsing: boolean;

  constructor(
    split: FileSplit,
    input: Prefetch<Uint8Array>,
    scanner: RecordScanner<T>,
    malformed: MalformedInput,
    maxRecordBytes: number,
  ) {
    this.#split = split;
    this.#input = input;
    this.#scanner = scanner;
    this.#malformed = malformed;
    this.#maxRecordBytes = maxRecordBytes;
    this.#keptBytes = Math.min(maxRecordBytes, KEPT_OF_LONG_RECORD_BYTES);
    this.#position = split.position;
    this.#atHead = split.position === 0;
    this.#line = split.line;
    this.#block = Buffer.alloc(0);
    this.#at = 0;
    this.#last = false;
    this.#suspicious = false;
    this.#carried = [];
    this.#carriedBytes = 0;
    this.#carriedLines = false;
    this.#droppedBytes = 0;
    this.#longLineText = '';
    this.#recordStart = 0;
    this.#parsing = false;
  }

  poll(output: ReaderOutput<T>): InputStatus {
    for (;;) {
      if (this.#at < this.#block.length) this.#emitBlock(output);
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
    return { ...this.#split, ...this.#scanner.learned(), position: this.#position, line: this.#line };
  }

  close(): Promise<void> {
    return this.#input.close();
  }

  /** Emits the records of the block until it has none or the output is full; a malformed one is passed. */
  #emitBlock(output: ReaderOutput<T>): void {
    let more = true;
    while (more) {
      try {
        more = this.#emitRecords(output);
      } catch (error) {
        if (!this.#parsing) throw error;
        this.#parsing = false;
        this.#rejectRecord(error, output);
      }
    }
  }

  /** False when the block has no whole record any more, or the output is full. */
  #emitRecords(output: ReaderOutput<T>): boolean {
    const block = this.#block;
    const end = block.length;
    const scanner = this.#scanner;
    const careful = this.#suspicious;
    const maxRecordBytes = this.#maxRecordBytes;
    let at = this.#at;
    while (at < end) {
      if (output.remaining <= 0) return false;
      const next = scanner.find(block, at, end, this.#last);
      if (next < 0) return this.#carryRest(output);
      if (next - at > maxRecordBytes) {
        this.#rejectLine(tooLong(maxRecordBytes), output, this.#keptBytes);
        return true;
      }
      this.#recordStart = at;
      this.#at = next;
      this.#position += next - at;
      this.#line += scanner.lines;
      this.#parsing = true;
      if (careful && !isUtf8(block.subarray(at, next))) throw new TypeError('The bytes are not valid UTF-8.');
      const value = scanner.parse(block, at, next);
      this.#parsing = false;
      at = next;
      if (value !== NO_RECORD) output.collect(value);
    }
    return false;
  }

  /**
   * The rest of the block has no end of its record. True if its first line was passed as malformed instead.
   * What is decided here depends on the bytes of the file only, and not on how they came in chunks.
   */
  #carryRest(output: ReaderOutput<T>): boolean {
    const at = this.#at;
    const block = this.#block;
    const rest = block.length - at;
    const long = rest > this.#maxRecordBytes;
    const hasLines = block.indexOf(LINE_FEED, at) >= 0;
    if (long && (this.#last || hasLines)) {
      this.#rejectLine(tooLong(this.#maxRecordBytes), output, this.#keptBytes);
      return true;
    }
    if (this.#last) {
      this.#rejectLine(new SyntaxError(this.#scanner.endless), output, rest);
      return true;
    }
    this.#carried = [block.subarray(at)];
    this.#carriedBytes = rest;
    this.#carriedLines = hasLines;
    this.#at = block.length;
    if (long) this.#dropLongLine(output);
    return false;
  }

  /** The record [recordStart, at) has been passed and could not be read. */
  #rejectRecord(error: unknown, output: ReaderOutput<T>): void {
    const length = this.#at - this.#recordStart;
    invariant(length > 0, 'a malformed record has been passed', { length });
    const line = this.#line - this.#scanner.lines + 1;
    const place = { file: this.#split.path, offset: this.#position - length, line };
    const text = this.#text(this.#recordStart, this.#at);
    if (error instanceof UnreadableFile) this.#malformed.fail(place, text, error);
    this.#malformed.handle(place, text, error, output);
  }

  /** Passes the line at `at`, which begins a record that has no end or is too long. */
  #rejectLine(error: Error, output: ReaderOutput<T>, keptBytes: number): void {
    const start = this.#at;
    const found = this.#block.indexOf(LINE_FEED, start);
    const next = found < 0 ? this.#block.length : found + 1;
    this.#at = next;
    this.#position += next - start;
    this.#line++;
    const place = { file: this.#split.path, offset: this.#position - (next - start), line: this.#line };
    this.#malformed.handle(place, this.#text(start, Math.min(next, start + keptBytes)), error, output);
  }

  /** Without the line end, if there is one. */
  #text(start: number, end: number): string {
    return this.#block.toString('utf8', start, end).replace(/\r?\n$/, '');
  }

  /**
   * Makes the next piece of the file that may have a whole record the block. False: none is there now, or the
   * end.
   */
  #nextBlock(output: ReaderOutput<T>): boolean {
    for (;;) {
      let chunk = this.#input.take();
      if (chunk === undefined) return this.#input.ended && this.#lastBlock(output);
      if (this.#droppedBytes > 0) {
        const found = chunk.indexOf(LINE_FEED);
        this.#droppedBytes += found < 0 ? chunk.length : found + 1;
        if (found < 0) continue;
        this.#rejectLongLine(output);
        chunk = chunk.subarray(found + 1);
      }
      this.#carried.push(chunk);
      this.#carriedBytes += chunk.length;
      if (this.#atHead && this.#carriedBytes >= BYTE_ORDER_MARK.length) this.#passByteOrderMark();
      const long = this.#carriedBytes > this.#maxRecordBytes;
      if (chunk.includes(LINE_FEED) || (long && this.#carriedLines)) {
        this.#setBlock(false);
        return true;
      }
      if (long) this.#dropLongLine(output);
    }
  }

  /** At the end of the file: what is left is a record, or a malformed one. */
  #lastBlock(output: ReaderOutput<T>): boolean {
    if (this.#droppedBytes > 0) this.#rejectLongLine(output);
    if (this.#carriedBytes === 0) return false;
    this.#setBlock(true);
    return true;
  }

  #setBlock(last: boolean): void {
    const [first] = this.#carried;
    const block =
      this.#carried.length === 1 && first !== undefined
        ? Buffer.from(first.buffer, first.byteOffset, first.length)
        : Buffer.concat(this.#carried, this.#carriedBytes);
    this.#carried = [];
    this.#carriedBytes = 0;
    this.#carriedLines = false;
    this.#atHead = false;
    this.#block = block;
    this.#at = 0;
    this.#last = last;
    // What follows the last line end may stop in the middle of a character.
    this.#suspicious = !isUtf8(last ? block : block.subarray(0, block.lastIndexOf(LINE_FEED) + 1));
  }

  #passByteOrderMark(): void {
    this.#atHead = false;
    const head = Buffer.concat(this.#carried);
    if (!head.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)) return;
    this.#carried = [head.subarray(BYTE_ORDER_MARK.length)];
    this.#carriedBytes -= BYTE_ORDER_MARK.length;
    this.#position = BYTE_ORDER_MARK.length;
  }

  #dropLongLine(output: ReaderOutput<T>): void {
    this.#longLineText = Buffer.concat(this.#carried).toString('utf8', 0, this.#keptBytes);
    this.#droppedBytes = this.#carriedBytes;
    this.#carried = [];
    this.#carriedBytes = 0;
    if (this.#malformed.fails) this.#rejectLongLine(output);
  }

  #rejectLongLine(output: ReaderOutput<T>): void {
    const place = { file: this.#split.path, offset: this.#position, line: this.#line + 1 };
    const error = tooLong(this.#maxRecordBytes);
    this.#position += this.#droppedBytes;
    this.#line++;
    this.#droppedBytes = 0;
    this.#malformed.handle(place, this.#longLineText, error, output);
  }
}

function tooLong(limit: number): RangeError {
  return new RangeError(`The record is longer than ${limit} bytes, the longest allowed (maxRecordBytes).`);
}
