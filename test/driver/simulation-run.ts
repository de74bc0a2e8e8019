import { expectNoPromise, MillraceError, Prng } from '../../core/internal.js';
import type { SimulatedDisk } from '../simulation/simulated-disk.js';
import { simulatedJob } from '../simulation/simulated-job.js';
import type { SimulatedJob } from '../simulation/simulated-process.js';
import { runWorldOf, type WorldReport } from '../simulation/world.js';
import { PLAIN_OPTIONS } from '../simulation/world-case.js';
import type { WorldOptions } from '../simulation/world-options.js';
import type { PlannedFault } from './planned-fault.js';
import type { ResultJournal } from './result-journal.js';
import { RunHistory } from './run-history.js';
import { SimulatedSource } from './simulated-source.js';
import type { Simulation } from './simulation.js';
import { simulationFaults } from './simulation-faults.js';
import { checkedResults } from './simulation-input.js';
import type { SimulatedFiles, SimulationIO } from './simulation-io.js';

const PARALLELISM = 2;
const CHECKPOINT_INTERVAL_MS = 3;
/** So many intervals pass while a source gives its values. */
const INTERVALS = 10;

/** What became of one run. */
export interface SimulationRun<OutT> {
  readonly report: WorldReport;
  readonly history: RunHistory;
  readonly results: readonly OutT[];
  readonly vertices: readonly SimulatedVertex[];
}

/** What a story tells of a vertex. */
export interface SimulatedVertex {
  /** Names of its operators. */
  readonly operators: readonly string[];
  /** When the job began. */
  readonly parallelism: number;
  /** It has a sink with a committer. */
  readonly commits: boolean;
}

/** `drawn`: faults are drawn from the seed. */
export async function runSimulation<WorldT, OutT>(
  simulation: Simulation<WorldT, OutT>,
  faults: readonly PlannedFault[] | 'drawn',
  journal?: ResultJournal<OutT>,
): Promise<SimulationRun<OutT>> {
  const options = optionsOf(simulation);
  const world = simulation.world();
  const committing = new Set<string>();
  const job = jobOf(simulation, options, world, committing);
  const history = new RunHistory();
  let disk: SimulatedDisk | undefined;
  const files: SimulatedFiles = { lines: (folder) => (disk === undefined ? [] : linesOf(disk, folder)) };
  const output = (): Iterable<OutT> => checkedResults(simulation.output(world, files));
  const look = (turn: number): void => journal?.look(output(), { turn, task: history.taskAt(turn) });
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
      faults: simulationFaults(faults === 'drawn' ? undefined : faults, simulation.faultKinds, options),
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
    results: [...output()],
    vertices: graph.vertices.map(({ operators, parallelism }) => ({
      operators: operators.map(({ name }) => name),
      parallelism,
      commits: operators.some(({ name }) => committing.has(name)),
    })),
  };
}

/** `committing`: takes the names of the sinks that have a committer. */
function jobOf<WorldT, OutT>(
  simulation: Simulation<WorldT, OutT>,
  options: WorldOptions,
  world: WorldT,
  committing: Set<string>,
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
    const returned: unknown = job(env, io);
    expectNoPromise(returned, 'The job of the simulation');
    for (const { spec } of env.describe().graph.nodes)
      if (spec.isSink === true && spec.isStateful === true) committing.add(spec.name);
  });
}

function optionsOf<WorldT, OutT>({
  seed = 1,
  maxParallelism,
  checkpointIntervalMs,
  unaligned,
  stateBackend,
}: Simulation<WorldT, OutT>): WorldOptions {
  const intervalMs = checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS;
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
    // Any process may be taken over: whether one is must not change what comes before.
    faults: { ...PLAIN_OPTIONS.faults, landing: prng.pick([0, 0.5]), takeovers: 1 },
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
