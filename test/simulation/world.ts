import {
  buildJob,
  createDefineJob,
  type HolderState,
  type JobHolder,
  JobParameters,
  MillraceError,
  Prng,
} from '../../core/internal.js';
import { jobFolder } from '../../storage/index.js';
import { CheckpointChecker } from './checkers/checkpoint-checker.js';
import { FailureChecker } from './checkers/failure-checker.js';
import { checkNewestManifest } from './checkers/manifest-checker.js';
import { OutputChecker } from './checkers/output-checker.js';
import { type Machinery, SOUND } from './machinery.js';
import type { DiskWeather } from './scheduled-disk.js';
import { SimulatedMachine } from './simulated-machine.js';
import { CHECKPOINTS_FOLDER, type SimulatedJob, SimulatedProcess } from './simulated-process.js';
import { reactionsDone, SimulatedScheduler } from './simulated-scheduler.js';
import { SimulatedTime } from './simulated-time.js';
import { TOPOLOGIES } from './topology/topologies.js';
import type { Topology } from './topology/topology.js';
import { TopologyKit } from './topology/topology-kit.js';
import { type WorldFailure, WorldVerdict } from './world-failure.js';
import { type FaultTargets, WorldFaults } from './world-faults.js';
import { CALM_DISK, type WorldOptions } from './world-options.js';
import { WorldTrace } from './world-trace.js';

const JOB_NAME = 'simulated';
const START_WALL_MS = 1_750_000_000_000;
/** Turns and jumps of time within which a job without faults must finish. */
const LIVENESS_STEPS = 200_000;
const LOOK_EVERY_TURNS = 64;

/** What became of a world. */
export interface WorldReport {
  readonly failure: WorldFailure | undefined;
  readonly hash: string;
  readonly turns: number;
  readonly virtualMs: number;
  readonly events: number;
  readonly processes: number;
  readonly checkpoints: number;
  readonly restores: number;
  readonly faults: number;
  readonly counts: ReadonlyMap<string, number>;
}

export interface WorldSettings {
  readonly machinery?: Machinery;
  readonly onLine?: (line: string) => void;
}

/** Runs one world to its end. The same options give the same world. */
export function runWorld(options: WorldOptions, settings: WorldSettings = {}): Promise<WorldReport> {
  return new World(options, settings).run();
}

/**
 * One machine, its processes, and one job that they bring to its end under faults: first a time of safety,
 * in which things go wrong, then one of liveness, in which the job must finish.
 */
class World implements FaultTargets {
  readonly #options: WorldOptions;
  readonly #machinery: Machinery;
  readonly #prng: Prng;
  readonly #verdict = new WorldVerdict();
  readonly #trace: WorldTrace;
  readonly #time: SimulatedTime;
  readonly #scheduler: SimulatedScheduler;
  readonly #weather: DiskWeather;
  readonly #machine: SimulatedMachine;
  readonly #topology: Topology;
  readonly #job: SimulatedJob;
  readonly #faults: WorldFaults;
  readonly #output: OutputChecker;
  readonly #checkpoints: CheckpointChecker;
  readonly #failures: FailureChecker;
  readonly #processes: SimulatedProcess[] = [];
  readonly #ended = new Set<SimulatedProcess>();
  /** What the world does by itself at a turn. */
  #agenda: { readonly turn: number; readonly act: () => void }[] = [];
  #finished = false;

  constructor(options: WorldOptions, { machinery = SOUND, onLine }: WorldSettings) {
    this.#options = options;
    this.#machinery = machinery;
    const prng = new Prng(options.seed + 0x5eed);
    this.#prng = prng;
    this.#time = new SimulatedTime(prng.fork(), START_WALL_MS);
    this.#scheduler = new SimulatedScheduler(prng.fork(), this.#time, options.turnMs);
    this.#scheduler.add(this.#time);
    const place = (): string =>
      `${String(this.#scheduler.turns).padStart(6)} ${this.#time.nowMs.toFixed(2).padStart(10)}`;
    this.#trace = new WorldTrace(place, onLine);
    this.#weather = { conduct: options.faults.disk };
    this.#machine = new SimulatedMachine(
      this.#scheduler,
      this.#time,
      this.#trace,
      this.#weather,
      this.#verdict,
    );
    this.#topology = this.#drawTopology(prng.fork());
    this.#job = this.#describeJob();
    this.#faults = new WorldFaults(prng.fork(), options.faults, this);
    this.#output = new OutputChecker(this.#topology.outputs, this.#verdict);
    this.#checkpoints = new CheckpointChecker(this.#verdict);
    this.#failures = new FailureChecker(this.#verdict, (process) => this.#checkpoints.isLeader(process));
    this.#trace.listen((event) => {
      this.#checkpoints.onEvent(event);
      this.#failures.onEvent(event);
      this.#faults.onEvent(event.name);
    });
  }

  async run(): Promise<WorldReport> {
    const onRejection = (error: unknown): void =>
      this.#verdict.fail('crash', `Nobody handles a rejection: ${String(error)}`, error);
    process.on('unhandledRejection', onRejection);
    try {
      this.#writeInput();
      await this.#runPhase(this.#options.safetyTurns, true);
      this.#calm();
      await this.#runPhase(Number.POSITIVE_INFINITY, false);
      await this.#end();
    } finally {
      process.off('unhandledRejection', onRejection);
    }
    return this.#report();
  }

  // ---- phases

  async #runPhase(turnsMax: number, withFaults: boolean): Promise<void> {
    const scheduler = this.#scheduler;
    for (let steps = 0; scheduler.turns < turnsMax && !this.#finished; steps++) {
      if (this.#verdict.failure !== undefined) return;
      if (steps > LIVENESS_STEPS) {
        this.#verdict.fail('stuck', `The job does not finish: ${this.#describe()}`);
        return;
      }
      this.#keepRunning();
      const outcome = await scheduler.turn();
      if (outcome === 'stuck' && !this.#keepRunning() && !this.#goOnEarly()) {
        this.#verdict.fail('stuck', `Nothing can happen any more: ${this.#describe()}`);
        return;
      }
      if (outcome === 'ran') await this.#afterTurn(turnsMax, withFaults);
    }
  }

  async #afterTurn(turnsMax: number, withFaults: boolean): Promise<void> {
    const { turns } = this.#scheduler;
    if (withFaults) this.#faults.afterTurn(turnsMax - turns);
    const due = this.#agenda.filter(({ turn }) => turn <= turns);
    this.#agenda = this.#agenda.filter(({ turn }) => turn > turns);
    for (const { act } of due) act();
    if (turns % LOOK_EVERY_TURNS === 0) await this.#look(false);
  }

  /** Faults are over. */
  #calm(): void {
    this.#trace.note('world.calm', '');
    this.#weather.conduct = CALM_DISK;
    this.#machine.disk.capacityBytes = Number.MAX_SAFE_INTEGER;
    for (const { act } of this.#agenda) act();
    this.#agenda = [];
  }

  /** The job has finished: zombies go on until they see it, and one more start must change nothing. */
  async #end(): Promise<void> {
    if (this.#verdict.failure !== undefined) return;
    this.#output.look(this.#machine.disk, true);
    this.#output.expectAll();
    for (const process of this.#processes) if (process.isPaused) process.pause(false);
    const last = this.#start();
    for (let steps = 0; this.#processes.some((process) => process.isAlive); steps++) {
      const outcome = await this.#scheduler.turn();
      const over = !this.#processes.some((process) => process.isAlive);
      if ((outcome === 'stuck' && !over) || steps > LIVENESS_STEPS) {
        this.#verdict.fail('stuck', `A process does not end after the job: ${this.#describe()}`);
        return;
      }
    }
    this.#verdict.check(
      last.outcome?.type === 'already-finished',
      () => `The job has finished, and the next start says ${JSON.stringify(last.outcome)}.`,
    );
    this.#output.look(this.#machine.disk, true);
  }

  // ---- processes

  /** Takes note of processes that have ended, and starts one where none leads or will. True: something has changed. */
  #keepRunning(): boolean {
    for (const process of this.#processes) {
      const { outcome } = process;
      if (outcome === undefined || this.#ended.has(process)) continue;
      this.#ended.add(process);
      if (outcome.type === 'failed') this.#failures.onProcessFailed(process.number, outcome.error);
      else this.#finished = true;
    }
    if (this.#finished) return true;
    if (this.#processes.some(isActive)) return false;
    this.#start();
    return true;
  }

  #start(): SimulatedProcess {
    const number = this.#processes.length + 1;
    const parts = {
      machine: this.#machine,
      job: this.#job,
      machinery: this.#machinery,
      prng: this.#prng.fork(),
    };
    const process = new SimulatedProcess(number, parts, (holder) => this.#holderState(holder));
    this.#processes.push(process);
    // A new start that is overtaken while it asks would rightly begin the finished job anew.
    process.start(number === 1 && this.#options.faults.takeovers === 0 ? 'new' : 'resume');
    return process;
  }

  #holderState(holder: JobHolder): HolderState {
    const process = this.#processes[holder.pid - 1];
    if (process === undefined || !process.isAlive) return 'dead';
    return 'unknown';
  }

  // ---- faults

  killTask(): boolean {
    const tasks = this.#processes.filter(isActive).flatMap((process) => process.launcher.tasks);
    const task = tasks[this.#prng.below(Math.max(1, tasks.length))];
    task?.kill(new MillraceError('MR5003', 'The task was killed.'));
    return task !== undefined;
  }

  killProcess(): boolean {
    const process = this.#anyProcess((candidate) => candidate.isAlive);
    process?.kill(this.#options.faults.landing);
    return process !== undefined;
  }

  losePower(): boolean {
    this.#output.look(this.#machine.disk, false);
    for (const process of this.#processes) if (process.isAlive) process.kill(0);
    this.#trace.note('machine.power-loss', '');
    this.#machine.losePower(this.#prng);
    this.#output.look(this.#machine.disk, true);
    return true;
  }

  takeOver(): boolean {
    const process = this.#anyProcess(isActive);
    process?.pause(true);
    if (process !== undefined) {
      this.#later(this.#prng.between(10, 1500), () => {
        if (process.isAlive) process.pause(false);
      });
    }
    return process !== undefined;
  }

  stopProcess(): boolean {
    const process = this.#anyProcess(isActive);
    process?.stop();
    return process !== undefined;
  }

  fillDisk(): boolean {
    const { disk } = this.#machine;
    let used = 0;
    for (const length of disk.files().values()) used += length;
    disk.capacityBytes = Math.floor(used * this.#prng.float()) + this.#prng.between(0, 4000);
    this.#trace.note('disk.full', `${used} of ${disk.capacityBytes}`);
    this.#later(this.#prng.between(10, 500), () => {
      this.#machine.disk.capacityBytes = Number.MAX_SAFE_INTEGER;
    });
    return true;
  }

  jumpClock(): boolean {
    const byMs = this.#prng.pick([-3_600_000, -500, 500, 3_600_000]);
    this.#trace.note('clock.jump', String(byMs));
    this.#time.jumpWall(byMs);
    return true;
  }

  requestCheckpoint(): boolean {
    const process = this.#anyProcess(isActive);
    process?.requestCheckpoint();
    return process !== undefined;
  }

  #anyProcess(which: (process: SimulatedProcess) => boolean): SimulatedProcess | undefined {
    const candidates = this.#processes.filter(which);
    return candidates[this.#prng.below(Math.max(1, candidates.length))];
  }

  #later(turns: number, act: () => void): void {
    this.#agenda.push({ turn: this.#scheduler.turns + turns, act });
  }

  /** Nothing can run before something of the agenda happens. */
  #goOnEarly(): boolean {
    const [next] = this.#agenda.splice(0, 1);
    next?.act();
    return next !== undefined;
  }

  // ---- the job

  #drawTopology(prng: Prng): Topology {
    const { topology, events, parallelismMax, faults } = this.#options;
    const throwing = prng.fork();
    let throws = faults.throws;
    const kit = new TopologyKit(prng, {
      events,
      parallelismMax,
      beforeEvent: () => {
        if (throws === 0 || !throwing.chance(throws / events)) return;
        throws--;
        throw new Error('The user code of this world throws.');
      },
      sink: (sink) => this.#machinery.sink(sink),
    });
    const drawn = TOPOLOGIES[topology];
    if (drawn === undefined) throw new Error(`There is no topology ${topology}.`);
    return drawn.draw(kit);
  }

  #describeJob(): SimulatedJob {
    const options = this.#options;
    const refuse = () => Promise.reject(new Error('Worlds run their jobs themselves.'));
    const executor = { execute: refuse, executeAndCollect: refuse };
    const definition = createDefineJob(executor)('file:///simulated.js', (env) => {
      if (!options.chaining) env.disableOperatorChaining();
      env.setMaxParallelism(options.maxParallelism);
      this.#topology.build(env);
    });
    return {
      name: JOB_NAME,
      build: () => buildJob(definition, new JobParameters({}), { name: JOB_NAME }),
      checkpointing: options.checkpointing,
      restartStrategy: options.restartStrategy,
      launcher: {
        autoWatermarkIntervalMs: options.autoWatermarkIntervalMs,
        segmentBytes: options.segmentBytes,
        network: options.network,
        spareSegments: options.spareSegments,
        budgetMax: options.budgetMax,
        landing: options.faults.landing,
      },
    };
  }

  #writeInput(): void {
    const { disk } = this.#machine;
    for (const [path, text] of this.#topology.files) {
      const inode = disk.create(path, START_WALL_MS);
      disk.append(inode, Buffer.from(text), START_WALL_MS);
      disk.syncBytes(inode);
      disk.syncFolder(path.slice(0, path.lastIndexOf('/')));
    }
  }

  // ---- seeing

  /** When nothing is under way but what waits for a turn, so that the disk stands still meanwhile. */
  async #look(thorough: boolean): Promise<void> {
    await reactionsDone();
    this.#output.look(this.#machine.disk, thorough);
    this.#machine.auditChannels();
    await checkNewestManifest(this.#machine.disk, jobFolder(CHECKPOINTS_FOLDER, JOB_NAME), this.#verdict);
  }

  #describe(): string {
    const alive = this.#processes.filter((process) => process.isAlive);
    return alive.map((process) => process.describe()).join('; ') || 'no process';
  }

  #report(): WorldReport {
    return {
      failure: this.#verdict.failure,
      hash: this.#trace.hash,
      turns: this.#scheduler.turns,
      virtualMs: this.#time.nowMs,
      events: this.#topology.outputs.reduce((sum, { lines }) => sum + lines.length, 0),
      processes: this.#processes.length,
      checkpoints: this.#checkpoints.completed,
      restores: this.#checkpoints.restores,
      faults: this.#faults.injected,
      counts: this.#trace.counts,
    };
  }
}

function isActive(process: SimulatedProcess): boolean {
  return process.isAlive && !process.isPaused;
}
