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
  /** By the path of a part file. */
  readonly #lines = new Map<string, number>();
  #result: Readonly<Record<string, unknown>> = {};

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
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
    for (const [name, value] of Object.entries(this.#result)) {
      const [folder = ''] = name.split('#');
      if (!folder.startsWith('/')) continue;
      let lines = 0;
      for (const [path, count] of this.#lines) if (path.startsWith(`${folder}/`)) lines += count;
      this.#verdict.check(
        value === lines,
        () => `The job has accumulated ${value} for ${name}, where there are ${lines} lines.`,
      );
    }
  }
}
