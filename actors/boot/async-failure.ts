/**
 * Hands an error of an asynchronous callback to whoever can fail the task, even if that comes to be later
 * than the error.
 *
 * Invariant: the first error is handed over exactly once.
 */
export class AsyncFailure {
  #error: { readonly value: unknown } | undefined;
  #handler: ((error: unknown) => void) | undefined;

  set(error: unknown): void {
    if (this.#handler !== undefined) this.#handler(error);
    else this.#error ??= { value: error };
  }

  handWith(handler: (error: unknown) => void): void {
    this.#handler = handler;
    if (this.#error !== undefined) handler(this.#error.value);
  }
}
