import { MillraceError, Prng } from '../../core/internal.js';
import type { FaultPlan } from '../simulation/fault-plan.js';
import type { SimulatedDisk } from '../simulation/simulated-disk.js';
import { simulatedJob } from '../simulation/simulated-job.js';
import type { SimulatedJob } from '../simulation/simulated-process.js';
import { runWorldOf, type WorldReport } from '../simulation/world.js';
import { PLAIN_OPTIONS } from '../simulation/world-case.js';
import type { FaultOptions, WorldOptions } from '../simulation/world-options.js';
import { FAULT_KINDS, type FaultKind, type PlannedFault } from './planned-fault.js';
import type { ResultJournal } from './result-journal.js';
import { RunHistory } from './run-history.js';
import { SimulatedSource } from './simulated-source.js';
import type { Simulation } from './simulation.js';
import type { SimulatedFiles, SimulationIO } from './simulation-io.js';

const PARALLELISM = 2;
const CHECKPOINT_INTERVAL_MS = 3;
/** So many intervals pass while a source gives its values. */
const INTERVALS = 10;
/** Turns after the last planned fault until the last thing that lasts has ended: a process that stands still, say. */
const LASTING_TURNS = 1500;

/** What became of one run. */
export interface SimulationRun<OutT> {
  readonly report: WorldReport;
  readonly history: RunHistory;
  readonly results: readonly OutT[];
  /** Names of the operators of each vertex. */
  readonly vertices: readonly (readonly string[])[];
}

/** `drawn`: faults are drawn from the seed. */
export async function runSimulation<WorldT, OutT>(
  simulation: Simulation<WorldT, OutT>,
  faults: readonly PlannedFault[] | 'drawn',
  journal?: ResultJournal<OutT>,
): Promise<SimulationRun<OutT>> {
  const options = optionsOf(simulation, faults);
  const world = simulation.world();
  const job = jobOf(simulation, options, world);
  const history = new RunHistory();
  let disk: SimulatedDisk | undefined;
  const files: SimulatedFiles = { lines: (folder) => (disk === undefined ? [] : linesOf(disk, folder)) };
  const look = (turn: number): void =>
    journal?.look(simulation.output(world, files), { turn, task: history.taskAt(turn) });
  // What is wrong with the job itself is told before anything is done to it.
  const { graph } = job.build();
  if (graph.runtimeMode !== 'STREAMING')
    throw new MillraceError('MR1001', 'A simulation runs a job as a stream, and this one is a batch.', {
      hint: "Describe it with the mode 'STREAMING'.",
    });
  const report = await runWorldOf(
    () => ({
      files: new Map(Object.entries(simulation.files ?? {})),
      outputs: [],
      records: 0,
      hasUnionState: true,
      isForeign: true,
      job: () => job,
    }),
    options,
    {
      ...(faults === 'drawn' ? {} : { plan: planOf(faults) }),
      onLine: (line) => history.onLine(line),
      onTurn: (machine) => {
        disk = machine.disk;
        look(machine.scheduler.turns);
      },
    },
  );
  look(report.turns);
  return {
    report,
    history,
    results: [...simulation.output(world, files)],
    vertices: graph.vertices.map(({ operators }) => operators.map(({ name }) => name)),
  };
}

function jobOf<WorldT, OutT>(
  simulation: Simulation<WorldT, OutT>,
  options: WorldOptions,
  world: WorldT,
): SimulatedJob {
  const { parallelism = PARALLELISM, job } = simulation;
  return simulatedJob(options, (env, host) => {
    env.setParallelism(parallelism);
    const io: SimulationIO<WorldT> = {
      world,
      sleep: (delayMs) => host?.sleep(delayMs) ?? new Promise<never>(() => undefined),
      source: (values, { splits = parallelism, timestamp, type, paceMs } = {}) => {
        const perSplit = Math.max(1, Math.ceil(values.length / splits));
        const ownPaceMs = (options.checkpointing.intervalMs * INTERVALS) / perSplit;
        return new SimulatedSource({ values, splits, timestamp, type, paceMs: paceMs ?? ownPaceMs });
      },
    };
    job(env, io);
  });
}

function planOf(faults: readonly PlannedFault[]): FaultPlan {
  const last = faults.reduce((most, { turn }) => Math.max(most, turn), 0);
  return { faults, calmTurn: last === 0 ? 0 : last + LASTING_TURNS };
}

function optionsOf<WorldT, OutT>(
  {
    seed = 1,
    maxParallelism,
    checkpointIntervalMs,
    unaligned,
    stateBackend,
    faultKinds,
  }: Simulation<WorldT, OutT>,
  faults: readonly PlannedFault[] | 'drawn',
): WorldOptions {
  const intervalMs = checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS;
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new MillraceError('MR1001', `The seed is ${String(seed)}.`, {
      hint: 'Give a whole number, 0 or more.',
    });
  const prng = new Prng(seed);
  return {
    ...PLAIN_OPTIONS,
    seed,
    topology: '',
    maxParallelism: maxParallelism ?? PLAIN_OPTIONS.maxParallelism,
    checkpointing: {
      ...PLAIN_OPTIONS.checkpointing,
      intervalMs,
      intervalDuringBacklogMs: intervalMs,
      incremental: true,
    },
    alignedTimeoutMs: unaligned === true ? 0 : PLAIN_OPTIONS.alignedTimeoutMs,
    stateBackend: stateBackend ?? 'heap',
    slowTasks: prng.pick([0, 0, 0.3]),
    safetyTurns: prng.between(200, 800),
    endings: prng.pick(['none', 'none', 'none', 'data']),
    faults:
      faults === 'drawn'
        ? drawnFaults(prng, new Set(faultKinds ?? FAULT_KINDS))
        : {
            ...PLAIN_OPTIONS.faults,
            landing: 0.5,
            takeovers: faults.some(({ kind }) => kind === 'takeOver') ? 1 : 0,
          },
  };
}

/** Most kinds are missing in most runs, so that what they hide can show. */
function drawnFaults(prng: Prng, kinds: ReadonlySet<FaultKind>): FaultOptions {
  const some = (kind: FaultKind, share: number, most: number): number => {
    const count = prng.chance(share) ? prng.between(1, most) : 0;
    return kinds.has(kind) ? count : 0;
  };
  return {
    ...PLAIN_OPTIONS.faults,
    taskKills: some('killTask', 0.8, 3),
    processKills: some('killProcess', 0.5, 2),
    taskManagerLosses: some('loseTaskManager', 0.3, 2),
    requests: some('requestCheckpoint', 0.3, 2),
    stops: some('stopProcess', 0.2, 1),
    cancels: some('cancelJob', 0.2, 1),
    suspensions: some('suspendJob', 0.2, 1),
    rescalings: some('rescaleJob', 0.2, 2),
    powerLosses: some('losePower', 0.2, 1),
    outages: some('breakDisk', 0.2, 2),
    fullDisks: some('fillDisk', 0.1, 1),
    clockJumps: some('jumpClock', 0.1, 2),
    takeovers: some('takeOver', 0.2, 1),
    spite: prng.chance(0.7),
    landing: prng.pick([0, 0.5]),
  };
}

function linesOf(disk: SimulatedDisk, folder: string): string[] {
  return disk
    .entries(folder)
    .filter(({ name, isFolder }) => !isFolder && !name.startsWith('.'))
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => {
      const inode = disk.find(`${folder}/${name}`);
      const text = new TextDecoder().decode(inode?.bytes.subarray(0, inode.length));
      return text.split('\n').filter((line, index, all) => line !== '' || index < all.length - 1);
    });
}
