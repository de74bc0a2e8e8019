import {
  type AttemptDescription,
  invariant,
  MillraceError,
  type RunningAttempt,
  type TaskAddress,
  type TaskEvent,
  type TaskMessage,
} from '../../core/internal.js';
import {
  createDoorbells,
  createHeartbeats,
  createTaskMetrics,
  type DoorbellHandle,
  type GroupPlan,
  HeartbeatMonitor,
  TaskGauge,
  type V8HeapLimits,
} from '../../memory/index.js';
import {
  type NetworkHomes,
  planChannels,
  producerSegments,
  type RunningSubtasks,
  type TaskChannelPlan,
} from '../cluster/channel-plan.js';
import type { TaskStatus } from '../cluster/cluster-gateway.js';
import { restoreOf } from '../task/task-environment.js';
import { type CancellationLimits, watchCancellation } from './cancellation-watch.js';
import { clearUpAfter } from './clear-up.js';
import type { MeasuredAttempt } from './cluster-metrics.js';
import { type Deployment, groupPlanOf } from './deployment.js';
import { connectStore } from './hosted-store.js';
import type { StateWriterConnection } from './state-writer-link.js';
import { MONOTONIC_ORIGIN_MS, SYSTEM_CLOCK } from './system-clock.js';
import type { TaskContract } from './task-contract.js';
import type { TaskThreadPool } from './task-threads/task-thread-pool.js';
import { ThreadTask } from './thread-task.js';
import type { LauncherSettings } from './thread-task-launcher.js';

/** What its tasks are started with. */
type AttemptSettings = LauncherSettings & Pick<Deployment, 'module' | 'plan' | 'networkOptions' | 'hasSlots'>;

/** What an attempt takes from its TaskManager. */
export interface AttemptResources {
  /** A thread for each task, in their order. */
  takePool(heaps: readonly V8HeapLimits[]): TaskThreadPool;
  /** No task runs in it any more; its threads end when they end. */
  giveBackPool(pool: Pick<TaskThreadPool, 'destroy'>): void;
  /** A connection for one task that keeps its state in LMDB. */
  connectStateWriter(taskManagerId: string): StateWriterConnection;
}

/** How long tasks may take to leave by themselves before their threads are ended. */
const CANCEL_GRACE_MS = 100;

/**
 * The threads of one region in one attempt.
 *
 * Invariants: every task of the region that is not finished has exactly one thread; after `terminate`
 * resolved none of them runs.
 */
export class ThreadAttempt implements RunningAttempt {
  readonly #resources: AttemptResources;
  readonly #pool: TaskThreadPool;
  readonly #tasks = new Map<string, ThreadTask>();
  readonly #launchedMs = SYSTEM_CLOCK.monotonicMs();
  readonly #watch: NodeJS.Timeout;
  readonly #cancellation: CancellationLimits;
  readonly #homeOf: NetworkHomes['homeOf'];
  readonly #clearUp: (task: TaskAddress) => Promise<void>;
  #terminated: Promise<void> | undefined;
  #endedMs: number | undefined;

  constructor(
    settings: AttemptSettings,
    attempt: AttemptDescription,
    resources: AttemptResources,
    onEvent: (event: TaskEvent) => void,
  ) {
    const homes = homesOf(settings, attempt);
    const contracts = contractsOf(settings, attempt, resources, homes);
    this.#homeOf = homes.homeOf;
    this.#resources = resources;
    this.#cancellation = settings.cancellation;
    this.#clearUp = (task) => clearUpAfter(settings.state, attempt.epoch, task);
    this.#pool = resources.takePool(
      contracts.map(({ address }) => planOf(settings, attempt, address).taskHeap),
    );
    for (const contract of contracts) {
      this.#tasks.set(keyOf(contract.address), new ThreadTask(contract, this.#pool, onEvent, settings.log));
    }
    const first = contracts[0];
    invariant(first !== undefined, 'an attempt has tasks', { attempt: attempt.attempt });
    const { heartbeatIntervalMs: intervalMs, heartbeatTimeoutMs: timeoutMs } = settings;
    const monitor = new HeartbeatMonitor(first.heartbeats, SYSTEM_CLOCK.monotonicMs(), 2 * intervalMs);
    this.#watch = setInterval(() => this.#endStuck(monitor, timeoutMs), intervalMs);
  }

  send(task: TaskAddress, message: TaskMessage): void {
    this.#tasks.get(keyOf(task))?.send(message);
  }

  /** What each running task has done so far. */
  tasks(): TaskStatus[] {
    return [...this.#tasks.values()].map(({ address, metrics, hasExited }) => ({
      vertexId: address.vertexId,
      subtask: address.subtask,
      threadId: hasExited ? 0 : metrics.get(TaskGauge.THREAD_ID),
      records: metrics.get(TaskGauge.RECORDS),
      recordsIn: metrics.get(TaskGauge.RECORDS),
      recordsOut: metrics.get(TaskGauge.RECORDS_OUT),
      bytesIn: metrics.get(TaskGauge.BYTES_IN),
      bytesOut: metrics.get(TaskGauge.BYTES_OUT),
      watermark: metrics.get(TaskGauge.WATERMARK),
      ...metrics.times(hasExited ? undefined : SYSTEM_CLOCK.monotonicMs() + MONOTONIC_ORIGIN_MS),
    }));
  }

  /** Ended tasks too. */
  get measured(): MeasuredAttempt {
    return { launchedMs: this.#launchedMs, threads: [...this.#tasks.values()] };
  }

  /** Ends the tasks of a TaskManager, because of what they cannot go on without; resolves when they have ended. */
  async fail(reason: MillraceError, taskManagerId: string): Promise<void> {
    const tasks = [...this.#tasks.values()].filter(
      ({ address }) => this.#homeOf(address.vertexId, address.subtask) === taskManagerId,
    );
    await this.#pool.loaded;
    for (const task of tasks) this.#kill(task, reason);
    await Promise.all(tasks.map(({ ended }) => ended));
  }

  /** Monotonic time at which it was told to end; undefined: it was not. */
  get endedMs(): number | undefined {
    return this.#endedMs;
  }

  terminate(): Promise<void> {
    this.#endedMs ??= SYSTEM_CLOCK.monotonicMs();
    this.#terminated ??= this.#terminate();
    return this.#terminated;
  }

  async #terminate(): Promise<void> {
    const tasks = [...this.#tasks.values()];
    for (const task of tasks) task.send({ type: 'cancel' });
    const gone = Promise.all(tasks.map((task) => task.ended));
    // Before, they neither hear of it nor may be ended by force; one that never loads is ended by its heartbeat.
    await this.#pool.loaded;
    clearInterval(this.#watch);
    const grace = new Grace(CANCEL_GRACE_MS);
    await Promise.race([gone, grace.over]);
    grace.clear();
    const reason = new MillraceError('MR5003', 'The thread was ended because its attempt is over.');
    for (const task of tasks) this.#kill(task, reason);
    // A thread that was ended by force may still be in the middle of a call.
    if (tasks.some((task) => task.wasForced)) await this.#pool.destroy();
    this.#resources.giveBackPool({ destroy: () => this.#leave() });
  }

  /** Only once its thread has ended does nothing of a task write any more. */
  async #leave(): Promise<void> {
    await this.#pool.destroy();
    for (const { brokeOff, address } of this.#tasks.values()) if (brokeOff) await this.#clearUp(address);
  }

  /** Nothing is heard of a thread that is ended until it has left, so somebody watches that it does. */
  #kill(task: ThreadTask, reason: MillraceError): void {
    if (task.hasExited || task.wasForced) return;
    task.kill(reason);
    watchCancellation(task.ended, this.#cancellation, `Task ${keyOf(task.address)} (vertex/subtask)`);
  }

  #endStuck(monitor: HeartbeatMonitor, timeoutMs: number): void {
    const now = SYSTEM_CLOCK.monotonicMs();
    for (const task of this.#tasks.values()) {
      const silentMs = monitor.silentMs(task.line, now);
      if (task.hasExited || silentMs < timeoutMs) continue;
      this.#kill(
        task,
        new MillraceError('MR5004', `A task gave no sign of life for ${Math.round(silentMs)} ms.`, {
          where: { subtask: task.address.subtask },
          hint: 'User code must not block its thread; if it needs longer, raise heartbeat.timeout.',
        }),
      );
    }
  }
}

/** A bounded wait that leaves no timer behind. */
class Grace {
  readonly over: Promise<void>;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.over = new Promise((resolve) => {
      this.#timer = setTimeout(resolve, ms);
    });
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

type Contract = Omit<TaskContract, 'mailbox'>;

function contractsOf(
  settings: AttemptSettings,
  attempt: AttemptDescription,
  resources: AttemptResources,
  homes: NetworkHomes,
): Contract[] {
  const { graph, restore, region } = attempt;
  const running: RunningSubtasks = region.subtasks.map((subtasks, vertexId) =>
    subtasks.map((isOwn, subtask) => isOwn && restore?.subtasks[vertexId]?.[subtask] !== 'finished'),
  );
  const bells = createDoorbells(graph.vertices.reduce((sum, vertex) => sum + vertex.parallelism, 0));
  const doorbells = graph.vertices.map((vertex) => bells.splice(0, vertex.parallelism));
  const channels = planChannels({
    graph,
    running,
    doorbells,
    segmentBytes: settings.plan.segmentSize,
    options: settings.networkOptions,
    network: homes,
  });
  const heartbeats = createHeartbeats(graph.vertices.reduce((sum, vertex) => sum + vertex.parallelism, 0));
  const contracts: Contract[] = [];
  for (const vertex of graph.vertices) {
    for (let subtask = 0; subtask < vertex.parallelism; subtask++) {
      const plan = channels.tasks[vertex.id]?.[subtask];
      if (plan === undefined) continue;
      const address = { jobId: attempt.jobId, attempt: attempt.attempt, vertexId: vertex.id, subtask };
      const ends = endsOf(plan);
      const doorbell = bellOf(doorbells, address);
      contracts.push({
        ...contractBase(settings, attempt, address),
        stateWriter: writesState(settings, attempt, address)
          ? resources.connectStateWriter(homes.homeOf(vertex.id, subtask))
          : undefined,
        ...ends,
        doorbell,
        heartbeats,
        metrics: createTaskMetrics(),
        line: contracts.length,
      });
    }
  }
  return contracts;
}

function contractBase(settings: AttemptSettings, attempt: AttemptDescription, address: TaskAddress) {
  return {
    jobName: attempt.graph.name,
    logLevel: settings.log.level,
    address,
    epoch: attempt.epoch,
    module: settings.module,
    moduleHash: settings.moduleHash,
    fingerprint: attempt.graph.fingerprint,
    cachedFiles: settings.cachedFiles,
    restore: restoreOf(attempt.restore, address),
    settings: {
      ...settings.task,
      managedBytes: keepsState(attempt, address) ? planOf(settings, attempt, address).managedPerTask : 0,
    },
    state: settings.state,
    store: settings.hostedStore && connectStore(settings.hostedStore),
  };
}

/** What a task runs with, by its sharing group. */
function planOf(
  { plan }: AttemptSettings,
  { graph }: AttemptDescription,
  { vertexId }: TaskAddress,
): GroupPlan {
  const vertex = graph.vertices[vertexId];
  return vertex === undefined ? plan : groupPlanOf(plan, vertex);
}

function keepsState({ graph }: AttemptDescription, { vertexId }: TaskAddress): boolean {
  return graph.vertices[vertexId]?.operators.some((operator) => operator.keyed) === true;
}

function writesState(settings: AttemptSettings, attempt: AttemptDescription, address: TaskAddress): boolean {
  return settings.state.backend === 'lmdb' && keepsState(attempt, address);
}

/**
 * Of each TaskManager as much network memory as the job's slots there have, or all of it; a region has a part of that
 * by what its tasks there need, so that each can be started anew without a look at the others.
 */
function homesOf(
  { plan, hasSlots, networkOptions }: AttemptSettings,
  { placement, graph, region }: AttemptDescription,
): NetworkHomes {
  const slotOf = (vertexId: number, subtask: number) => placement?.[vertexId]?.[subtask];
  const homeOf = (vertexId: number, subtask: number): string =>
    slotOf(vertexId, subtask)?.taskManagerId ?? '';
  const required = producerSegments(graph, networkOptions);
  const homes = new Map<string, Home>();
  for (const { id, parallelism } of graph.vertices)
    for (let subtask = 0; subtask < parallelism; subtask++) {
      const name = homeOf(id, subtask);
      const home = homes.get(name) ?? { slots: new Set(), required: 0, own: 0, tasks: 0, ownTasks: 0 };
      const segments = required[id]?.[subtask] ?? 0;
      const isOwn = region.subtasks[id]?.[subtask] === true;
      home.slots.add(slotOf(id, subtask)?.index ?? 0);
      home.required += segments;
      home.tasks++;
      if (isOwn) home.own += segments;
      if (isOwn) home.ownTasks++;
      homes.set(name, home);
    }
  const counts = [...homes].flatMap(([name, home]): (readonly [string, number])[] => {
    const total = plan.segmentCount * (hasSlots ? home.slots.size : 1);
    return home.ownTasks === 0 ? [] : [[name, shareOf(home, total)]];
  });
  return { homeOf, segmentCounts: new Map(counts) };
}

/** A TaskManager, as a job and one of its regions have it. */
interface Home {
  readonly slots: Set<number>;
  /** Segments. */
  required: number;
  own: number;
  tasks: number;
  ownTasks: number;
}

function shareOf({ required, own, tasks, ownTasks }: Home, total: number): number {
  if (tasks === ownTasks) return total;
  const spare = Math.max(0, total - required);
  return required === 0 ? 0 : own + Math.floor((spare * own) / required);
}

function endsOf(plan: TaskChannelPlan): Pick<TaskContract, 'inputs' | 'outputs'> {
  return {
    inputs: plan.inputs.map(({ edge, channels }) => ({
      edgeId: edge.id,
      inputIndex: edge.inputIndex,
      channels,
    })),
    outputs: plan.outputs.map(({ edge, partition, consumers }) => ({
      edgeId: edge.id,
      partition,
      consumers,
    })),
  };
}

function bellOf(doorbells: readonly (readonly DoorbellHandle[])[], address: TaskAddress): DoorbellHandle {
  const doorbell = doorbells[address.vertexId]?.[address.subtask];
  invariant(doorbell !== undefined, 'every task has a doorbell', { vertex: address.vertexId });
  return doorbell;
}

function keyOf(task: TaskAddress): string {
  return `${task.vertexId}/${task.subtask}`;
}
