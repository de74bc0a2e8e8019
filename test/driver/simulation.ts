import type { StreamExecutionEnvironment } from '../../core/internal.js';
import type { FaultKind, PlannedFault } from './planned-fault.js';
import type { SimulatedFiles, SimulationIO } from './simulation-io.js';

/** A job, what surrounds it, and what is to come of it: what {@link simulate} runs. */
export interface Simulation<WorldT, OutT> {
  /** Of all that is left to chance: who runs next, which faults come. Default 1. */
  readonly seed?: number;
  /**
   * What the job reaches beside the engine and what no fault takes away: a database, a queue. Made anew for each run.
   */
  readonly world: () => WorldT;
  /**
   * Describes the job. Called for each task of each attempt, as each thread does: what it makes is gone when the task
   * ends, so what must last belongs into state, or into `io.world`. What it configures of checkpoints, restarts and
   * memory does not count. Not asynchronous.
   */
  readonly job: (env: StreamExecutionEnvironment, io: SimulationIO<WorldT>) => void;
  /** The results, as somebody finds them in the outside world when the job has finished. */
  readonly output: (world: WorldT, files: SimulatedFiles) => Iterable<OutT>;
  /** The results that it must come to. Default: those of a run without faults. */
  readonly expected?: Iterable<OutT>;
  /** Results of which this is the same have an order; without it none has. */
  readonly orderedBy?: (result: OutT) => unknown;
  /** What is done to the job, and when. Default: drawn from the seed. */
  readonly faults?: readonly PlannedFault[];
  /** Of the faults that are drawn, of which most runs have one at least. Default: all kinds. */
  readonly faultKinds?: readonly FaultKind[];
  /** Of operators that set none. Default 2. */
  readonly parallelism?: number;
  /** Number of key groups. Default 128. */
  readonly maxParallelism?: number;
  /**
   * Virtual time between two checkpoints, ms; a turn takes a twentieth of one. Default 3.
   */
  readonly checkpointIntervalMs?: number;
  /** Barriers overtake what lies in channels. Default false. */
  readonly unaligned?: boolean;
  /** Default 'heap'. */
  readonly stateBackend?: 'heap' | 'lmdb';
  /** Files that are on the disk before the job begins, by path: what a FileSource reads. */
  readonly files?: Readonly<Record<string, string>>;
}

export const SIMULATION_OPTIONS: readonly (keyof Simulation<unknown, unknown>)[] = [
  'seed',
  'world',
  'job',
  'output',
  'expected',
  'orderedBy',
  'faults',
  'faultKinds',
  'parallelism',
  'maxParallelism',
  'checkpointIntervalMs',
  'unaligned',
  'stateBackend',
  'files',
];
