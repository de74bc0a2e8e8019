import { type Profiler, Session } from 'node:inspector';

/** Whose blocks count: the engine's, and those of the packages that read for it. */
const COUNTED = /\/(?:dist\/(?:core|memory|storage|actors)|node_modules\/(?:msgpackr|hyparquet))\//;

/**
 * Which blocks of the engine's code have run, and how often, by V8's own counters: no native package is needed, and no
 * code is changed. A look at them costs some milliseconds, however little has run.
 *
 * Invariant: `#seen` only grows.
 */
export class BlockCoverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  get blocks(): number {
    return this.#seen.size;
  }

  /** Whether a block has run since the last call of either method that had not run before, or not as often by far. */
  hasNew(): boolean {
    for (const block of this.#ran()) if (!this.#seen.has(block)) return true;
    return false;
  }

  /** {@link hasNew}, and from now on those blocks are known. */
  take(): boolean {
    const before = this.#seen.size;
    for (const block of this.#ran()) this.#seen.add(block);
    return this.#seen.size > before;
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  *#ran(): Iterable<string> {
    for (const { url, scriptId, functions } of this.#taken()) {
      if (!COUNTED.test(url)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          const often = Math.min(Math.log2(count) | 0, 8);
          if (count > 0) yield `${scriptId}:${startOffset}:${endOffset}:${often}`;
        }
      }
    }
  }

  #taken(): readonly Profiler.ScriptCoverage[] {
    let result: readonly Profiler.ScriptCoverage[] = [];
    // It answers before it returns, since it asks its own thread.
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      result = taken.result;
    });
    return result;
  }
}
