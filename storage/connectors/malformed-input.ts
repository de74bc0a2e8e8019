import {
  isMillraceError,
  type MalformedInputOptions,
  type MalformedRecord,
  MillraceError,
  type OnMalformedInput,
  type OutputTag,
  type ReaderOutput,
  type SourceReaderContext,
} from '../../core/internal.js';

const ERROR_TEXT_LENGTH = 200;
const SIDE_OUTPUT_TEXT_LENGTH = 64 * 1024;

/** Where in a file a piece of input stands. */
export interface InputPlace {
  readonly file: string;
  /** Bytes from the start of the file; the row for formats that have no lines. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
}

/**
 * Carries out `onError` for one reader: input that could not be read fails the job, or is counted and passed
 * over.
 */
export class MalformedInput {
  readonly #policy: OnMalformedInput;
  readonly #tag: OutputTag<MalformedRecord> | undefined;
  readonly #context: SourceReaderContext;

  constructor(options: MalformedInputOptions, context: SourceReaderContext) {
    this.#policy = options.onError ?? 'fail';
    this.#tag = options.malformed;
    this.#context = context;
  }

  /** Whether bad input fails the job: then there is no need to find its end. */
  get fails(): boolean {
    return this.#policy === 'fail';
  }

  /** Fails the job whatever the policy is: not a record is bad but the file. */
  fail(place: InputPlace, text: string, error: unknown): never {
    throw malformed(place, text, error);
  }

  /**
   * Called once for each piece of bad input, in its place among the records.
   *
   * @throws MillraceError MR6001 if the policy is to fail
   */
  handle(place: InputPlace, text: string, error: unknown, output: ReaderOutput<unknown>): void {
    if (this.#policy === 'fail') throw malformed(place, text, error);
    this.#context.countSkippedRecord();
    if (this.#tag === undefined) return;
    output.sideOutput(this.#tag, {
      file: place.file,
      offset: place.offset,
      line: place.line,
      text: shorten(text, SIDE_OUTPUT_TEXT_LENGTH),
      error: reason(error),
    });
  }
}

function malformed(place: InputPlace, text: string, error: unknown): MillraceError {
  return new MillraceError('MR6001', `Input could not be read: ${quote(text)}`, {
    where: { at: `${place.file}, line ${place.line}, offset ${place.offset}` },
    why: reason(error),
    hint: "Correct the input, or set the source's onError to 'skip' or 'sideOutput' to go on without it.",
    cause: error,
  });
}

/** The sentence that matters, without code and hint: it is read beside the place and the text. */
function reason(error: unknown): string {
  if (isMillraceError(error)) return error.why === undefined ? error.what : `${error.what} ${error.why}`;
  return error instanceof Error ? error.message : String(error);
}

function quote(text: string): string {
  return JSON.stringify(shorten(text, ERROR_TEXT_LENGTH));
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}... (${text.length} characters)`;
}
