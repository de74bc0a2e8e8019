import type { Test } from 'tap';
import { runWorld } from '../drawn-world.js';
import type { WorldReport, WorldSettings } from '../world.js';
import { drawWorldOptions } from '../world-draws.js';
import { type FaultOptions, NO_FAULTS, type WorldOptions } from '../world-options.js';
import type { TraceLine } from '../world-trace.js';
import { type Cue, FaultScript } from './fault-script.js';

const CALM: FaultOptions = {
  ...NO_FAULTS,
  landing: 0.5,
  // Every operation has a turn, and so a line, of its own.
  disk: { held: 1, slow: 0, slowMs: 0, slowNames: 0, fail: 0, failAfter: 0, flip: 0 },
};

/** A small world that is drawn as others are, in which nothing goes wrong but what a script does. */
export interface DirectedWorld {
  readonly seed: number;
  readonly cues: readonly Cue[];
  readonly options?: Partial<Omit<WorldOptions, 'checkpointing' | 'faults'>>;
  readonly checkpointing?: Partial<WorldOptions['checkpointing']>;
  readonly faults?: Partial<FaultOptions>;
  readonly machinery?: WorldSettings['machinery'];
}

export interface DirectedReport extends WorldReport {
  readonly script: FaultScript;
  /** The lines of engine and world that are not steps of tasks and disks. */
  readonly story: readonly TraceLine[];
}

export async function runDirected(world: DirectedWorld): Promise<DirectedReport> {
  const drawn = drawWorldOptions(world.seed);
  const options: WorldOptions = {
    ...drawn,
    events: 500,
    parallelismMax: 3,
    budgetMax: 16,
    moves: false,
    slowTasks: 0,
    // What scripts do, they do to files.
    checkpointsIn: 'files',
    turnMs: 0.03,
    alignedTimeoutMs: Number.POSITIVE_INFINITY,
    restartStrategy: { type: 'fixed-delay', attempts: 100, delayMs: 1 },
    ...world.options,
    checkpointing: {
      ...drawn.checkpointing,
      intervalMs: 3,
      intervalDuringBacklogMs: 3,
      timeoutMs: 600_000,
      minPauseMs: 0,
      maxConcurrentCheckpoints: 1,
      tolerableFailedCheckpoints: Number.POSITIVE_INFINITY,
      ...world.checkpointing,
    },
    faults: { ...CALM, ...world.faults },
  };
  const script = new FaultScript(world.cues);
  const story: TraceLine[] = [];
  const onLine = (line: TraceLine): void => {
    if (line.name !== 'task.step' && line.name !== 'disk') story.push(line);
    script.onLine(line);
  };
  const settings = { onLine, script: script.afterTurn.bind(script) };
  const { machinery } = world;
  const report = await runWorld(options, machinery === undefined ? settings : { ...settings, machinery });
  return { ...report, script, story };
}

/** Of so many worlds at least one is such that a script comes to its end. */
const TRIES = 5;

/**
 * Runs worlds, seed by seed from 1 on, until in so many of them the script has come to its end. Each must end well;
 * `look` sees what else must hold of those.
 */
export async function sweep(
  t: Test,
  worlds: number,
  world: (seed: number) => Omit<DirectedWorld, 'seed'>,
  look: (report: DirectedReport, seed: number) => void = () => undefined,
): Promise<void> {
  let played = 0;
  for (let seed = 1; played < worlds && seed <= worlds * TRIES; seed++) {
    const report = await runDirected({ ...world(seed), seed });
    const { failure, script } = report;
    t.equal(failure, undefined, `seed ${seed}: ${failure?.kind} ${failure?.message}`);
    if (!script.isOver) continue;
    played++;
    look(report, seed);
  }
  t.equal(played, worlds, 'worlds in which the script was played');
}
