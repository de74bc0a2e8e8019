import type { MillraceError } from '../../core/internal.js';
import { FAULT_KINDS, type FaultKind, type PlannedFault } from './planned-fault.js';
import { compareResults } from './result-difference.js';
import { ResultJournal } from './result-journal.js';
import type { Simulation } from './simulation.js';
import { checkSimulation } from './simulation-input.js';
import { runSimulation, type SimulationRun } from './simulation-run.js';
import { failureStory, resultStory, type StoryParts } from './simulation-story.js';

/** What became of a simulated job. */
export interface SimulationReport<OutT> {
  /** MR5016: what went wrong, why, and what to do about it; undefined: it came to the right results. */
  readonly failure: MillraceError | undefined;
  /** What was done to it, and came: run with these and the same seed, it goes the same way again. */
  readonly faults: readonly PlannedFault[];
  readonly results: readonly OutT[];
  readonly expected: readonly OutT[];
  /** How long the run was; see {@link PlannedFault.turn}. */
  readonly turns: number;
  /** Checkpoints that were completed. */
  readonly checkpoints: number;
  /** How often the job, or a part of it, began again. */
  readonly recoveries: number;
  /** Over all that happened: the same for two runs that went the same way. */
  readonly hash: string;
  /** @throws MillraceError the failure, if there is one */
  expectOk(): void;
}

let previous: Promise<unknown> = Promise.resolve();

/**
 * Runs a job of your own, in milliseconds and on one thread, while its tasks, its processes and its disk fail, and
 * tells whether the outside world holds in the end what it would hold without faults. The engine is the real one: job
 * master, operators, channels, checkpoints, state, commits; time, threads and the disk are simulated.
 *
 * The same seed gives the same run, as long as user code asks for nothing real: `Date.now`, `setTimeout`, a network
 * and files of the real disk are not simulated, and what waits for them alone is said not to come to its end. Promises
 * that settle in reactions to others, and those of `io.sleep`, are waited for. Runs of one thread go one after another.
 *
 * @throws MillraceError (rejects) what the graph finds wrong with the job, MR1001 for a wrong option, MR5002 if
 * `job` is asynchronous
 *
 * @example
 * ```ts
 * const report = await simulate({
 *   seed: 7,
 *   world: () => ({ rows: new Map<string, string>() }),
 *   job: (env, io) => {
 *     env
 *       .fromSource(io.source(['a', 'b', 'c']), WatermarkStrategy.noWatermarks(), 'letters')
 *       .sinkTo({
 *         createWriter: () => ({
 *           write: (letter) => void io.world.rows.set(letter, letter.toUpperCase()),
 *           flush() {},
 *         }),
 *       }, 'to-table');
 *   },
 *   output: ({ rows }) => rows.values(),
 * });
 * report.expectOk();
 * ```
 */
export function simulate<WorldT, OutT>(
  simulation: Simulation<WorldT, OutT>,
): Promise<SimulationReport<OutT>> {
  // Who takes all that happens between two turns for his own has to be alone.
  const run = previous.then(() => reportOf(simulation));
  previous = run.catch(toldToTheCaller);
  return run;
}

async function reportOf<WorldT, OutT>(simulation: Simulation<WorldT, OutT>): Promise<SimulationReport<OutT>> {
  checkSimulation(simulation);
  const { faults: wanted = 'drawn' } = simulation;
  const calm = simulation.expected === undefined ? await runSimulation(simulation, []) : undefined;
  const expected = calm?.results ?? [...(simulation.expected ?? [])];
  const run = calm?.report.failure === undefined ? await runSimulation(simulation, wanted) : calm;
  const faults = run.report.plan.faults.filter(isOfUsers);
  const failure = await failureOf(simulation, wanted, run, expected);
  return {
    failure,
    faults,
    results: run.results,
    expected,
    turns: run.report.turns,
    checkpoints: run.report.checkpoints,
    recoveries: run.history.recoveries.length,
    hash: run.report.hash,
    expectOk() {
      if (failure !== undefined) throw failure;
    },
  };
}

async function failureOf<WorldT, OutT>(
  simulation: Simulation<WorldT, OutT>,
  wanted: readonly PlannedFault[] | 'drawn',
  { report, results, history, vertices }: SimulationRun<OutT>,
  expected: readonly OutT[],
): Promise<MillraceError | undefined> {
  const { seed = 1, orderedBy } = simulation;
  const compare = orderedBy === undefined ? {} : { orderedBy };
  const areSame = (one: readonly OutT[], other: readonly OutT[]): boolean =>
    compareResults(one, other, compare) === undefined;
  const faults = report.plan.faults.filter(isOfUsers);
  const journal = new ResultJournal<OutT>();
  const parts: StoryParts<OutT> = {
    seed,
    faults,
    history,
    vertices,
    journal,
    isUnstable: false,
    isWrongAnyway: false,
    isChancy: false,
  };
  const calmRun = (): Promise<SimulationRun<OutT>> => runSimulation(simulation, []);
  if (report.failure !== undefined) {
    const isWrongAnyway = faults.length === 0 || (await calmRun()).report.failure !== undefined;
    return failureStory(report.failure, { ...parts, isWrongAnyway });
  }
  const difference = compareResults(expected, results, compare);
  if (difference === undefined) return undefined;
  // It goes the same way again, and somebody watches what comes when.
  const again = await runSimulation(simulation, wanted, journal);
  const calm = await calmRun();
  const isWrongAnyway = !areSame(expected, calm.results);
  // What is expected is what came of a run without faults, where nobody has said it.
  const first = isWrongAnyway && simulation.expected !== undefined ? (await calmRun()).results : expected;
  const isChancy = isWrongAnyway && !areSame(first, calm.results);
  return resultStory(difference, {
    ...parts,
    history: again.history,
    isUnstable: again.report.hash !== report.hash,
    isWrongAnyway,
    isChancy,
  });
}

function isOfUsers(fault: { readonly kind: string }): fault is PlannedFault {
  return FAULT_KINDS.includes(fault.kind as FaultKind);
}

/** Who called is given the rejection; the next run only waits for its turn. */
function toldToTheCaller(): void {}
