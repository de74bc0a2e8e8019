import { type CheckpointConfig, Prng, type RestartStrategyConfig } from '../../core/internal.js';
import type { NetworkBufferOptions } from '../../memory/index.js';
import type { DiskConduct } from './scheduled-disk.js';
import type { StateBackendName } from './simulated-state.js';
import { drawExchangeName, drawTopologyName } from './topology/topologies.js';

/** How often each kind of fault comes: expected number in a world's time of safety. Many worlds lack some. */
export interface FaultOptions {
  readonly taskKills: number;
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
  readonly disk: DiskConduct;
}

/** Everything about a world that is drawn before it begins. */
export interface WorldOptions {
  readonly seed: number;
  readonly topology: string;
  readonly events: number;
  readonly parallelismMax: number;
  readonly chaining: boolean;
  readonly maxParallelism: number;
  readonly checkpointing: CheckpointConfig;
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
  /** Turns of safety, with faults; liveness follows, without. */
  readonly safetyTurns: number;
  /** Whether the job has another parallelism after a stop; not where its output depends on it. */
  readonly rescales: boolean;
  /** Whether the job claims the savepoints that it goes on from. */
  readonly claims: boolean;
  readonly faults: FaultOptions;
  /** Tasks look ahead at the keys of their records, as with a state that is large. */
  readonly farState: boolean;
}

/** How a disk behaves when it is well. */
export const CALM_DISK: DiskConduct = { held: 0.3, slow: 0, slowMs: 0, fail: 0, failAfter: 0 };

export function drawWorldOptions(seed: number): WorldOptions {
  const prng = new Prng(seed);
  const turnMs = prng.pick([0.01, 0.03, 0.1]);
  const drawn = drawCheckpointing(prng, turnMs);
  // Drawn apart, so that all else about a world stays as it was.
  const apart = new Prng(seed + 0xa119ed);
  const alignedTimeoutMs = drawAlignedTimeout(apart, turnMs);
  const usual = drawTopologyName(prng.float());
  const topology = apart.chance(0.2) ? drawExchangeName(apart) : usual;
  const moves = apart.chance(0.4) && topology !== 'broadcast-and-global';
  const isUnaligned = alignedTimeoutMs !== Number.POSITIVE_INFINITY;
  const checkpointing = {
    ...drawn,
    maxConcurrentCheckpoints: isUnaligned ? 1 : drawn.maxConcurrentCheckpoints,
    // Of a job that grows each task has fewer of the turns, and what was under way is read before the first checkpoint.
    timeoutMs: moves ? drawn.timeoutMs * 5 : drawn.timeoutMs,
  };
  return {
    seed,
    topology,
    rescales: topology !== 'broadcast-and-global',
    alignedTimeoutMs,
    moves,
    slowTasks: apart.pick([0, 0, 0.2, 0.5]),
    claims: new Prng(seed + 0xc1a1).chance(0.5),
    events: prng.pick([200, 500, 1000, 1500]),
    parallelismMax: prng.pick([1, 2, 2, 3, 4]),
    // Where some operators move and others stay, chains would change, and edges be no more.
    chaining: prng.chance(0.7) && !moves,
    maxParallelism: prng.pick([4, 8, 128]),
    checkpointing,
    restartStrategy: drawRestartStrategy(prng),
    autoWatermarkIntervalMs: prng.pick([1, 5, 20, 200]),
    stateBackend: prng.pick(['heap', 'lmdb']),
    managedBytes: prng.pick([0, 1 << 20]),
    segmentBytes: prng.pick([256, 256, 512, 1024, 4096]),
    network: {
      buffersPerChannel: prng.between(1, 2),
      floatingBuffersPerGate: prng.between(0, 4),
      maxBuffersPerChannel: 10,
      maxOverdraftBuffersPerGate: 5,
      requiredPerGateMax: 0x7fff_ffff,
    },
    spareSegments: prng.pick([0, 0, 5, 50]),
    budgetMax: prng.pick([4, 16, 64, 256]),
    turnMs,
    safetyTurns: prng.between(1000, 4000),
    faults: {
      ...drawFaults(prng, turnMs, checkpointing.retainOnCancellation),
      ...drawStops(seed),
      rescalings: topology === 'broadcast-and-global' ? 0 : drawRescalings(seed),
    },
    farState: prng.chance(0.5),
  };
}

function drawCheckpointing(prng: Prng, turnMs: number): CheckpointConfig {
  const intervalMs = Math.ceil(turnMs * prng.between(50, 600));
  return {
    intervalMs,
    intervalDuringBacklogMs: intervalMs * 2,
    timeoutMs: prng.chance(0.3) ? Math.ceil(turnMs * prng.between(1000, 5000)) : 600_000,
    minPauseMs: prng.chance(0.3) ? Math.ceil(turnMs * prng.between(1, 300)) : 0,
    maxConcurrentCheckpoints: prng.chance(0.4) ? prng.between(2, 4) : 1,
    tolerableFailedCheckpoints: prng.pick([0, 3, 3, Number.POSITIVE_INFINITY]),
    numRetained: prng.pick([1, 1, 2, 3]),
    retainOnCancellation: prng.chance(0.5),
    incremental: prng.chance(0.9),
    historySize: 5,
  };
}

function drawAlignedTimeout(prng: Prng, turnMs: number): number {
  if (prng.chance(0.4)) return Number.POSITIVE_INFINITY;
  return prng.chance(0.6) ? 0 : Math.ceil(turnMs * prng.between(1, 500));
}

function drawRestartStrategy(prng: Prng): RestartStrategyConfig {
  const delayMs = prng.between(0, 50);
  const strategies: readonly [RestartStrategyConfig, ...RestartStrategyConfig[]] = [
    {
      type: 'exponential-delay',
      initialBackoffMs: Math.max(1, delayMs),
      maxBackoffMs: 1000,
      backoffMultiplier: 1.5,
      resetBackoffThresholdMs: 5000,
      jitterFactor: 0.1,
      attemptsBeforeResetBackoff: 2_147_483_647,
      firstRestartImmediate: prng.chance(0.5),
    },
    { type: 'fixed-delay', attempts: prng.between(1, 20), delayMs },
    {
      type: 'failure-rate',
      maxFailuresPerInterval: prng.between(1, 5),
      intervalMs: prng.between(10, 1000),
      delayMs,
    },
    { type: 'none' },
  ];
  return prng.chance(0.6) ? strategies[0] : prng.pick(strategies);
}

/** By themselves, so that worlds without them stay what they were. */
function drawRescalings(seed: number): number {
  const prng = new Prng(seed + 0x5ca1e);
  return prng.chance(0.4) ? prng.between(1, 6) : 0;
}

/** By themselves, so that worlds without stops stay what they were. */
function drawStops(seed: number): Pick<FaultOptions, 'suspensions' | 'drains'> {
  const prng = new Prng(seed + 0x570b);
  const kind = prng.pick(['none', 'none', 'suspend', 'drain', 'both']);
  return {
    suspensions: kind === 'suspend' || kind === 'both' ? prng.between(1, 4) : 0,
    drains: kind === 'drain' || kind === 'both' ? 1 : 0,
  };
}

function drawFaults(
  prng: Prng,
  turnMs: number,
  mayCancel: boolean,
): Omit<FaultOptions, 'suspensions' | 'drains' | 'rescalings'> {
  // Each kind is off altogether in many worlds, so that what it hides from others can show.
  const some = (share: number, most: number): number => (prng.chance(share) ? prng.between(1, most) : 0);
  const failing = prng.chance(0.4);
  return {
    taskKills: some(0.5, 6),
    processKills: some(0.5, 5),
    powerLosses: some(0.4, 3),
    takeovers: some(0.25, 2),
    stops: some(0.2, 2),
    fullDisks: some(0.2, 2),
    outages: some(0.3, 4),
    clockJumps: some(0.2, 3),
    requests: some(0.3, 5),
    cancels: mayCancel ? some(0.3, 2) : 0,
    throws: some(0.3, 2),
    spite: prng.chance(0.5),
    landing: prng.pick([0, 0.5]),
    disk: {
      held: prng.pick([0.1, 0.5, 1]),
      slow: prng.pick([0, 0, 0.05, 0.3]),
      slowMs: turnMs * prng.between(10, 5000),
      fail: failing ? prng.pick([0.001, 0.01]) : 0,
      failAfter: failing ? prng.pick([0, 0.001, 0.01]) : 0,
    },
  };
}

/** For people, one line each. */
export function describeOptions(options: WorldOptions): string {
  return Object.entries(options)
    .map(([name, value]) => `${name.padEnd(24)} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join('\n');
}
