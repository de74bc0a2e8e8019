import { resolve, sep } from 'node:path';
import {
  type Committer,
  checkOptionNames,
  jsonText,
  MillraceError,
  type Sink,
  type SinkWriter,
  type SinkWriterContext,
  type TypeDescriptor,
  toJson,
} from '../../core/internal.js';
import { PART_FILE, type PartFile, PartFileCommitter } from './part-file-committer.js';
import { PartFileWriter } from './part-file-writer.js';

/** What all file sinks take. */
export interface FileSinkOptions {
  /** A file is closed, and the next one begun, when it has about so many bytes. Default 128 MiB. */
  readonly maxPartBytes?: number;
}

/** What `FileSink.jsonLines` takes. */
export interface JsonFileSinkOptions<T> extends FileSinkOptions {
  /** Type of the records: its fields are written, in its order, and each record is checked against it. */
  readonly type?: TypeDescriptor<T>;
}

const DEFAULT_MAX_PART_BYTES = 128 * 1024 * 1024;

/**
 * Writes records as lines into files in a folder, exactly once. Each subtask writes hidden files, whose names
 * begin with `.`, and closes them at each checkpoint; when the checkpoint is complete they get their visible
 * names. A visible file `part-*` is whole, and never changes or goes away; what was written since the last
 * completed checkpoint is not visible, and is discarded after a failure. Without checkpoints files become
 * visible at the end of the input. A name is seen a moment before it is durable: a file that a loss of power
 * takes in that moment comes back, the same, when the job is resumed.
 *
 * The folder is made if it is not there; relative paths are taken from the working folder of the process that
 * builds the job. Jobs of different names can share a folder. Whoever reads it should pass over names that
 * begin with `.`, as {@link FileSource} does.
 *
 * @example
 * ```ts
 * results.sinkTo(FileSink.jsonLines('output/results'), 'results');
 * lines.sinkTo(FileSink.textLines('output/lines', { maxPartBytes: 16 * 1024 * 1024 }), 'lines');
 * ```
 */
export class FileSink<T> implements Sink<T, PartFile, never> {
  readonly committableType = PART_FILE;
  readonly #folder: string;
  readonly #suffix: string;
  readonly #line: (value: T) => string;
  readonly #maxPartBytes: number;

  private constructor(folder: string, suffix: string, line: (value: T) => string, options: FileSinkOptions) {
    if (typeof folder !== 'string' || folder === '') {
      throw new MillraceError('MR1001', `A file sink got ${JSON.stringify(folder)} as its folder.`);
    }
    const absolute = resolve(folder);
    this.#folder = sep === '/' ? absolute : absolute.replaceAll(sep, '/');
    this.#suffix = suffix;
    this.#line = line;
    this.#maxPartBytes = options.maxPartBytes ?? DEFAULT_MAX_PART_BYTES;
    if (!(this.#maxPartBytes >= 1)) {
      throw new MillraceError('MR1001', `The option maxPartBytes is ${String(options.maxPartBytes)}.`, {
        hint: 'Give a number of bytes, at least 1.',
      });
    }
  }

  /** Each record, a string, is a line of a `.txt` file. */
  static textLines(folder: string, options: FileSinkOptions = {}): FileSink<string> {
    checkOptionNames(options, ['maxPartBytes'], 'FileSink.textLines');
    return new FileSink(folder, '.txt', textLine, options);
  }

  /**
   * Each record is a line of JSON in a `.jsonl` file. With a `type`, as its values are written in JSON;
   * without, a bigint is a text of digits, a Map is an object where all keys are strings and else an array of
   * pairs, a Set is an array, bytes are base64, and NaN and the infinities are null.
   */
  static jsonLines<T = unknown>(folder: string, options: JsonFileSinkOptions<T> = {}): FileSink<T> {
    checkOptionNames(options, ['maxPartBytes', 'type'], 'FileSink.jsonLines');
    const { type } = options;
    const line = type === undefined ? jsonText : (value: T) => JSON.stringify(toJson(type, value)) ?? 'null';
    return new FileSink(folder, '.jsonl', line, options);
  }

  createWriter(context: SinkWriterContext): SinkWriter<T, PartFile, never> {
    return new PartFileWriter(context, {
      folder: this.#folder,
      suffix: this.#suffix,
      maxPartBytes: this.#maxPartBytes,
      line: this.#line,
    });
  }

  createCommitter(context: SinkWriterContext): Committer<PartFile> {
    return new PartFileCommitter(context.fileSystem);
  }
}

function textLine(value: string): string {
  if (typeof value === 'string') return value;
  throw new MillraceError('MR2002', `FileSink.textLines got a ${typeof value} as a record.`, {
    hint: 'It writes strings: map the records to strings first, or use FileSink.jsonLines.',
  });
}
