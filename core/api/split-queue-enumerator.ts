import type { SplitEnumerator, SplitEnumeratorContext } from './source.js';

/**
 * Deals out a fixed list of splits: one a request, in the order of the list, and then says that there are no
 * more. Its state is what is left of the list.
 *
 * @example
 * ```ts
 * const enumerators: Pick<Source<string, string, readonly string[]>, 'createEnumerator' | 'restoreEnumerator'> = {
 *   createEnumerator: (context) => new SplitQueueEnumerator(context, ['a.txt', 'b.txt']),
 *   restoreEnumerator: (context, left) => new SplitQueueEnumerator(context, left),
 * };
 * ```
 *
 * Invariants:
 * - a split leaves the list in the same call that assigns it, so it is never in two places;
 * - requests are answered at once, so nobody is left waiting.
 */
export class SplitQueueEnumerator<SplitT> implements SplitEnumerator<readonly SplitT[]> {
  readonly #context: SplitEnumeratorContext<SplitT>;
  readonly #splits: readonly SplitT[];
  #next: number;

  constructor(context: SplitEnumeratorContext<SplitT>, splits: readonly SplitT[]) {
    this.#context = context;
    this.#splits = splits;
    this.#next = 0;
  }

  start(): void {}

  handleSplitRequest(subtask: number): void {
    const split = this.#splits[this.#next];
    if (split === undefined) {
      this.#context.signalNoMoreSplits(subtask);
      return;
    }
    this.#next++;
    this.#context.assignSplit(split, subtask);
  }

  snapshotState(): readonly SplitT[] {
    return this.#splits.slice(this.#next);
  }
}
