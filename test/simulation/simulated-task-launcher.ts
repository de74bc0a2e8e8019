import {
  type AttemptDescription,
  type BuiltJob,
  type CodecFactory,
  FileCache,
  invariant,
  MillraceError,
  NO_LOG,
  Prng,
  type RecordCodec,
  type RunningAttempt,
  type TaskAddress,
  type TaskEvent,
  type TaskLauncher,
  type TaskMessage,
} from '../../core/internal.js';
import type {
  ChannelHandle,
  ChannelReader,
  ChannelWriter,
  LocalBufferPool,
  NetworkBufferOptions,
  SegmentPool,
} from '../../memory/index.js';
import { ClaimingStore, ObjectSnapshotWriter, ObjectStateFileReader } from '../../storage/index.js';
import {
  type AttemptSite,
  assembleAttempt,
  type ChannelPlace,
  type TaskPlace,
  type TaskSurroundings,
} from '../driver/attempt-assembly.js';
import type { Machinery } from './machinery.js';
import type { ObservedChannels } from './observed-channels.js';
import { observedJob } from './observed-operators.js';
import { observedState } from './observed-state.js';
import { ScheduledDisk } from './scheduled-disk.js';
import { SimulatedCompletions } from './simulated-completions.js';
import { SimulatedFileSystem } from './simulated-file-system.js';
import type { SimulatedMachine } from './simulated-machine.js';
import { SimulatedTask } from './simulated-task.js';
import { type TaskHost, taskHost } from './task-host.js';

/** How long tasks may take to leave by themselves before they are ended. */
const CANCEL_GRACE_MS = 100;
/** Share of the attempts that are told to be over before the last of what their tasks have told is heard. */
const LATE = 0.3;
/** By how much later it may be heard, ms: of each order of magnitude as often. */
const LATEST_MS = 100;
const LATE_MAGNITUDES = 4;

/** What does not change between the attempts of a process. */
export interface SimulatedLauncherSettings {
  /** Built anew for each task, as each thread does. */
  readonly build: (vertexParallelism: Readonly<Record<string, number>>, host: TaskHost) => BuiltJob;
  /** Of the job's checkpoints. */
  readonly folder: string;
  readonly processName: string;
  readonly checkpointing: boolean;
  /** How long a checkpoint waits for its barriers; Infinity: it is aligned. */
  readonly alignedTimeoutMs: number;
  /** Share of the tasks that get few turns. */
  readonly slowTasks: number;
  readonly autoWatermarkIntervalMs: number;
  readonly segmentBytes: number;
  readonly network: NetworkBufferOptions;
  /** Segments beyond what the job requires. */
  readonly spareSegments: number;
  readonly budgetMax: number;
  readonly managedBytes: number;
  /** Probability that a disk operation of an ended task takes effect afterwards. */
  readonly landing: number;
  /** Whether the TaskManager is there; absent: nobody counts slots. */
  readonly hasTaskManager?: (id: string) => boolean;
}

/** The TaskManager of a simulated process: builds tasks in place. */
export class SimulatedTaskLauncher implements TaskLauncher {
  readonly #settings: SimulatedLauncherSettings;
  readonly #machine: SimulatedMachine;
  readonly #machinery: Machinery;
  readonly #hearing: (event: TaskEvent) => TaskEvent;
  readonly #prng: Prng;
  /** By region. */
  readonly #attempts = new Map<number, SimulatedAttempt>();
  /** Earlier ones, of whose tasks something is yet to be heard. */
  #late: readonly SimulatedAttempt[] = [];
  #fingerprint = '';
  #paused = false;

  constructor(
    settings: SimulatedLauncherSettings,
    machine: SimulatedMachine,
    machinery: Machinery,
    prng: Prng,
  ) {
    this.#settings = settings;
    this.#machine = machine;
    this.#machinery = machinery;
    this.#hearing = machinery.hearing();
    this.#prng = prng;
  }

  /** Tasks whose code may still run. */
  get tasks(): readonly SimulatedTask[] {
    return this.#all.flatMap(({ tasks }) => tasks).filter((task) => !task.gone);
  }

  launch(attempt: AttemptDescription, onEvent: (event: TaskEvent) => void): RunningAttempt {
    const { graph, region } = attempt;
    const former = this.#attempts.get(region.id);
    const isAlike = graph.fingerprint === this.#fingerprint;
    const replaced = isAlike ? (former === undefined ? [] : [former]) : [...this.#attempts.values()];
    invariant(
      replaced.every(({ tasks }) => tasks.every((task) => task.gone)),
      'an attempt begins when the last one has ended',
      { attempt: attempt.attempt, region: region.id },
    );
    this.#late = [...this.#late, ...replaced].filter(({ tasks }) => tasks.some((task) => !task.exited));
    if (!isAlike) this.#attempts.clear();
    this.#fingerprint = graph.fingerprint;
    const parts = { settings: this.#settings, machine: this.#machine, machinery: this.#machinery };
    const restore = attempt.restore && this.#machinery.restore(attempt.restore);
    const hear = (event: TaskEvent): void => onEvent(this.#hearing(event));
    this.#machine.trace.listeners.onRegionLaunched(this.#settings.processName, { ...attempt, restore });
    const running = new SimulatedAttempt(parts, { ...attempt, restore }, this.#prng.fork(), hear);
    this.#attempts.set(region.id, running);
    this.pause(this.#paused);
    const { hasTaskManager = () => true } = this.#settings;
    for (const task of running.tasks) {
      const { vertexId, subtask } = task.parts.address;
      const slot = attempt.placement?.[vertexId]?.[subtask];
      if (slot === undefined || hasTaskManager(slot.taskManagerId)) continue;
      // It went while the task was on its way there.
      task.kill(new MillraceError('MR5015', 'The TaskManager of the task is gone.'));
    }
    return running;
  }

  get #all(): readonly SimulatedAttempt[] {
    return [...this.#attempts.values(), ...this.#late];
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    for (const attempt of this.#all) attempt.pause(paused);
  }

  /** The process ends here and now. */
  vanish(landing: number): void {
    for (const attempt of this.#all) attempt.vanish(landing);
  }
}

interface AttemptParts {
  readonly settings: SimulatedLauncherSettings;
  readonly machine: SimulatedMachine;
  readonly machinery: Machinery;
}

/**
 * The tasks of a region in one attempt.
 *
 * Invariant: after `terminate` resolved, none of them runs. What they have told may be heard later, as of a thread that
 * was ended by force, whose port closes when it will.
 */
class SimulatedAttempt implements RunningAttempt {
  readonly tasks: readonly SimulatedTask[];
  readonly #machine: SimulatedMachine;
  readonly #landing: number;
  readonly #prng: Prng;
  readonly #owner = {};
  #terminated: Promise<void> | undefined;

  constructor(
    parts: AttemptParts,
    attempt: AttemptDescription,
    prng: Prng,
    onEvent: (event: TaskEvent) => void,
  ) {
    this.#machine = parts.machine;
    this.#landing = parts.settings.landing;
    this.#prng = prng;
    this.tasks = assembleAttempt(attempt, new SimulatedSite(parts, attempt, prng, onEvent));
    for (const task of this.tasks) this.#machine.scheduler.add(task);
  }

  send(task: TaskAddress, message: TaskMessage): void {
    this.tasks.find(({ parts }) => isSame(parts.address, task))?.send(message);
  }

  terminate(): Promise<void> {
    this.#terminated ??= this.#terminate();
    return this.#terminated;
  }

  pause(paused: boolean): void {
    for (const task of this.tasks) {
      task.paused = paused;
      task.parts.disk.paused = paused;
    }
  }

  vanish(landing: number): void {
    this.#machine.time.disown(this.#owner);
    for (const task of this.tasks) {
      task.vanish();
      this.#machine.leave(task, task.parts.disk, landing);
    }
  }

  async #terminate(): Promise<void> {
    for (const task of this.tasks) task.send({ type: 'cancel' });
    const { time } = this.#machine;
    const timer = time
      .timersFor<undefined>(this.#owner, () => this.#endAll())
      .arm(CANCEL_GRACE_MS, undefined);
    const isLate = this.#prng.chance(LATE);
    if (isLate) for (const task of this.tasks) task.heardFromMs = time.nowMs + this.#drawLateness();
    await Promise.all(this.tasks.map((task) => (isLate ? task.left : task.ended)));
    time.timersFor(this.#owner, () => {}).cancel(timer);
    for (const task of this.tasks) {
      this.#machine.leave(task, task.parts.disk, this.#landing);
      if (!task.exited) this.#hearLater(task);
    }
  }

  #hearLater(task: SimulatedTask): void {
    const { scheduler } = this.#machine;
    scheduler.add(task);
    void task.ended.then(() => scheduler.remove(task));
  }

  #drawLateness(): number {
    return LATEST_MS * 10 ** -(this.#prng.float() * LATE_MAGNITUDES);
  }

  #endAll(): void {
    const reason = new MillraceError('MR5003', 'The task was ended because its attempt is over.');
    for (const task of this.tasks) task.kill(reason);
  }
}

function isSame(a: TaskAddress, b: TaskAddress): boolean {
  return a.attempt === b.attempt && a.vertexId === b.vertexId && a.subtask === b.subtask;
}

/** In [0, 1): the same for a subtask in each attempt of a graph. */
function slowness({ vertexId, subtask }: TaskAddress, fingerprint: string): number {
  let seed = vertexId * 1000 + subtask;
  for (let i = 0; i < fingerprint.length; i++) seed = Math.imul(seed, 31) + fingerprint.charCodeAt(i);
  return new Prng(seed >>> 0).float();
}

/** What the machine gives to the tasks of an attempt. */
class SimulatedSite implements AttemptSite<SimulatedTask> {
  readonly segmentBytes: number;
  readonly network: NetworkBufferOptions;
  readonly spareSegments: number;
  readonly codecs: CodecFactory;
  readonly build: () => BuiltJob;
  /** Of the task that was placed last. */
  #host: TaskHost;
  readonly #parts: AttemptParts;
  readonly #attempt: AttemptDescription;
  readonly #prng: Prng;
  readonly #channels: ObservedChannels;
  /** Of the task that was placed last. */
  #task = 0;
  #address: TaskAddress | undefined;
  readonly #onEvent: (event: TaskEvent) => void;

  constructor(
    parts: AttemptParts,
    attempt: AttemptDescription,
    prng: Prng,
    onEvent: (event: TaskEvent) => void,
  ) {
    const { settings, machine } = parts;
    this.segmentBytes = settings.segmentBytes;
    this.network = settings.network;
    this.spareSegments = settings.spareSegments;
    const { vertices } = attempt.graph;
    const vertexParallelism = Object.fromEntries(vertices.map(({ uid, parallelism }) => [uid, parallelism]));
    this.#host = taskHost(machine.time, () => undefined);
    this.build = () => this.#observed(settings.build(vertexParallelism, this.#host));
    this.codecs = machine.codecs;
    this.#parts = parts;
    this.#attempt = attempt;
    this.#prng = prng;
    this.#channels = machine.observedChannels(parts.machinery.recordsBegun);
    this.#onEvent = onEvent;
  }

  reader(
    handle: ChannelHandle,
    pool: SegmentPool,
    codec: RecordCodec<unknown>,
    place: ChannelPlace,
  ): ChannelReader<unknown> {
    return this.#channels.reader(handle, pool, codec, place, this.#task);
  }

  writer(
    handle: ChannelHandle,
    buffers: LocalBufferPool,
    codec: RecordCodec<unknown>,
    place: ChannelPlace,
  ): ChannelWriter<unknown> {
    return this.#channels.writer(handle, buffers, codec, place, this.#task);
  }

  /** The job of the task that was placed last. */
  #observed(job: BuiltJob): BuiltJob {
    const { machine, settings } = this.#parts;
    const address = this.#address;
    if (address === undefined) return job;
    const { listeners } = machine.trace;
    const nodes = job.vertices[address.vertexId]?.nodes ?? [];
    const { processName: process } = settings;
    listeners.onTaskBuilt(this.#task, { process, address, nodes, attempt: this.#attempt });
    return observedJob(job, address.vertexId, this.#task, listeners);
  }

  onBuffers(buffers: LocalBufferPool): void {
    this.#channels.audits(buffers);
  }

  place(address: TaskAddress): TaskPlace<SimulatedTask> {
    const { settings, machine, machinery } = this.#parts;
    const { scheduler, time, trace } = machine;
    const name = `${settings.processName}.${address.attempt} ${address.vertexId}/${address.subtask}`;
    const prng = this.#prng.fork();
    const completions = new SimulatedCompletions(prng.fork());
    const disk = new ScheduledDisk(prng.fork(), time, machine.weather, trace, name);
    scheduler.add(disk);
    const number = machine.nextNumber();
    this.#task = number;
    this.#address = address;
    trace.listeners.onTaskPlaced(number, settings.processName, address);
    let said: SimulatedTask | undefined;
    this.#host = taskHost(time, () => said);
    const given = this.#surroundings(address, completions, disk, (report) => said?.report(report));
    return {
      surroundings: observedState(given, this.#attempt, trace.listeners),
      adopt: (task, doorbell) => {
        const isDrawn = slowness(address, this.#attempt.graph.fingerprint) < settings.slowTasks;
        const isSlow = (): boolean => isDrawn && machine.isSlow;
        const { budgetMax } = settings;
        const parts = { name, number, address, task, doorbell, completions, disk, budgetMax, isSlow };
        said = new SimulatedTask(parts, { prng, time, trace, machinery }, this.#onEvent);
        return said;
      },
    };
  }

  #surroundings(
    address: TaskAddress,
    completions: SimulatedCompletions,
    disk: ScheduledDisk,
    report: TaskSurroundings['report'],
  ): TaskSurroundings {
    const { settings, machine, machinery } = this.#parts;
    const { epoch } = this.#attempt;
    const view = new SimulatedFileSystem(machine.disk, { faults: disk, nowMs: () => machine.time.wallMs });
    const fileSystem = machinery.fileSystem(view);
    const writer = `e${epoch}-a${address.attempt}-v${address.vertexId}-s${address.subtask}`;
    const storeAt = machine.storesOf({ view, requests: disk, fileSystem, writer, prng: this.#prng.fork() });
    const store = new ClaimingStore(storeAt(settings.folder), storeAt);
    return {
      settings: {
        checkpointing: settings.checkpointing,
        commitsWithJob: !settings.checkpointing,
        exactlyOnce: machinery.exactlyOnce,
        alignedTimeoutMs: settings.alignedTimeoutMs,
        autoWatermarkIntervalMs: settings.autoWatermarkIntervalMs,
        latency: undefined,
        managedBytes: settings.managedBytes,
        bufferTimeoutMs: Number.POSITIVE_INFINITY,
      },
      distributedCache: new FileCache(),
      clock: machine.time.clock,
      completions,
      stateBackend: machinery.stateBackend(machine.state.backendOf(settings.processName)),
      stateFiles: new ObjectStateFileReader(store),
      fileSystem,
      scratchFolder: `${settings.folder}/scratch`,
      trace: machine.trace.ofTask(this.#task),
      log: NO_LOG,
      snapshotWriter: (checkpointId, owner) =>
        new ObjectSnapshotWriter(store, { checkpointId, epoch, attempt: address.attempt, owner }),
      report,
      writeLine: async (line) => {
        machine.trace.listeners.onPrinted(line);
      },
    };
  }
}
