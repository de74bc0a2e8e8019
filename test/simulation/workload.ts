import type { Prng } from '../../core/internal.js';
import type { SimulatedJob } from './simulated-process.js';
import type { ExpectedOutput } from './topology/topology.js';
import type { WorldVerdict } from './world-failure.js';

/** What the processes of a world run, and what must come of it. */
export interface Workload {
  /** Input files by path. */
  readonly files: ReadonlyMap<string, string>;
  /** Nothing where somebody else looks at what came out. */
  readonly outputs: readonly ExpectedOutput[];
  /** Each is to be printed once or more. */
  readonly prints?: readonly string[];
  /** See Topology. */
  readonly tallies?: readonly string[];
  /** What the sources give, each once. */
  readonly records: number;
  /**
   * A job that was not made for worlds: its user code may throw of itself, and do better the next time, and it may
   * leave files where it likes. In others what user code throws is what it has found wrong.
   */
  readonly isForeign?: boolean;
  /** Some operator may have state that is whole in each of its subtasks. */
  readonly hasUnionState: boolean;
  /**
   * The job for a process.
   *
   * @param version how often somebody has changed it
   * @param shift by how much every parallelism differs
   */
  job(version: number, shift: number): SimulatedJob;
  /**
   * Of a job that may be drained: what its sources have read, and what must have come of that.
   *
   * @param linesOf the lines of a folder
   */
  drained?(
    linesOf: (folder: string) => readonly string[],
    wasDrained: boolean,
    verdict: WorldVerdict,
  ): { readonly records: number; readonly outputs: readonly ExpectedOutput[] };
}

/** Of a world's own chance; `onThrow` is called when user code is about to throw because the world wants it to. */
export type DrawWorkload = (prng: Prng, onThrow: () => void) => Workload;
