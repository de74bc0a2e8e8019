import type { CheckpointConfig, RestartStrategyConfig } from '../../core/internal.js';
import type { NetworkBufferOptions } from '../../memory/index.js';
import type { DiskConduct } from './scheduled-disk.js';
import type { StateBackendName } from './simulated-state.js';
import type { SlotOptions } from './simulated-task-managers.js';

/** How often each kind of fault comes: expected number in a world's time of safety. Many worlds lack some. */
export interface FaultOptions {
  readonly taskKills: number;
  /** The tasks of one of its two TaskManagers end at once. */
  readonly taskManagerLosses: number;
  readonly processKills: number;
  readonly powerLosses: number;
  /** The leader is paused, another process takes over, and the old one goes on later. */
  readonly takeovers: number;
  /** SIGTERM. */
  readonly stops: number;
  /** The disk is full for a while. */
  readonly fullDisks: number;
  /** Every other operation on the disk fails for a while. */
  readonly outages: number;
  readonly clockJumps: number;
  /** Somebody asks for a checkpoint. */
  readonly requests: number;
  /** Somebody cancels the job, whose checkpoints are retained, and resumes it. */
  readonly cancels: number;
  /** Somebody stops the job with a savepoint, and starts it from that at another parallelism. */
  readonly suspensions: number;
  /** Somebody has the job drained: what it has read by then is all that it is to have read. */
  readonly drains: number;
  /** Somebody has the running job rescaled. */
  readonly rescalings: number;
  /** Events at which user code throws, once. */
  readonly throws: number;
  /** A fault comes soon after something that matters, rather than at any time. */
  readonly spite: boolean;
  /** Probability that a disk operation of something that ended takes effect later. */
  readonly landing: number;
  /** Probability that a write to an object store arrives after its failure was told. */
  readonly late: number;
  readonly disk: DiskConduct;
}

export type CheckpointPlace = 'files' | 'bucket';

/** Everything about a world that is drawn before it begins. */
export interface WorldOptions {
  readonly seed: number;
  readonly topology: string;
  /** Of all sources together, at least. */
  readonly events: number;
  readonly parallelismMax: number;
  readonly chaining: boolean;
  readonly maxParallelism: number;
  readonly checkpointing: CheckpointConfig;
  /** Where checkpoints and savepoints lie. */
  readonly checkpointsIn: CheckpointPlace;
  readonly restartStrategy: RestartStrategyConfig;
  /** How long a checkpoint waits for its barriers before it overtakes what is under way; Infinity: it is aligned. */
  readonly alignedTimeoutMs: number;
  /** Each process starts the job at another parallelism. */
  readonly moves: boolean;
  /** Share of the tasks that get few turns, so that those before them find no room. */
  readonly slowTasks: number;
  readonly autoWatermarkIntervalMs: number;
  readonly stateBackend: StateBackendName;
  /** Of each task; little, so that state finds no room in it. */
  readonly managedBytes: number;
  readonly segmentBytes: number;
  readonly network: NetworkBufferOptions;
  readonly spareSegments: number;
  readonly budgetMax: number;
  /** Virtual time of one turn, on average. */
  readonly turnMs: number;
  /** Turns of safety, with faults, from the first checkpoint on; liveness follows, without. */
  readonly safetyTurns: number;
  readonly endings: Endings;
  /** Whether the job has another parallelism after a stop; not where its output depends on it. */
  readonly rescales: boolean;
  /** Whether the job claims the savepoints that it goes on from. */
  readonly claims: boolean;
  readonly faults: FaultOptions;
  /** Tasks look ahead at the keys of their records, as with a state that is large. */
  readonly farState: boolean;
  /** None: nobody counts them, and every second subtask is on each of two TaskManagers. */
  readonly slots: SlotOptions;
  /** The processes forbid code from strings: no codec is compiled. */
  readonly interpreted: boolean;
  /** Somebody looks at metrics, failures and event time of the job now and then. */
  readonly watched: boolean;
  /** Each process starts a job that somebody has changed since the last one. */
  readonly evolves: boolean;
}

/**
 * What faults wait for, beside a checkpoint: nothing; a task that has had all of its input; or a checkpoint that holds
 * a finished task.
 */
export type Endings = 'none' | 'data' | 'tasks';

/** How a disk behaves when it is well. */
export const CALM_DISK: DiskConduct = {
  held: 0.3,
  slow: 0,
  slowMs: 0,
  slowNames: 0,
  fail: 0,
  failAfter: 0,
  flip: 0,
};

/** Of a world in which nothing is done. */
export const NO_FAULTS: FaultOptions = {
  taskKills: 0,
  taskManagerLosses: 0,
  processKills: 0,
  powerLosses: 0,
  takeovers: 0,
  stops: 0,
  fullDisks: 0,
  outages: 0,
  clockJumps: 0,
  requests: 0,
  cancels: 0,
  suspensions: 0,
  drains: 0,
  rescalings: 0,
  throws: 0,
  spite: false,
  landing: 0,
  late: 0,
  disk: CALM_DISK,
};

/** For people, one line each. */
export function describeOptions(options: WorldOptions): string {
  return Object.entries(options)
    .map(([name, value]) => `${name.padEnd(24)} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join('\n');
}
