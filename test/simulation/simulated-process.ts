import { type RunningJob, startJobMaster } from '../../actors/cluster/job-master-actor.js';
import { ActorSystem } from '../../actors/kernel/actor-system.js';
import {
  type BuiltJob,
  type CheckpointConfig,
  type HolderState,
  isMillraceError,
  type JobGraph,
  type JobHolder,
  type JobRunResult,
  type Prng,
  type RestartStrategyConfig,
  type StartMode,
} from '../../core/internal.js';
import { type BegunJob, beginJob, jobFolder, type ObjectStore, type RunOrigin } from '../../storage/index.js';
import { AskedRequests } from './asked-requests.js';
import type { Machinery } from './machinery.js';
import { observedStorage } from './observed-storage.js';
import { ScheduledDisk } from './scheduled-disk.js';
import { SimulatedFileSystem } from './simulated-file-system.js';
import type { SimulatedMachine } from './simulated-machine.js';
import type { Participant } from './simulated-scheduler.js';
import type { SimulatedTask } from './simulated-task.js';
import { type SimulatedLauncherSettings, SimulatedTaskLauncher } from './simulated-task-launcher.js';
import { SimulatedTaskManagers, type SlotOptions } from './simulated-task-managers.js';
import type { TaskHost } from './task-host.js';

/** What a process of a world runs. */
export interface SimulatedJob {
  readonly name: string;
  /** With vertices at another parallelism, by uid, where the job was rescaled. */
  readonly build: (vertexParallelism?: Readonly<Record<string, number>>, host?: TaskHost) => BuiltJob;
  readonly checkpointing: CheckpointConfig;
  readonly restartStrategy: RestartStrategyConfig;
  /** Undefined: nobody counts them. */
  readonly slots?: SlotOptions | undefined;
  readonly launcher: Omit<
    SimulatedLauncherSettings,
    'build' | 'folder' | 'processName' | 'checkpointing' | 'hasTaskManager'
  >;
}

/** How a process ended by itself; `unknown`: it did not, it was ended. */
export type ProcessOutcome =
  | ({ readonly type: 'finished' } & JobEnd)
  | { readonly type: 'already-finished'; readonly savepointPath: string | undefined }
  | { readonly type: 'failed'; readonly error: unknown };

type JobEnd = Pick<JobRunResult, 'savepointPath' | 'accumulators'>;
type Led = Exclude<BegunJob, { start: 'already-finished' }>;

/** Where worlds keep checkpoints. */
export const CHECKPOINTS_FOLDER = '/checkpoints';
/** Tasks of a world have few turns each. */
const RESCALED_MAX = 5;
const SAVEPOINTS_FOLDER = '/savepoints';
/** Of the savepoints with which somebody stops the job, by how. */
export const STOP_FOLDERS = { suspend: '/suspended', drain: '/drained' } as const;

/**
 * One process that runs the job: takes the lead of it, starts its master, and leaves when the job has ended.
 * Everything of it that waits for a turn does so here: the turns of its actors, and its own disk operations.
 *
 * Invariants: after `kill` nothing of it runs; while it is paused nothing of it runs, and time passes.
 */
export class SimulatedProcess implements Participant {
  readonly weight = 3;
  readonly number: number;
  readonly holder: JobHolder;
  readonly #machine: SimulatedMachine;
  readonly #job: SimulatedJob;
  readonly #machinery: Machinery;
  readonly #prng: Prng;
  readonly #disk: ScheduledDisk;
  readonly #launcher: SimulatedTaskLauncher;
  readonly taskManagers: SimulatedTaskManagers | undefined;
  readonly #holderState: (holder: JobHolder) => HolderState;
  readonly #requests: AskedRequests;
  #turns: (() => void)[] = [];
  #running: RunningJob | undefined;
  #outcome: ProcessOutcome | undefined;
  #dead = false;
  /** Savepoints that somebody asked for. */
  #savepoints = 0;
  #stops = 0;
  #paused = false;
  #from: RunOrigin | undefined;

  constructor(
    number: number,
    parts: {
      readonly machine: SimulatedMachine;
      readonly job: SimulatedJob;
      readonly machinery: Machinery;
      readonly prng: Prng;
    },
    holderState: (holder: JobHolder) => HolderState,
  ) {
    const { machine, job, machinery, prng } = parts;
    this.number = number;
    this.holder = { host: 'host', bootId: 'boot', pid: number, processStartTime: String(number) };
    this.#machine = machine;
    this.#requests = new AskedRequests(number, machine.trace.listeners);
    this.#job = job;
    this.#machinery = machinery;
    this.#prng = prng;
    this.#holderState = holderState;
    this.taskManagers = job.slots && new SimulatedTaskManagers(job.slots);
    const { time, weather, trace, scheduler } = machine;
    this.#disk = new ScheduledDisk(prng.fork(), time, weather, trace, `p${number}`);
    const launcher = {
      ...job.launcher,
      build: job.build,
      folder: jobFolder(CHECKPOINTS_FOLDER, job.name),
      processName: `p${number}`,
      checkpointing: true,
      hasTaskManager: (id: string) => this.taskManagers?.has(id) ?? true,
    };
    this.#launcher = new SimulatedTaskLauncher(launcher, machine, machinery, prng.fork());
    scheduler.add(this.#disk);
    scheduler.add(this);
  }

  get outcome(): ProcessOutcome | undefined {
    return this.#outcome;
  }

  /** It has neither left nor been ended. */
  get isAlive(): boolean {
    return !this.#dead && this.#outcome === undefined;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** What it was to begin a run from. */
  get from(): RunOrigin | undefined {
    return this.#from;
  }

  get launcher(): SimulatedTaskLauncher {
    return this.#launcher;
  }

  /** The tasks on one of its two TaskManagers: every second one where nobody counts slots. */
  tasksOn(number: number): readonly SimulatedTask[] {
    const { tasks } = this.#launcher;
    const { taskManagers } = this;
    if (taskManagers === undefined) return tasks.filter(({ parts }) => parts.address.subtask % 2 === number);
    const id = taskManagers.idOf(number);
    const vertices = this.#running?.view.details().vertices ?? [];
    return tasks.filter(({ parts: { address } }) => {
      const placed = vertices[address.vertexId]?.subtasks[address.subtask];
      return id !== undefined && placed?.taskManagerId === id;
    });
  }

  /** `from`: what a new run begins from. */
  start(mode: StartMode, from?: RunOrigin): void {
    this.#from = from;
    this.#machine.trace.note('process.start', `p${this.number} ${mode} ${from?.path ?? ''}`);
    this.#live(mode, from).then(
      (outcome) => this.#end(outcome),
      (error: unknown) => this.#end({ type: 'failed', error }),
    );
  }

  /** Undefined before it is led here. */
  get job(): RunningJob | undefined {
    return this.#running;
  }

  describe(): string {
    return this.#running?.view.describe() ?? 'no job';
  }

  /** As SIGTERM does: the job is closed and the lead given back. */
  stop(): void {
    this.#machine.trace.note('process.stop', `p${this.number}`);
    this.#running?.close().catch((error: unknown) => this.#end({ type: 'failed', error }));
  }

  /** Somebody cancels the job. */
  cancelJob(): void {
    this.#machine.trace.note('job.cancel', `p${this.number}`);
    this.#running?.cancel();
  }

  /** Somebody asks for a savepoint or a checkpoint. */
  requestCheckpoint(): void {
    const type = this.#prng.pick(['SAVEPOINT', 'SAVEPOINT', 'FULL', 'CONFIGURED'] as const);
    this.#tell(
      type,
      type === 'SAVEPOINT'
        ? this.#running?.triggerSavepoint({ folder: SAVEPOINTS_FOLDER, stop: undefined })
        : this.#running?.triggerCheckpoint(type),
    );
  }

  /** Somebody stops the job with a savepoint. False: nobody would stop one that is just being deployed. */
  stopJob(stop: 'suspend' | 'drain'): boolean {
    const { tasksRunning, tasks } = this.#running?.view.status() ?? { tasksRunning: 0, tasks: 1 };
    if (this.#running === undefined || tasksRunning < tasks) return false;
    this.#machine.trace.emit({ name: `job.${stop}`, values: { process: this.number } });
    const folder = `${STOP_FOLDERS[stop]}/p${this.number}-${++this.#stops}`;
    const stopped = this.#running.triggerSavepoint({ folder, stop });
    this.#tell(`a ${stop}`, stopped);
    stopped.catch(() => this.#machine.trace.emit({ name: 'job.stop-refused', values: { folder } }));
    return true;
  }

  /** Somebody has the job rescaled: each vertex at a parallelism that is drawn. */
  rescaleJob(prng: Prng): boolean {
    const running = this.#running;
    if (running === undefined) return false;
    const wanted = running.view.graph().vertices.map(({ uid, maxParallelism }) => {
      const parallelism = prng.between(1, Math.min(RESCALED_MAX, maxParallelism));
      return [uid, parallelism] as const;
    });
    this.#machine.trace.note('job.rescale', `p${this.number} ${wanted.map(([, p]) => p).join(' ')}`);
    const rescaled = running.rescale(this.#job.build(Object.fromEntries(wanted)).graph);
    this.#requests.add('a rescale', rescaled, true);
    rescaled.then(
      (rescale) => this.#machine.trace.note('rescale.granted', String(rescale?.attempt)),
      (error: unknown) => this.#onRescaleRefused(error),
    );
    return true;
  }

  #onRescaleRefused(error: unknown): void {
    const isFair = isMillraceError(error) && (error.code === 'MR5013' || error.code === 'MR5003');
    this.#machine.verdict.check(isFair, () => `The job is not rescaled: ${String(error)}`);
    this.#machine.trace.note('rescale.refused', String(error));
  }

  #tell(what: string, granted: Promise<number | string> | undefined): void {
    if (granted !== undefined) this.#requests.add(what, granted, what !== 'FULL' && what !== 'CONFIGURED');
    granted?.then(
      (what) => this.#machine.trace.note('checkpoint.granted', String(what)),
      () => this.#machine.trace.note('checkpoint.refused', ''),
    );
  }

  /** As kill -9 does. `landing`: probability that a disk operation under way takes effect later. */
  kill(landing: number): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#turns = [];
    const { time, trace } = this.#machine;
    trace.note('process.killed', `p${this.number} ${this.describe()}`);
    time.disown(this);
    this.#machine.leave(this, this.#disk, landing);
    this.#launcher.vanish(landing);
  }

  pause(paused: boolean): void {
    this.#machine.trace.note(paused ? 'process.paused' : 'process.resumed', `p${this.number}`);
    this.#paused = paused;
    this.#disk.paused = paused;
    this.#launcher.pause(paused);
  }

  isReady(): boolean {
    return this.#turns.length > 0 && !this.#paused;
  }

  dueMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  takeTurn(): void {
    const [turn] = this.#turns.splice(this.#prng.below(this.#turns.length), 1);
    turn?.();
    const { time, trace } = this.#machine;
    trace.listeners.onMasterTurned(`p${this.number}`, this.#turns.length === 0, time.nowMs);
  }

  async #live(mode: StartMode, origin: RunOrigin | undefined): Promise<ProcessOutcome> {
    const { disk, time } = this.#machine;
    const view = new SimulatedFileSystem(disk, { faults: this.#disk, nowMs: () => time.wallMs });
    const fileSystem = this.#machinery.fileSystem(view);
    const storesAs = (who: string): ((folder: string) => ObjectStore) =>
      this.#machine.storesOf({
        view,
        requests: this.#disk,
        fileSystem,
        writer: `${who}-${this.number}`,
        prng: this.#prng.fork(),
      });
    const { graph } = this.#job.build();
    const folder = jobFolder(CHECKPOINTS_FOLDER, this.#job.name);
    const savepointAt = storesAs('savepoint');
    const opened = await beginJob({
      graph,
      origin,
      storeAt: storesAs('reader'),
      folder,
      store: storesAs('leader')(folder),
      jobName: this.#job.name,
      mode,
      holder: this.holder,
      holderState: this.#holderState,
      nowMs: time.wallMs,
      onUnreadable: (id, error) => {
        this.#machine.verdict.fail('wrong', `Checkpoint ${id} is passed over: ${String(error)}`, error);
      },
      onWarning: (error) => this.#machine.trace.note('warning', String(error)),
      savepoints: {
        own: undefined,
        create: (below) => {
          const path = `${below}/p${this.number}-${++this.#savepoints}`;
          return { path, store: savepointAt(path) };
        },
      },
    });
    if (opened.start === 'already-finished')
      return { type: 'already-finished', savepointPath: opened.result.savepointPath };
    const { trace } = this.#machine;
    trace.listeners.onJobBegun(opened.epoch, opened.manifest, opened.adopted?.foundId);
    if (opened.adopted !== undefined)
      trace.note(opened.adopted.claim ? 'origin.claimed' : 'origin.adopted', opened.adopted.path);
    trace.emit({
      name: 'process.leads',
      values: {
        process: this.number,
        epoch: opened.epoch,
        run: opened.run,
        restored: opened.manifest?.checkpointId ?? 0,
      },
    });
    try {
      const { savepointPath, accumulators } = await this.#lead(opened, graph);
      return { type: 'finished', savepointPath, accumulators };
    } finally {
      await opened.release();
    }
  }

  #lead(opened: Led, graph: JobGraph): Promise<JobEnd> {
    const { time, trace } = this.#machine;
    const turns = {
      schedule: (turn: () => void) => {
        if (!this.#dead) this.#turns.push(turn);
      },
    };
    const system = new ActorSystem(turns, {
      messagesPerTurn: 1,
      onFailure: (actor, error) => {
        this.#machine.verdict.fail('crash', `The actor ${actor} failed: ${String(error)}`, error);
      },
    });
    const { checkpointing, restartStrategy } = this.#job;
    const jobId = `job-${this.number}`;
    this.#running = startJobMaster(
      system,
      {
        jobId,
        graph,
        ...(this.taskManagers && { slots: this.taskManagers.config }),
        acceptedMs: time.wallMs,
        restored: opened.manifest,
        firstCheckpointId: opened.nextCheckpointId,
        checkpointing,
        restartStrategy,
      },
      {
        launcher: this.#launcher,
        slots: this.taskManagers?.of(jobId),
        storage: observedStorage(
          this.#machinery.checkpointStorage(opened.storage),
          trace.listeners,
          `p${this.number}`,
        ),
        clock: time.clock,
        createTimers: (deliver) =>
          time.timersFor(this, (timer) => {
            trace.note('timer', `p${this.number} ${timer.name} ${timer.id}`);
            this.#turns.push(() => deliver(timer));
          }),
        trace: trace.ofProcess(this.number),
        jitter: this.#prng.fork(),
        listener: { onTasksRunning: () => {}, onData: () => {} },
      },
    );
    return this.#running.result;
  }

  #end(outcome: ProcessOutcome): void {
    if (this.#dead || this.#outcome !== undefined) return;
    this.#outcome = outcome;
    const { time, trace } = this.#machine;
    const text = outcome.type === 'failed' ? `failed: ${String(outcome.error)}` : outcome.type;
    trace.note('process.ended', `p${this.number} ${text}`);
    trace.listeners.onProcessEnded(this.number);
    time.disown(this);
    this.#machine.leave(this, this.#disk, 0);
    this.#launcher.vanish(0);
  }
}
