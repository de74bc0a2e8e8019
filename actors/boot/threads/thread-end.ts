/**
 * Answers of a thread that may end before it gives them: what is waited for then is refused.
 *
 * Invariant: an answer that has come is held no longer. A race against one promise of the thread's end would hold
 * on to every answer for as long as the thread runs.
 */
export class ThreadEnd {
  readonly #waiting = new Set<(error: unknown) => void>();
  #ended: { readonly error: unknown } | undefined;

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** The thread has ended; only the first error counts. */
  end(error: unknown): void {
    this.#ended ??= { error };
    for (const refuse of this.#waiting) refuse(this.#ended.error);
    this.#waiting.clear();
  }

  /** What was asked for, or a rejection with the error of the thread's end. */
  async orEnd<T extends PromiseLike<unknown>>(asked: T): Promise<Awaited<T>> {
    if (this.#ended !== undefined) throw this.#ended.error;
    let refuse = (_: unknown): void => {};
    const ended = new Promise<never>((_, reject) => {
      refuse = reject;
    });
    this.#waiting.add(refuse);
    try {
      return await Promise.race([asked, ended]);
    } finally {
      this.#waiting.delete(refuse);
    }
  }
}
