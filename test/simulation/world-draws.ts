import { type CheckpointConfig, Prng, type RestartStrategyConfig } from '../../core/internal.js';
import { drawTopologyName, hasRegions, isRescalable } from './topology/topologies.js';
import type { Endings, FaultOptions, WorldOptions } from './world-options.js';

/**
 * Draws a world, swarm style: most of what may vary or go wrong is off altogether in many worlds, so that what it
 * hides from the rest can show. Sizes are such that most worlds count (see world-census.ts) and few last long: what
 * goes on by the hundred shows nothing new.
 *
 * Invariant: each part is drawn from a stream of its own, so one that draws more shifts no other.
 */
export function drawWorldOptions(seed: number): WorldOptions {
  const prng = new Prng(seed);
  const job = drawJob(prng.fork());
  const pace = drawPace(prng.fork());
  const regions = hasRegions(job.topology);
  const checkpointing = drawCheckpointing(prng.fork(), pace.turnMs, regions);
  const alignedTimeoutMs = drawAlignedTimeout(prng.fork(), pace.turnMs, regions);
  const isUnaligned = alignedTimeoutMs !== Number.POSITIVE_INFINITY;
  const memory = drawMemory(prng.fork(), job.topology === 'large-state');
  const restartStrategy = drawRestartStrategy(prng.fork());
  const isUneven = job.endings !== 'none';
  const faults = drawFaults(prng.fork(), pace.turnMs, {
    cancels: checkpointing.retainOnCancellation,
    rescales: job.rescales,
    regions,
    endings: isUneven,
  });
  const surroundings = drawSurroundings(prng.fork(), faults);
  const storingMs = prng.fork().chance(0.5) ? storingTimeMs(faults, pace.turnMs) : Number.POSITIVE_INFINITY;
  return {
    seed,
    ...job,
    ...pace,
    // The end of a job takes fewer turns than all before it.
    safetyTurns: isUneven ? Math.ceil(pace.safetyTurns / 2) : pace.safetyTurns,
    ...memory,
    ...surroundings,
    restartStrategy,
    alignedTimeoutMs,
    checkpointing: {
      ...checkpointing,
      maxConcurrentCheckpoints: isUnaligned ? 1 : checkpointing.maxConcurrentCheckpoints,
      // One that bears few failed checkpoints begins anew after them, and has to come to complete one at last.
      timeoutMs: bearsFailures(checkpointing)
        ? Math.min(checkpointing.timeoutMs, storingMs) * crowd(job.moves, faults)
        : checkpointing.timeoutMs * 40,
    },
    faults,
  };
}

/**
 * How many times as long a checkpoint may take. A job that grows has fewer turns for each task, fewer yet where two
 * leaders run it at once, who share them; what was under way is read before the first checkpoint.
 */
function crowd(moves: boolean, { rescalings, takeovers }: FaultOptions): number {
  if (moves) return 5;
  return rescalings > 0 && takeovers > 0 ? 3 : 1;
}

/** About as long as one slow operation of the disk: a storage that does not answer in that time may complete it yet. */
function storingTimeMs({ disk }: FaultOptions, turnMs: number): number {
  return disk.slow === 0 ? Number.POSITIVE_INFINITY : Math.ceil(Math.max(turnMs * 1000, disk.slowMs * 0.7));
}

/** Of one TaskManager alone, for all that a job needs and is about to need. */
const SLOTS_ENOUGH = 16;

function drawSurroundings(
  prng: Prng,
  { takeovers }: FaultOptions,
): Pick<WorldOptions, 'interpreted' | 'evolves' | 'watched' | 'slots' | 'checkpointsIn'> {
  return {
    checkpointsIn: prng.chance(0.2) ? 'bucket' : 'files',
    interpreted: prng.chance(0.05),
    watched: prng.chance(0.1),
    // Who was overtaken while it started may lead later, and would find what is newer than its job.
    evolves: prng.chance(0.4) && takeovers === 0,
    slots: {
      each: prng.pick([0, 0, SLOTS_ENOUGH, Number.POSITIVE_INFINITY]),
      mode: prng.pick(['NONE', 'SLOTS', 'TASKS']),
    },
  };
}

type Job = Pick<
  WorldOptions,
  | 'topology'
  | 'rescales'
  | 'moves'
  | 'endings'
  | 'events'
  | 'parallelismMax'
  | 'chaining'
  | 'maxParallelism'
  | 'claims'
>;

function drawJob(prng: Prng): Job {
  const topology = drawTopologyName(prng.float());
  const rescales = isRescalable(topology);
  const moves = rescales && prng.chance(0.25);
  const regions = hasRegions(topology);
  const endings = prng.pick<Endings>(['none', 'none', regions ? 'tasks' : 'none', 'data', 'tasks']);
  const isUneven = endings !== 'none';
  return {
    topology,
    rescales,
    moves,
    endings,
    // A few are so small that a part ends before anything else has happened.
    events: prng.chance(0.04) ? prng.between(1, 300) : prng.between(1000, 1150),
    parallelismMax: prng.pick(regions || isUneven ? [2, 2, 3, 4] : [1, 2, 2, 2, 2, 3, 4]),
    // Where some operators move and others stay, chains would change, and edges be no more.
    chaining: prng.chance(0.75) && !moves,
    maxParallelism: prng.pick([4, 8, 128]),
    claims: prng.chance(0.5),
  };
}

type Pace = Pick<
  WorldOptions,
  'turnMs' | 'safetyTurns' | 'budgetMax' | 'slowTasks' | 'autoWatermarkIntervalMs'
>;

function drawPace(prng: Prng): Pace {
  return {
    turnMs: prng.pick([0.02, 0.05, 0.2]),
    safetyTurns: prng.between(100, 900),
    budgetMax: prng.pick([8, 64, 256, 256, 256]),
    slowTasks: prng.pick([0, 0, 0.2, 0.5]),
    autoWatermarkIntervalMs: prng.pick([1, 5, 20, 200]),
  };
}

type Memory = Pick<
  WorldOptions,
  'stateBackend' | 'managedBytes' | 'segmentBytes' | 'network' | 'spareSegments' | 'farState'
>;

/** `isLarge`: state that is to outgrow its memory, mostly, and to be read from LMDB. */
function drawMemory(prng: Prng, isLarge: boolean): Memory {
  return {
    stateBackend: prng.chance(isLarge ? 0.9 : 0.3) ? 'lmdb' : 'heap',
    managedBytes: prng.pick([0, isLarge ? 0 : 640 * 1024]),
    segmentBytes: prng.pick([256, 1024, 1024, 4096, 4096]),
    network: {
      buffersPerChannel: prng.between(1, 2),
      floatingBuffersPerGate: prng.between(0, 4),
      maxBuffersPerChannel: 10,
      maxOverdraftBuffersPerGate: 5,
      requiredPerGateMax: 0x7fff_ffff,
    },
    spareSegments: prng.pick([0, 0, 5, 50]),
    farState: prng.chance(0.3),
  };
}

function bearsFailures({ tolerableFailedCheckpoints }: CheckpointConfig): boolean {
  return tolerableFailedCheckpoints === Number.POSITIVE_INFINITY;
}

function drawCheckpointing(prng: Prng, turnMs: number, regions: boolean): CheckpointConfig {
  const intervalMs = Math.ceil(turnMs * prng.between(15, 100));
  return {
    intervalMs,
    intervalDuringBacklogMs: intervalMs * 2,
    timeoutMs: prng.chance(0.3) ? Math.ceil(turnMs * prng.between(1000, 3000)) : 600_000,
    minPauseMs: prng.chance(0.3) ? Math.ceil(turnMs * prng.between(1, 150)) : 0,
    maxConcurrentCheckpoints: prng.chance(regions ? 0.7 : 0.4) ? prng.between(2, 4) : 1,
    tolerableFailedCheckpoints: prng.pick([0, 3, 3, Number.POSITIVE_INFINITY]),
    numRetained: prng.pick([1, 1, 2, 3]),
    retainOnCancellation: prng.chance(0.5),
    incremental: prng.chance(0.9),
    historySize: 5,
  };
}

function drawAlignedTimeout(prng: Prng, turnMs: number, regions: boolean): number {
  // A region goes back to one of several checkpoints that are under way only where none overtakes.
  if (prng.chance(regions ? 0.6 : 0.4)) return Number.POSITIVE_INFINITY;
  return prng.chance(0.6) ? 0 : Math.ceil(turnMs * prng.between(1, 300));
}

function drawRestartStrategy(prng: Prng): RestartStrategyConfig {
  const delayMs = prng.between(0, 50);
  const strategies: readonly [RestartStrategyConfig, ...RestartStrategyConfig[]] = [
    {
      type: 'exponential-delay',
      initialBackoffMs: Math.max(1, delayMs),
      maxBackoffMs: 1000,
      backoffMultiplier: 1.5,
      resetBackoffThresholdMs: prng.pick([50, 500, 5000]),
      jitterFactor: 0.1,
      attemptsBeforeResetBackoff: prng.pick([2, 4, 2_147_483_647, 2_147_483_647]),
      firstRestartImmediate: prng.chance(0.5),
    },
    { type: 'fixed-delay', attempts: prng.between(1, prng.pick([2, 20])), delayMs },
    {
      type: 'failure-rate',
      maxFailuresPerInterval: prng.between(1, 5),
      intervalMs: prng.between(10, 1000),
      delayMs,
    },
    { type: 'none' },
  ];
  return prng.chance(0.5) ? strategies[0] : prng.pick(strategies);
}

function drawFaults(
  prng: Prng,
  turnMs: number,
  may: Readonly<Record<'cancels' | 'rescales' | 'regions' | 'endings', boolean>>,
): FaultOptions {
  const some = (share: number, most: number): number => (prng.chance(share) ? prng.between(1, most) : 0);
  const failing = prng.chance(0.4);
  const stopKind = prng.pick(['none', 'none', 'none', 'none', 'none', 'suspend', 'suspend', 'drain', 'both']);
  return {
    // What is apart from other things can be lost alone.
    taskKills: may.regions ? some(0.9, 8) : some(0.75, 4),
    taskManagerLosses: some(0.3, 2),
    processKills: some(0.5, 3),
    powerLosses: some(0.3, 2),
    takeovers: some(0.25, 2),
    stops: some(0.2, 2),
    fullDisks: some(0.2, 2),
    outages: some(0.3, 3),
    clockJumps: some(0.2, 3),
    requests: some(0.4, 4),
    cancels: may.cancels ? some(0.25, 1) : 0,
    suspensions: stopKind === 'suspend' || stopKind === 'both' ? prng.between(1, 2) : 0,
    // One that fails is asked for again, and who is impatient asks twice.
    drains: stopKind === 'drain' || stopKind === 'both' ? prng.pick([1, 1, 6]) : 0,
    // Who has ended is to stay so, and those who go on share what is left.
    rescalings: may.rescales ? some(may.endings ? 0.6 : 0.3, 3) : 0,
    throws: some(0.3, 2),
    spite: prng.chance(0.6),
    landing: prng.pick([0, 0.5]),
    late: prng.pick([0, 0, 0.01, 0.05]),
    disk: {
      held: prng.pick([0.05, 0.3, 1]),
      slow: prng.pick([0, 0.05, 0.3]),
      // Now and then longer than a checkpoint has time to be stored.
      slowMs: turnMs * prng.between(10, prng.pick([1500, 1500, 1500, 10_000])),
      slowNames: prng.pick([0, 0, 0.05, 0.5]),
      fail: failing ? prng.pick([0.001, 0.01, 0.03]) : 0,
      failAfter: failing ? prng.pick([0, 0.001, 0.01, 0.03]) : 0,
      flip: prng.pick([0, 0, 0.02, 0.2]),
    },
  };
}
