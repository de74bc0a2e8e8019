import type { Source, TypeDescriptor } from '../../core/internal.js';

/** How a source of a simulation gives its values. */
export interface SimulatedSourceOptions<T> {
  /** Value n is in split n modulo this, and a split has one reader at a time. Default: the parallelism. */
  readonly splits?: number;
  /** Event time of a value, ms. Default: none, until the job assigns one. */
  readonly timestamp?: (value: T) => number;
  /** Default: undeclared. */
  readonly type?: TypeDescriptor<T>;
  /** Virtual time from one value of a split to the next, ms. Default: such that some checkpoints come on the way. */
  readonly paceMs?: number;
}

/** What the job of a simulation is given beside its environment. */
export interface SimulationIO<WorldT> {
  /** What `world` of the simulation has made, one for all tasks and processes of a run. It survives every fault. */
  readonly world: WorldT;
  /** A bounded, replayable source of these values, for `env.fromSource`. */
  source<T>(values: readonly T[], options?: SimulatedSourceOptions<T>): Source<T>;
  /**
   * Settles after so much virtual time, ms: for code that stands for a slow database, say. In place of `setTimeout`,
   * whose time a simulation does not wait for. Never settles once the task that called it has ended.
   */
  sleep(delayMs: number): Promise<void>;
}

/** The disk of a simulation when the job has finished. */
export interface SimulatedFiles {
  /** The lines of all visible files right below a folder, file by file in the order of their names. */
  lines(folder: string): string[];
}
