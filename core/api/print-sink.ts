import { Availability } from '../base/availability.js';
import { jsonText } from '../serde/json-text.js';
import type { Sink, SinkWriter, SinkWriterContext, StandardStream } from './sink.js';

/** Lines that may be on their way before the writer is busy. */
const MAX_LINES_UNDER_WAY = 1000;

/**
 * Prints each record on a line of its own: a string as it is, anything else as JSON. As in Flink a line
 * begins with the prefix, if there is one, and the number of the subtask (from 1), if there are several:
 * `prefix:1> `. What is printed cannot be taken back, so after a failure lines are printed again. With `'stderr'`
 * they go to standard error.
 *
 * @example
 * ```ts
 * stream.sinkTo(new PrintSink('words'), 'print'); // words> {"word":"to","count":2}
 * ```
 */
export class PrintSink<T> implements Sink<T, never, never> {
  readonly #prefix: string;
  readonly #to: StandardStream;

  constructor(prefix = '', to: StandardStream = 'stdout') {
    this.#prefix = prefix;
    this.#to = to;
  }

  createWriter(context: SinkWriterContext): SinkWriter<T, never, never> {
    const subtask = context.parallelism > 1 ? String(context.subtaskIndex + 1) : '';
    const separator = this.#prefix !== '' && subtask !== '' ? ':' : '';
    const head = `${this.#prefix}${separator}${subtask}`;
    return new PrintWriter(head === '' ? '' : `${head}> `, this.#to, context);
  }
}

/**
 * Invariants: every line handed over is counted as under way until it was taken; the first failure is thrown
 * by the next call.
 */
class PrintWriter<T> implements SinkWriter<T, never, never> {
  readonly #head: string;
  readonly #to: StandardStream;
  readonly #context: SinkWriterContext;
  readonly #taken: Availability;
  #underWay: number;
  #failed: boolean;
  #failure: unknown;

  constructor(head: string, to: StandardStream, context: SinkWriterContext) {
    this.#head = head;
    this.#to = to;
    this.#context = context;
    this.#taken = new Availability();
    this.#underWay = 0;
    this.#failed = false;
    this.#failure = undefined;
  }

  get busy(): Promise<void> | undefined {
    return this.#underWay < MAX_LINES_UNDER_WAY || this.#failed ? undefined : this.#taken.wait();
  }

  write(value: T): void {
    if (this.#failed) throw this.#failure;
    this.#underWay++;
    const text = typeof value === 'string' ? value : jsonText(value);
    this.#context.writeLine(`${this.#head}${text}`, this.#to).then(
      () => {
        this.#underWay--;
        this.#taken.release();
      },
      (error: unknown) => {
        this.#failed = true;
        this.#failure = error;
        this.#taken.release();
      },
    );
  }

  async flush(): Promise<void> {
    while (this.#underWay > 0 && !this.#failed) await this.#taken.wait();
    if (this.#failed) throw this.#failure;
  }
}
