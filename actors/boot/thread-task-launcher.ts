import {
  type AttemptDescription,
  type CachedFileContent,
  invariant,
  MillraceError,
  type RunningAttempt,
  type TaskEvent,
  type TaskLauncher,
} from '../../core/internal.js';
import type { V8HeapLimits } from '../../memory/index.js';
import type { TaskStatus } from '../cluster/cluster-gateway.js';
import type { TaskSettings } from '../task/task-environment.js';
import type { CancellationLimits } from './cancellation-watch.js';
import type { MeasuredAttempt } from './cluster-metrics.js';
import type { Deployment } from './deployment.js';
import type { HostedStore } from './hosted-store.js';
import { taskManagerLost } from './local-task-managers.js';
import { RelaunchPause } from './relaunch-pause.js';
import { StateWriterHost } from './state-writer-host.js';
import { SYSTEM_CLOCK } from './system-clock.js';
import type { StateContract } from './task-contract.js';
import type { TaskThreadPool } from './task-threads/task-thread-pool.js';
import { ThreadAttempt } from './thread-attempt.js';
import type { TaskLogReceiver } from './thread-task.js';

/** What does not change between the attempts of a job. */
export interface LauncherSettings {
  readonly moduleHash: string;
  /** Their bytes are shared memory. */
  readonly cachedFiles: readonly CachedFileContent[];
  readonly task: Omit<TaskSettings, 'managedBytes'>;
  readonly heartbeatTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly cancellation: CancellationLimits;
  readonly state: StateContract;
  /** Where the checkpoints are kept if not at the place that `state` names. */
  readonly hostedStore: HostedStore | undefined;
  /** Where the tasks' lines go. */
  readonly log: TaskLogReceiver;
  hasTaskManager(id: string): boolean;
}

/**
 * The TaskManagers, as one job has them: starts the tasks of an attempt on warm threads, with channels sized by the
 * plan.
 *
 * Invariants: nothing runs of a TaskManager that was lost, or it is being ended; it holds a deployment for the graph
 * that runs, and for those that a rescale may yet come to; what is not needed any more has no threads; after `close` it
 * launches nothing and holds no further deployment.
 */
export class ThreadTaskLauncher implements TaskLauncher {
  readonly #settings: LauncherSettings;
  readonly #deployments = new Map<string, Deployment>();
  readonly #leaving = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;
  #present: Deployment;
  #pause: RelaunchPause | undefined;
  /** The newest at each region, by its id. */
  readonly #attempts = new Map<number, ThreadAttempt>();
  /** By TaskManager. */
  readonly #writers = new Map<string, StateWriterHost>();

  constructor(settings: LauncherSettings, first: Deployment) {
    this.#settings = settings;
    this.#present = first;
    this.#deployments.set(first.fingerprint, first);
  }

  /**
   * What a rescale may come to; resolves when its threads are warm.
   *
   * @throws MillraceError MR5003 after `close`: the job has ended while it was being planned
   */
  async offer(deployment: Deployment): Promise<void> {
    if (this.#closed !== undefined) throw new MillraceError('MR5003', 'The job runs no more.');
    if (deployment.fingerprint === this.#present.fingerprint) return;
    const alike = this.#deployments.get(deployment.fingerprint);
    if (alike !== undefined) this.#leave(alike);
    this.#deployments.set(deployment.fingerprint, deployment);
    await deployment.threads.warm();
  }

  /** Nothing came of it. What runs is not touched. */
  withdraw(deployment: Deployment): void {
    const { fingerprint } = deployment;
    if (deployment === this.#present || deployment !== this.#deployments.get(fingerprint)) return;
    this.#deployments.delete(fingerprint);
    this.#leave(deployment);
  }

  /** For how long no record was taken at the last rescale, ms; undefined if none was seen soon after. */
  get pause(): Promise<number | undefined> {
    return this.#pause?.measured ?? Promise.resolve(undefined);
  }

  launch(attempt: AttemptDescription, onEvent: (event: TaskEvent) => void): RunningAttempt {
    invariant(this.#closed === undefined, 'nothing is launched of a job that has ended');
    const gone = placesOf(attempt).find((id) => !this.#settings.hasTaskManager(id));
    if (gone !== undefined) throw taskManagerLost(gone);
    const { module, plan, networkOptions, hasSlots, threads } = this.#deploy(attempt.graph.fingerprint);
    const resources = {
      takePool: (heaps: readonly V8HeapLimits[]) => threads.take(heaps),
      giveBackPool: (pool: Pick<TaskThreadPool, 'destroy'>) => threads.giveBack(pool),
      connectStateWriter: (taskManagerId: string) => this.#stateWriter(taskManagerId).connect(),
    };
    const settings = { ...this.#settings, module, plan, networkOptions, hasSlots };
    const running = new ThreadAttempt(settings, attempt, resources, onEvent);
    this.#attempts.set(attempt.region.id, running);
    return running;
  }

  /** The one of this graph; others that were held for the job have had their time. */
  #deploy(fingerprint: string): Deployment {
    const deployment = this.#deployments.get(fingerprint);
    invariant(deployment !== undefined, 'a graph that is launched was planned', { fingerprint });
    if (deployment === this.#present) return deployment;
    const former = this.#present;
    this.#present = deployment;
    this.withdraw(former);
    this.#pause?.stop();
    const ended = [...this.#attempts.values()].flatMap(({ endedMs }) => endedMs ?? []);
    const endedMs = Math.min(SYSTEM_CLOCK.monotonicMs(), ...ended);
    this.#attempts.clear();
    this.#pause = new RelaunchPause(endedMs, () => this.tasks());
    return deployment;
  }

  #leave({ threads }: Deployment): void {
    const gone = threads.close().finally(() => this.#leaving.delete(gone));
    this.#leaving.add(gone);
  }

  /** Threads go first, then the state writer, when no task needs it any more. Each call waits for all of that. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#pause?.stop();
    await Promise.all([...this.#deployments.values()].map(({ threads }) => threads.close()));
    await Promise.all(this.#leaving);
    const writers = [...this.#writers.values()];
    this.#writers.clear();
    await Promise.all(writers.map((writer) => writer.close()));
  }

  /** A TaskManager has gone: its tasks end, and its state writer when they have. */
  lose(taskManagerId: string, reason: MillraceError): void {
    const writer = this.#writers.get(taskManagerId);
    this.#writers.delete(taskManagerId);
    const ended = this.#fail(reason, taskManagerId);
    const gone = ended.then(() => writer?.close()).finally(() => this.#leaving.delete(gone));
    this.#leaving.add(gone);
  }

  async #fail(reason: MillraceError, taskManagerId: string): Promise<void> {
    await Promise.all([...this.#attempts.values()].map((attempt) => attempt.fail(reason, taskManagerId)));
  }

  /** By vertex, then subtask. */
  tasks(): readonly TaskStatus[] {
    const tasks = [...this.#attempts.values()].flatMap((attempt) => attempt.tasks());
    return tasks.sort((a, b) => a.vertexId - b.vertexId || a.subtask - b.subtask);
  }

  /** The tasks of the newest attempt at each region, ended ones too. */
  get measured(): readonly MeasuredAttempt[] {
    return [...this.#attempts.values()].map(({ measured }) => measured);
  }

  /** Warms the threads of a next attempt; called once the present one runs. */
  warm(): void {
    this.#present.threads.warmSoon();
  }

  /** One for all attempts; the tasks that lose it end, and the next ones get another. */
  #stateWriter(taskManagerId: string): StateWriterHost {
    const present = this.#writers.get(taskManagerId);
    if (present !== undefined) return present;
    const writer = new StateWriterHost(this.#settings.state.quotaBytes, (error) => {
      if (this.#writers.get(taskManagerId) === writer) this.#writers.delete(taskManagerId);
      void this.#fail(error, taskManagerId);
    });
    this.#writers.set(taskManagerId, writer);
    return writer;
  }
}

/** Each TaskManager of the region, once. */
function placesOf({ placement, region }: AttemptDescription): string[] {
  const slots = (placement ?? []).flatMap((subtasks, vertexId) =>
    subtasks.filter((_, subtask) => region.subtasks[vertexId]?.[subtask] === true),
  );
  return [...new Set(slots.map(({ taskManagerId }) => taskManagerId))];
}
