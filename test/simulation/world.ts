import { Prng } from '../../core/internal.js';
import { WorldCheckers } from './checkers/world-checkers.js';
import { type FaultPlan, type FaultSupplier, type PlannedFault, PlannedFaults } from './fault-plan.js';
import { type Machinery, SOUND } from './machinery.js';
import { ProcessGroup } from './process-group.js';
import type { DiskWeather } from './scheduled-disk.js';
import { sharedCodecs } from './shared-codecs.js';
import { SimulatedMachine } from './simulated-machine.js';
import { loopTurned, reactionsDone, SimulatedScheduler } from './simulated-scheduler.js';
import { SimulatedState } from './simulated-state.js';
import { SimulatedTime } from './simulated-time.js';
import type { DrawWorkload, Workload } from './workload.js';
import { WorldDamage } from './world-damage.js';
import { type WorldFailure, WorldVerdict } from './world-failure.js';
import { WorldFaults } from './world-faults.js';
import { CALM_DISK, type WorldOptions } from './world-options.js';
import { type TraceLine, WorldTrace } from './world-trace.js';
import { WorldWatcher } from './world-watcher.js';

const START_WALL_MS = 1_750_000_000_000;
/**
 * The longest virtual time in which nothing at all may happen: longer than any pause that the engine or a
 * fault makes, shorter than the timeout of a checkpoint, on which nobody should have to wait.
 */
const SILENCE_MS = 60_000;
const LOOK_EVERY_TURNS = 64;

/** What became of a world. */
export interface WorldReport {
  readonly failure: WorldFailure | undefined;
  readonly hash: string;
  readonly turns: number;
  readonly virtualMs: number;
  /** Lines of output that were expected. */
  readonly lines: number;
  readonly processes: number;
  readonly checkpoints: number;
  readonly restores: number;
  /** What the sources gave, each once. */
  readonly records: number;
  readonly counts: ReadonlyMap<string, number>;
  /** What was done to it: with the same options it gives the same world. */
  readonly plan: FaultPlan;
}

export interface WorldSettings {
  readonly machinery?: Machinery;
  /** Output may hold lines more often than expected. */
  readonly repeats?: boolean;
  readonly onLine?: (line: TraceLine) => void;
  /** Called before each turn, when the reactions to the last one are done. */
  readonly onTurn?: (machine: SimulatedMachine) => void;
  /** The faults, in place of those that are drawn. */
  readonly plan?: FaultPlan;
  /** Brings the faults, in place of those that are drawn or planned. */
  readonly faults?: FaultSupplier;
  /** Brings the faults, in place of any others; asked after each turn, to the end of the job. */
  readonly script?: (stage: WorldStage) => void;
}

/** What a script may lay hands on. */
export interface WorldStage {
  readonly machine: SimulatedMachine;
  readonly processes: ProcessGroup;
  readonly damage: WorldDamage;
}

/** Runs one world to its end. The same options and the same job give the same world. */
export function runWorldOf(
  draw: DrawWorkload,
  options: WorldOptions,
  settings: WorldSettings,
): Promise<WorldReport> {
  return new World(draw, options, settings).run();
}

/**
 * One machine, its processes, and one job that they bring to its end under faults: first a time of safety,
 * in which things go wrong, then one of liveness, in which the job must finish.
 */
class World {
  readonly #verdict = new WorldVerdict();
  readonly #trace: WorldTrace;
  readonly #time: SimulatedTime;
  readonly #scheduler: SimulatedScheduler;
  readonly #weather: DiskWeather;
  readonly #machine: SimulatedMachine;
  readonly #workload: Workload;
  readonly #processes: ProcessGroup;
  readonly #damage: WorldDamage;
  readonly #faults: FaultSupplier;
  /** Those that have come, and when they were over. */
  readonly #came: PlannedFault[] = [];
  #calmTurn = 0;
  readonly #script: WorldSettings['script'];
  readonly #onTurn: WorldSettings['onTurn'];
  readonly #checkers: WorldCheckers;
  readonly #watcher: WorldWatcher | undefined;

  constructor(draw: DrawWorkload, options: WorldOptions, settings: WorldSettings) {
    const { machinery = SOUND, repeats = false, onLine, onTurn, script } = settings;
    this.#script = script;
    this.#onTurn = onTurn;
    const prng = new Prng(options.seed + 0x5eed);
    this.#time = new SimulatedTime(prng.fork(), START_WALL_MS);
    this.#scheduler = new SimulatedScheduler(prng.fork(), this.#time, options.turnMs);
    this.#scheduler.add(this.#time);
    const place = { turn: () => this.#scheduler.turns, timeMs: () => this.#time.nowMs };
    this.#trace = new WorldTrace(place, onLine);
    this.#weather = { conduct: options.faults.disk, late: options.faults.late, flips: new Map() };
    this.#machine = new SimulatedMachine({
      scheduler: this.#scheduler,
      time: this.#time,
      trace: this.#trace,
      weather: this.#weather,
      verdict: this.#verdict,
      state: new SimulatedState(options),
      codecs: sharedCodecs(options),
      checkpointsIn: options.checkpointsIn,
    });
    this.#workload = draw(prng, () => this.#trace.note('user.throws', ''));
    const { listeners } = this.#trace;
    const checked = {
      verdict: this.#verdict,
      options,
      workload: this.#workload,
      repeats,
      describe: () => this.#processes.describe(),
    };
    this.#checkers = new WorldCheckers(checked, listeners);
    this.#processes = new ProcessGroup({
      machine: this.#machine,
      job: (version, shifted, processes) =>
        this.#workload.job(version, (options.rescales ? shifted : 0) + (options.moves ? processes : 0)),
      machinery,
      prng: prng.fork(),
      takeovers: options.faults.takeovers > 0,
      claims: options.claims,
      evolves: options.evolves,
    });
    this.#damage = new WorldDamage({
      machine: this.#machine,
      processes: this.#processes,
      prng: prng.fork(),
      landing: options.faults.landing,
    });
    // Before the faults, which have no chance of their own where they are planned.
    if (options.watched) this.#watcher = new WorldWatcher(prng.fork(), this.#machine, this.#processes);
    this.#faults = supplierOf(settings) ?? drawnFaults(prng.fork(), options);
    listeners.add(this.#processes);
    listeners.add(this.#faults);
  }

  async run(): Promise<WorldReport> {
    const onRejection = (error: unknown): void =>
      this.#verdict.fail('crash', `Nobody handles a rejection: ${String(error)}`, error);
    process.on('unhandledRejection', onRejection);
    await loopTurned();
    try {
      this.#writeInput();
      await this.#runPhase(() => !this.#areFaultsOver);
      this.#calm();
      await this.#runPhase(() => true);
      await this.#end();
    } finally {
      process.off('unhandledRejection', onRejection);
      await this.#machine.state.close();
    }
    return this.#report();
  }

  async #runPhase(goesOn: () => boolean): Promise<void> {
    const scheduler = this.#scheduler;
    while (goesOn()) {
      this.#processes.keepRunning();
      if (this.#processes.finished || this.#verdict.failure !== undefined) return;
      await reactionsDone();
      this.#onTurn?.(this.#machine);
      this.#watcher?.mayLook();
      if (scheduler.turn()) {
        this.#afterTurn();
        if (scheduler.turns % LOOK_EVERY_TURNS === 0) await this.#look();
      } else if (!this.#processes.keepRunning()) this.#passTime();
      this.#trace.listeners.onStepDone();
    }
  }

  /** Nobody can run now. */
  #passTime(): void {
    const { silenceMs } = this.#scheduler;
    // What a fault took away for so many turns comes back where none would be left to wait for.
    if (silenceMs > SILENCE_MS && this.#damage.endOne()) return;
    if (silenceMs === Number.POSITIVE_INFINITY) this.#trace.listeners.onStuck('Nothing can happen any more');
    else if (silenceMs > SILENCE_MS) this.#trace.listeners.onStuck('Nothing happens for a long time');
    else this.#scheduler.passTime();
  }

  #afterTurn(): void {
    if (!this.#areFaultsOver) this.#injectFaults();
    this.#damage.endDue();
  }

  get #areFaultsOver(): boolean {
    return this.#script === undefined && this.#faults.areOver;
  }

  #injectFaults(): void {
    if (this.#script === undefined) this.#faults.afterTurn(this.#scheduler.turns, this.#bring);
    else this.#script({ machine: this.#machine, processes: this.#processes, damage: this.#damage });
  }

  readonly #bring = (fault: PlannedFault): boolean => {
    if (!this.#damage.bring(fault)) return false;
    this.#came.push(fault);
    this.#trace.note(`fault.${fault.kind}`, '');
    return true;
  };

  /** Faults are over. */
  #calm(): void {
    // Where the job has finished before that, they would have gone on.
    this.#calmTurn = this.#scheduler.turns + (this.#areFaultsOver ? 0 : 1);
    this.#trace.note('world.calm', '');
    this.#trace.listeners.onCalm();
    this.#damage.endAll();
    this.#weather.conduct = CALM_DISK;
    this.#weather.late = 0;
    this.#machine.isSlow = false;
  }

  /** The job has finished: whoever is left goes on until he sees it, and one more start must change nothing. */
  async #end(): Promise<void> {
    if (this.#verdict.failure !== undefined) return;
    this.#trace.listeners.onJobFinished();
    const last = this.#processes.start();
    while (this.#processes.alive.length > 0) {
      await reactionsDone();
      this.#onTurn?.(this.#machine);
      if (!this.#scheduler.turn()) {
        const passedMs = this.#processes.alive.length === 0 ? 0 : this.#scheduler.passTime();
        if (passedMs === Number.POSITIVE_INFINITY)
          this.#trace.listeners.onStuck('A process does not end after its job');
      }
      this.#trace.listeners.onStepDone();
      if (this.#verdict.failure !== undefined) return;
    }
    this.#verdict.check(
      last.outcome?.type === 'already-finished',
      () => `The job has finished, and the next start says ${JSON.stringify(last.outcome)}.`,
    );
    if (this.#processes.tidiedUp) this.#trace.listeners.onTidiedUp();
  }

  /** When nothing is under way but what waits for a turn, so that the disk stands still meanwhile. */
  async #look(): Promise<void> {
    await loopTurned();
    this.#machine.auditChannels();
    await this.#trace.listeners.onStandstill();
  }

  #writeInput(): void {
    const { disk } = this.#machine;
    for (const [path, text] of this.#workload.files) {
      const inode = disk.create(path, START_WALL_MS);
      disk.append(inode, Buffer.from(text), START_WALL_MS);
      disk.syncBytes(inode);
      disk.syncFolder(path.slice(0, path.lastIndexOf('/')));
    }
  }

  #report(): WorldReport {
    return {
      failure: this.#verdict.failure,
      hash: this.#trace.hash,
      turns: this.#scheduler.turns,
      virtualMs: this.#time.nowMs,
      lines: this.#workload.outputs.reduce((sum, { lines }) => sum + lines.length, 0),
      processes: this.#processes.count,
      checkpoints: this.#checkers.completed,
      restores: this.#checkers.restores,
      records: this.#checkers.records,
      counts: this.#trace.counts,
      plan: { faults: this.#came, calmTurn: this.#calmTurn },
    };
  }
}

function supplierOf({ faults, plan }: WorldSettings): FaultSupplier | undefined {
  return faults ?? (plan === undefined ? undefined : new PlannedFaults(plan));
}

function drawnFaults(prng: Prng, { faults, safetyTurns, endings }: WorldOptions): FaultSupplier {
  return new WorldFaults(prng, faults, safetyTurns, endings);
}
