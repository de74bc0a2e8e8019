/** How many keys are remembered: far more than a list lags behind. */
const KEYS_MAX = 2_000;

/**
 * Keys of which something happened not long ago, for lists that may not know it yet.
 *
 * Invariant: holds the last {@link KEYS_MAX} keys at most; the oldest go first.
 */
export class RecentKeys {
  readonly #keys = new Set<string>();

  add(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size <= KEYS_MAX) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      return;
    }
  }

  remove(key: string): void {
    this.#keys.delete(key);
  }

  all(): Iterable<string> {
    return this.#keys;
  }

  /** Those below the prefix that were not found. */
  missingFrom(found: ReadonlySet<string>, prefix: string): string[] {
    return [...this.#keys].filter((key) => key.startsWith(prefix) && !found.has(key));
  }
}
