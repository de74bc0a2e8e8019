import { channelsOf, planChannels, type TaskChannelPlan } from '../../actors/cluster/channel-plan.js';
import { StreamTask } from '../../actors/task/stream-task.js';
import {
  restoreOf,
  type TaskEnvironment,
  type TaskInputEdge,
  type TaskOutputEdge,
} from '../../actors/task/task-environment.js';
import {
  type AttemptDescription,
  type BuiltJob,
  type CodecFactory,
  invariant,
  MillraceError,
  type Prng,
  type RunningAttempt,
  type TaskAddress,
  type TaskEvent,
  type TaskLauncher,
  type TaskMessage,
} from '../../core/internal.js';
import {
  bufferDemand,
  type ChannelReader,
  type ChannelWriter,
  createDoorbells,
  Doorbell,
  type DoorbellHandle,
  LocalBufferPool,
  type NetworkBufferOptions,
  SegmentPool,
} from '../../memory/index.js';
import { FileObjectStore, ObjectSnapshotWriter, ObjectStateFileReader } from '../../storage/index.js';
import type { ChannelChecker } from './checkers/channel-checker.js';
import type { Machinery } from './machinery.js';
import { ScheduledDisk } from './scheduled-disk.js';
import { SimulatedCompletions } from './simulated-completions.js';
import { SimulatedFileSystem } from './simulated-file-system.js';
import type { SimulatedMachine } from './simulated-machine.js';
import { SimulatedTask } from './simulated-task.js';

/** How long tasks may take to leave by themselves before they are ended. */
const CANCEL_GRACE_MS = 100;

/** What does not change between the attempts of a process. */
export interface SimulatedLauncherSettings {
  /** Built anew for each task, as each thread does. */
  readonly build: () => BuiltJob;
  /** Of the job's checkpoints. */
  readonly folder: string;
  readonly processName: string;
  readonly checkpointing: boolean;
  readonly autoWatermarkIntervalMs: number;
  readonly segmentBytes: number;
  readonly network: NetworkBufferOptions;
  /** Segments beyond what the job requires. */
  readonly spareSegments: number;
  readonly budgetMax: number;
  readonly managedBytes: number;
  /** Probability that a disk operation of an ended task takes effect afterwards. */
  readonly landing: number;
}

/** The TaskManager of a simulated process: builds tasks in place. */
export class SimulatedTaskLauncher implements TaskLauncher {
  readonly #settings: SimulatedLauncherSettings;
  readonly #machine: SimulatedMachine;
  readonly #machinery: Machinery;
  readonly #prng: Prng;
  #attempt: SimulatedAttempt | undefined;
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
    this.#prng = prng;
  }

  /** Tasks whose code may still run. */
  get tasks(): readonly SimulatedTask[] {
    return this.#attempt?.tasks.filter((task) => !task.gone) ?? [];
  }

  launch(attempt: AttemptDescription, onEvent: (event: TaskEvent) => void): RunningAttempt {
    invariant(
      this.#attempt?.tasks.every((task) => task.exited) ?? true,
      'an attempt begins when the last one has ended',
      { attempt: attempt.attempt },
    );
    const parts = { settings: this.#settings, machine: this.#machine, machinery: this.#machinery };
    this.#attempt = new SimulatedAttempt(parts, attempt, this.#prng.fork(), onEvent);
    this.pause(this.#paused);
    return this.#attempt;
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#attempt?.pause(paused);
  }

  /** The process ends here and now. */
  vanish(landing: number): void {
    this.#attempt?.vanish(landing);
  }
}

interface AttemptParts {
  readonly settings: SimulatedLauncherSettings;
  readonly machine: SimulatedMachine;
  readonly machinery: Machinery;
}

/** The tasks of one attempt. Invariant: after `terminate` resolved, none of them runs. */
class SimulatedAttempt implements RunningAttempt {
  readonly tasks: readonly SimulatedTask[];
  readonly #machine: SimulatedMachine;
  readonly #landing: number;
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
    this.tasks = new AttemptAssembly(parts, attempt, prng).tasks(onEvent);
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
    await Promise.all(this.tasks.map((task) => task.ended));
    time.timersFor(this.#owner, () => {}).cancel(timer);
    for (const task of this.tasks) this.#machine.leave(task, task.parts.disk, this.#landing);
  }

  #endAll(): void {
    const reason = new MillraceError('MR5003', 'The task was ended because its attempt is over.');
    for (const task of this.tasks) task.kill(reason);
  }
}

function isSame(a: TaskAddress, b: TaskAddress): boolean {
  return a.attempt === b.attempt && a.vertexId === b.vertexId && a.subtask === b.subtask;
}

/** Puts the tasks of an attempt together, as a launcher of threads and the threads themselves do. */
class AttemptAssembly {
  readonly #parts: AttemptParts;
  readonly #attempt: AttemptDescription;
  readonly #prng: Prng;
  readonly #doorbells: readonly (readonly DoorbellHandle[])[];
  readonly #checker: ChannelChecker;

  constructor(parts: AttemptParts, attempt: AttemptDescription, prng: Prng) {
    this.#parts = parts;
    this.#attempt = attempt;
    this.#prng = prng;
    const { vertices } = attempt.graph;
    const bells = createDoorbells(vertices.reduce((sum, vertex) => sum + vertex.parallelism, 0));
    this.#doorbells = vertices.map((vertex) => bells.splice(0, vertex.parallelism));
    this.#checker = parts.machine.channelChecker();
  }

  tasks(onEvent: (event: TaskEvent) => void): SimulatedTask[] {
    const { graph, restore, jobId, attempt } = this.#attempt;
    const { settings } = this.#parts;
    const running = graph.vertices.map((vertex) =>
      Array.from(
        { length: vertex.parallelism },
        (_, subtask) => restore?.subtasks[vertex.id]?.[subtask] !== 'finished',
      ),
    );
    const required = bufferDemand(channelsOf(graph).flat(), settings.network).required;
    const channels = planChannels({
      graph,
      running,
      doorbells: this.#doorbells,
      segmentBytes: settings.segmentBytes,
      segmentCount: required + settings.spareSegments,
      options: settings.network,
    });
    const tasks: SimulatedTask[] = [];
    for (const vertex of graph.vertices) {
      for (let subtask = 0; subtask < vertex.parallelism; subtask++) {
        const plan = channels.tasks[vertex.id]?.[subtask];
        if (plan === undefined) continue;
        const pool = new SegmentPool(channels.pool);
        tasks.push(this.#task({ jobId, attempt, vertexId: vertex.id, subtask }, plan, pool, onEvent));
      }
    }
    return tasks;
  }

  #task(
    address: TaskAddress,
    plan: TaskChannelPlan,
    pool: SegmentPool,
    onEvent: (event: TaskEvent) => void,
  ): SimulatedTask {
    const { settings, machine, machinery } = this.#parts;
    const { scheduler, time, trace } = machine;
    const handle = this.#doorbells[address.vertexId]?.[address.subtask];
    invariant(handle !== undefined, 'every task has a doorbell');
    const name = `${settings.processName}.${address.attempt} ${address.vertexId}/${address.subtask}`;
    const prng = this.#prng.fork();
    const completions = new SimulatedCompletions(prng.fork());
    const disk = new ScheduledDisk(prng.fork(), time, machine.weather, trace, name);
    scheduler.add(disk);
    let said: SimulatedTask | undefined;
    const job = settings.build();
    const environment = this.#environment(address, job, { plan, pool, completions, disk }, (report) =>
      said?.report(report),
    );
    const task = new StreamTask(environment);
    const doorbell = new Doorbell(handle);
    const parts = { name, address, task, doorbell, completions, disk, budgetMax: settings.budgetMax };
    said = new SimulatedTask(parts, { prng, time, trace, machinery }, onEvent);
    return said;
  }

  #environment(
    address: TaskAddress,
    job: BuiltJob,
    own: OwnParts,
    report: TaskEnvironment['report'],
  ): TaskEnvironment {
    const { settings, machine, machinery } = this.#parts;
    const { epoch, restore } = this.#attempt;
    const vertex = job.vertices[address.vertexId];
    invariant(vertex !== undefined, 'the deployed vertex is in the graph', { vertex: address.vertexId });
    const view = new SimulatedFileSystem(machine.disk, {
      faults: own.disk,
      nowMs: () => machine.time.wallMs,
    });
    const fileSystem = machinery.fileSystem(view);
    const writer = `e${epoch}-a${address.attempt}-v${address.vertexId}-s${address.subtask}`;
    const store = new FileObjectStore(fileSystem, settings.folder, writer);
    return {
      jobName: job.graph.name,
      address,
      epoch,
      vertex,
      ...this.#channels(job, own, machine.codecs),
      restore: restoreOf(restore, address),
      settings: {
        checkpointing: settings.checkpointing,
        exactlyOnce: machinery.exactlyOnce,
        autoWatermarkIntervalMs: settings.autoWatermarkIntervalMs,
        managedBytes: settings.managedBytes,
      },
      clock: machine.time.clock,
      completions: own.completions,
      codecs: machine.codecs,
      stateBackend: machinery.stateBackend(machine.state.backendOf(settings.processName)),
      stateFiles: new ObjectStateFileReader(store),
      fileSystem,
      trace: machine.trace,
      snapshotWriter: (checkpointId, owner) =>
        new ObjectSnapshotWriter(store, { checkpointId, epoch, attempt: address.attempt, owner }),
      report,
      writeLine: () => Promise.resolve(),
    };
  }

  #channels(
    job: BuiltJob,
    { plan, pool }: OwnParts,
    codecs: CodecFactory,
  ): { readonly inputs: TaskInputEdge[]; readonly outputs: TaskOutputEdge[] } {
    const codecOf = (edgeId: number) => {
      const type = job.edgeTypes[edgeId];
      invariant(type !== undefined, 'every edge has a type', { edgeId });
      return codecs.codecFor(type);
    };
    const inputs = plan.inputs.map(({ edge, channels }) => ({
      edgeId: edge.id,
      inputIndex: edge.inputIndex,
      channels: channels.map((handle): ChannelReader<unknown> | undefined =>
        handle === undefined ? undefined : this.#checker.reader(handle, pool, codecOf(edge.id)),
      ),
    }));
    const outputs = plan.outputs.map(({ edge, partition, consumers }) => {
      const buffers = new LocalBufferPool(partition, pool);
      this.#checker.audits(buffers);
      const writers = partition.channels.map((handle) =>
        this.#checker.writer(handle, buffers, codecOf(edge.id)),
      );
      return {
        edgeId: edge.id,
        channels: consumers.map((channel): ChannelWriter<unknown> | undefined => writers[channel]),
      };
    });
    return { inputs, outputs };
  }
}

interface OwnParts {
  readonly plan: TaskChannelPlan;
  readonly pool: SegmentPool;
  readonly completions: SimulatedCompletions;
  readonly disk: ScheduledDisk;
}
