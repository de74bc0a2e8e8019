import { Watermark } from '../element/watermark.js';
import { AbstractStreamOperator } from './abstract-stream-operator.js';
import { ExternalSorter } from './external-sorter.js';
import { CursorStep, type SortCursor } from './sort-entry.js';
import type { ChainedOperatorContext, Output } from './stream-operator.js';

const NOTHING = (): void => {};

/**
 * An operator of a batch that sorts its input, and hands it on when it has ended: at each step as much as there
 * is room for, while the disk is read beside.
 *
 * Invariants:
 * - records are handed on in their order, each once, and only after the end of the input;
 * - the end of event time goes on once, after the last result;
 * - one promise is waited for at a time.
 */
export abstract class AbstractSortingOperator<OUT> extends AbstractStreamOperator<OUT> {
  /** Taken from the context. */
  protected readonly sorter: ExternalSorter;
  #cursor: SortCursor | undefined;
  /** Whether the cursor stands at a record that has not been handed on. */
  #hasRecord = false;
  /** For the disk, or for what `finish` gave. */
  #isWaiting = false;
  #hasEnded = false;
  #isDone = false;

  constructor(context: ChainedOperatorContext, output: Output<OUT>) {
    super(context, output);
    const { managedBytes, fileSystem, scratchFolder: folder } = context;
    this.sorter = new ExternalSorter({ managedBytes, fileSystem, folder }, (writing) => {
      context.completions.watch(writing, NOTHING, (error) => context.fail(error));
    });
    context.metrics.gauge('spilledBytes', () => this.sorter.spilledBytes);
  }

  /** Hands on the record at the cursor. False: not yet, it is shown again. */
  protected abstract handOn(cursor: SortCursor): boolean;

  /** What the last step has left, before more is handed on. False: there is still some of it. */
  protected handOnRest(): boolean {
    return true;
  }

  /** After the last record; false: called again. */
  protected finish(): boolean | Promise<void> {
    return true;
  }

  override room(): number {
    return this.sorter.isFull ? 0 : super.room();
  }

  /** The sorted records are handed on by {@link resume}. */
  override endInput(): void {
    this.#hasEnded = true;
    const sorted = this.sorter.finish().then((cursor) => {
      this.#cursor = cursor;
    });
    this.#waitFor(sorted);
  }

  override resume(): boolean {
    if (this.#isWaiting) return false;
    if (!this.#hasEnded || this.#isDone) return true;
    return this.#cursor !== undefined && this.handOnRest() && this.#handOnAll(this.#cursor);
  }

  override async close(): Promise<void> {
    try {
      await super.close();
    } finally {
      await this.sorter.close();
    }
  }

  #handOnAll(cursor: SortCursor): boolean {
    const { context } = this;
    while (!context.mustYield()) {
      if (!this.#hasRecord) {
        const step = cursor.advance();
        if (step === CursorStep.END) return this.#finish();
        if (step === CursorStep.MUST_LOAD) {
          this.#waitFor(cursor.load());
          return false;
        }
        this.#hasRecord = true;
      }
      if (!this.handOn(cursor)) return false;
      this.#hasRecord = false;
    }
    return false;
  }

  #finish(): boolean {
    const finished = this.finish();
    if (finished === false) return false;
    this.#isDone = true;
    this.output.emitWatermark(Watermark.MAX);
    if (finished === true) return true;
    this.#waitFor(finished);
    return false;
  }

  #waitFor(promise: Promise<void>): void {
    this.#isWaiting = true;
    this.context.completions.watch(
      promise,
      () => {
        this.#isWaiting = false;
      },
      (error) => this.context.fail(error),
    );
  }
}
