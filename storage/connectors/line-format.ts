import {
  fromJson,
  type SourceReaderContext,
  type SplitReader,
  type TypeDescriptor,
  types,
} from '../../core/internal.js';
import type { FileFormat } from './file-format.js';
import { LINE_SOURCE_OPTIONS, type LineSourceOptions, resolveLineOptions } from './file-source-options.js';
import type { FileSplit } from './file-split.js';
import { MalformedInput } from './malformed-input.js';
import { readAhead } from './read-ahead.js';
import { NO_RECORD, RecordReader, type RecordScanner } from './record-reader.js';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Files of lines, each of which means what `parse` says. */
class LineFormat<T> implements FileFormat<T> {
  readonly type: TypeDescriptor<T> | undefined;
  readonly #parse: (line: string) => T | typeof NO_RECORD;
  readonly #options: LineSourceOptions;
  readonly #maxRecordBytes: number;

  /** `what`: for messages. */
  constructor(
    type: TypeDescriptor<T> | undefined,
    parse: (line: string) => T | typeof NO_RECORD,
    options: LineSourceOptions,
    what: string,
  ) {
    this.type = type;
    this.#parse = parse;
    this.#options = options;
    this.#maxRecordBytes = resolveLineOptions(options, LINE_SOURCE_OPTIONS, what).maxRecordBytes;
  }

  open(split: FileSplit, context: SourceReaderContext): SplitReader<T, FileSplit> {
    const input = readAhead(context.fileSystem, split.path, split.position, split.end);
    const scanner = new LineScanner(this.#parse);
    const malformed = new MalformedInput(this.#options, context);
    return new RecordReader(split, input, scanner, malformed, this.#maxRecordBytes);
  }
}

export function textLinesFormat(options: LineSourceOptions): LineFormat<string> {
  return new LineFormat(types.string, (line) => line, options, 'FileSource.textLines');
}

export function jsonLinesFormat<T>(
  type: TypeDescriptor<T> | undefined,
  options: LineSourceOptions,
): LineFormat<T> {
  const parse =
    type === undefined
      ? (line: string): T | typeof NO_RECORD => (isBlank(line) ? NO_RECORD : (parseJson(line) as T))
      : (line: string): T | typeof NO_RECORD => (isBlank(line) ? NO_RECORD : fromJson(type, parseJson(line)));
  return new LineFormat(type, parse, options, 'FileSource.jsonLines');
}

/** Lines end with LF or CRLF, the last one with the end of the file. */
class LineScanner<T> implements RecordScanner<T> {
  readonly lines = 1;
  readonly endless = 'The line does not end.';
  readonly #parse: (line: string) => T | typeof NO_RECORD;

  constructor(parse: (line: string) => T | typeof NO_RECORD) {
    this.#parse = parse;
  }

  find(block: Buffer, at: number, end: number, last: boolean): number {
    const found = block.indexOf(LINE_FEED, at);
    if (found >= 0) return found + 1;
    return last ? end : -1;
  }

  parse(block: Buffer, at: number, next: number): T | typeof NO_RECORD {
    let end = next;
    if (end > at && block[end - 1] === LINE_FEED) end--;
    if (end > at && block[end - 1] === CARRIAGE_RETURN) end--;
    return this.#parse(block.toString('utf8', at, end));
  }

  learned(): Partial<FileSplit> {
    return {};
  }
}

/** Deeper values could be read and never be sent on: whoever walks them needs a call for each level. */
const JSON_DEPTH_MAX = 1000;

function parseJson(line: string): unknown {
  if (line.length > 2 * JSON_DEPTH_MAX && nestsTooDeep(line))
    throw new RangeError(`The value nests deeper than ${JSON_DEPTH_MAX} levels.`);
  return JSON.parse(line);
}

function nestsTooDeep(line: string): boolean {
  let depth = 0;
  let isText = false;
  for (let i = 0; i < line.length; i++) {
    const character = line[i];
    if (isText) {
      if (character === '\\') i++;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '[' || character === '{') {
      if (++depth > JSON_DEPTH_MAX) return true;
    } else if (character === ']' || character === '}') depth--;
  }
  return false;
}

function isBlank(line: string): boolean {
  return line === '' || (line.charCodeAt(0) <= 32 && line.trim() === '');
}
