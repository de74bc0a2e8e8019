import { MillraceError } from '../base/millrace-error.js';
import { types } from '../serde/types.js';
import { SequentialSourceReader, type SplitReader } from './sequential-source-reader.js';
import {
  InputStatus,
  type ReaderOutput,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SplitEnumerator,
  type SplitEnumeratorContext,
} from './source.js';
import { SplitQueueEnumerator } from './split-queue-enumerator.js';

/** The numbers from `next` to `to`, both included. Plain data: it goes into checkpoints. */
export interface NumberSequenceSplit {
  readonly next: number;
  readonly to: number;
}

const SPLIT_TYPE = types.object({ next: types.float64, to: types.float64 });

/**
 * Emits the whole numbers from `from` to `to`, both included: one range of them, in order, for each reader.
 *
 * @example
 * ```ts
 * const numbers = new NumberSequenceSource(1, 1_000_000);
 * ```
 */
export class NumberSequenceSource
  implements Source<number, NumberSequenceSplit, readonly NumberSequenceSplit[]>
{
  readonly boundedness = 'bounded';
  readonly readersRestartAlone = true;
  readonly outputType = types.float64;
  readonly splitType = SPLIT_TYPE;
  readonly enumeratorStateType = types.array(SPLIT_TYPE);
  readonly from: number;
  readonly to: number;

  /** @throws MillraceError MR1001 if an end is no safe integer, or `to` is less than `from` */
  constructor(from: number, to: number) {
    if (
      !Number.isSafeInteger(from) ||
      !Number.isSafeInteger(to) ||
      !Number.isSafeInteger(to - from) ||
      to < from
    ) {
      throw new MillraceError(
        'MR1001',
        `A number sequence cannot go from ${String(from)} to ${String(to)}.`,
        {
          hint: 'Give two whole numbers, of which the second is not less than the first.',
        },
      );
    }
    this.from = from;
    this.to = to;
  }

  createEnumerator(
    context: SplitEnumeratorContext<NumberSequenceSplit>,
  ): SplitEnumerator<readonly NumberSequenceSplit[]> {
    return new SplitQueueEnumerator(context, ranges(this.from, this.to, context.parallelism));
  }

  restoreEnumerator(
    context: SplitEnumeratorContext<NumberSequenceSplit>,
    state: readonly NumberSequenceSplit[],
  ): SplitEnumerator<readonly NumberSequenceSplit[]> {
    return new SplitQueueEnumerator(context, state);
  }

  createReader(context: SourceReaderContext): SourceReader<number, NumberSequenceSplit> {
    return new SequentialSourceReader(
      context,
      (split: NumberSequenceSplit) => new NumberSequenceReader(split),
      ({ to }) => `up to ${to}`,
    );
  }
}

/** At most `count` ranges whose sizes differ by at most one; none is empty. */
function ranges(from: number, to: number, count: number): NumberSequenceSplit[] {
  const splits: NumberSequenceSplit[] = [];
  let next = from;
  for (let left = count; left > 0 && next <= to; left--) {
    const size = Math.ceil((to - next + 1) / left);
    const last = Math.min(to, next + size - 1);
    splits.push({ next, to: last });
    next = last + 1;
  }
  return splits;
}

class NumberSequenceReader implements SplitReader<number, NumberSequenceSplit> {
  readonly #to: number;
  #next: number;

  constructor(split: NumberSequenceSplit) {
    this.#to = split.to;
    this.#next = split.next;
  }

  poll(output: ReaderOutput<number>): InputStatus {
    const to = this.#to;
    let next = this.#next;
    while (next <= to && output.remaining > 0) output.collect(next++);
    this.#next = next;
    return next <= to ? InputStatus.MORE_AVAILABLE : InputStatus.END_OF_INPUT;
  }

  async isAvailable(): Promise<void> {}

  snapshot(): NumberSequenceSplit {
    return { next: this.#next, to: this.#to };
  }

  close(): void {}
}
