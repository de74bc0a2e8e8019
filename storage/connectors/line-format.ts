import {
  checkOptionNames,
  fromJson,
  MillraceError,
  type SourceReaderContext,
  type SplitReader,
  type TypeDescriptor,
  types,
  validateMalformedInputOptions,
} from '../../core/internal.js';
import type { FileFormat } from './file-format.js';
import {
  DEFAULT_MAX_LINE_BYTES,
  LINE_SOURCE_OPTIONS,
  type LineSourceOptions,
} from './file-source-options.js';
import type { FileSplit } from './file-split.js';
import { type LineParser, LineReader, NO_RECORD } from './line-reader.js';
import { MalformedInput } from './malformed-input.js';
import { ReadAhead } from './read-ahead.js';

/** Files of lines, each of which means what the parser says. */
export class LineFormat<T> implements FileFormat<T> {
  readonly type: TypeDescriptor<T> | undefined;
  readonly #parser: LineParser<T>;
  readonly #options: LineSourceOptions;
  readonly #maxLineBytes: number;

  constructor(
    type: TypeDescriptor<T> | undefined,
    parser: LineParser<T>,
    options: LineSourceOptions,
    what: string,
  ) {
    checkOptionNames(options, LINE_SOURCE_OPTIONS, what);
    validateMalformedInputOptions(options, what);
    this.type = type;
    this.#parser = parser;
    this.#options = options;
    this.#maxLineBytes = options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES;
    if (!Number.isSafeInteger(this.#maxLineBytes) || this.#maxLineBytes < 1) {
      throw new MillraceError(
        'MR1001',
        `The option maxLineBytes of ${what} is ${String(options.maxLineBytes)}.`,
        {
          hint: 'Give a whole number of bytes, at least 1.',
        },
      );
    }
  }

  open(split: FileSplit, context: SourceReaderContext): SplitReader<T, FileSplit> {
    const input = new ReadAhead(context.fileSystem, split.path, split.position, split.end);
    const malformed = new MalformedInput(this.#options, context);
    return new LineReader(split, input, this.#parser, malformed, this.#maxLineBytes);
  }
}

export function textLinesFormat(options: LineSourceOptions): LineFormat<string> {
  return new LineFormat(types.string, { parse: (line) => line }, options, 'FileSource.textLines');
}

export function jsonLinesFormat<T>(
  type: TypeDescriptor<T> | undefined,
  options: LineSourceOptions,
): LineFormat<T> {
  const parser = type === undefined ? new JsonLineParser<T>() : new TypedJsonLineParser(type);
  return new LineFormat(type, parser, options, 'FileSource.jsonLines');
}

class JsonLineParser<T> implements LineParser<T> {
  parse(line: string): T | typeof NO_RECORD {
    return isBlank(line) ? NO_RECORD : JSON.parse(line);
  }
}

class TypedJsonLineParser<T> implements LineParser<T> {
  readonly #type: TypeDescriptor<T>;

  constructor(type: TypeDescriptor<T>) {
    this.#type = type;
  }

  parse(line: string): T | typeof NO_RECORD {
    return isBlank(line) ? NO_RECORD : fromJson(this.#type, JSON.parse(line));
  }
}

function isBlank(line: string): boolean {
  return line === '' || (line.charCodeAt(0) <= 32 && line.trim() === '');
}
