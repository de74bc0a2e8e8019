import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

const NEWLINE = 10;

/**
 * An accumulator that is named like the folder of an output, and perhaps something after #, counts what goes there. In
 * the result of the job it is the number of lines in the folder, whatever has become of its tasks, its parallelism and
 * its processes.
 */
export class AccumulatorChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #names: readonly string[];
  /** By the path of a part file. */
  readonly #lines = new Map<string, number>();
  /** Undefined: whoever finished the job had no time to say. */
  #result: Readonly<Record<string, unknown>> | undefined;

  constructor(verdict: WorldVerdict, names: readonly string[]) {
    this.#verdict = verdict;
    this.#names = names;
  }

  onFileNamed(path: string, { bytes, length }: FileView): void {
    const isPart = path.startsWith('/out/') && path[path.lastIndexOf('/') + 1] !== '.';
    if (!isPart || this.#lines.has(path)) return;
    let lines = 0;
    for (const byte of bytes.subarray(0, length)) if (byte === NEWLINE) lines++;
    this.#lines.set(path, lines);
  }

  onJobResult(accumulators: Readonly<Record<string, unknown>>): void {
    this.#result = accumulators;
  }

  onJobFinished(): void {
    if (this.#result === undefined) return;
    for (const name of this.#names) {
      const value = this.#result[name] ?? 0;
      const [folder = ''] = name.split('#');
      let lines = 0;
      for (const [path, count] of this.#lines) if (path.startsWith(`${folder}/`)) lines += count;
      this.#verdict.check(
        value === lines,
        () => `The job has accumulated ${value} for ${name}, where there are ${lines} lines.`,
      );
    }
  }
}
