import type {
  AttemptDescription,
  CachedFileContent,
  RunningAttempt,
  TaskEvent,
  TaskLauncher,
} from '../../core/internal.js';
import type { NetworkBufferOptions, RuntimePlan } from '../../memory/index.js';
import type { TaskStatus } from '../cluster/cluster-gateway.js';
import type { TaskSettings } from '../task/task-environment.js';
import type { CancellationLimits } from './cancellation-watch.js';
import type { MeasuredAttempt } from './cluster-metrics.js';
import type { HostedStore } from './hosted-store.js';
import type { JobModule } from './job-module.js';
import { StateWriterHost } from './state-writer-host.js';
import type { StateContract } from './task-contract.js';
import type { TaskThreadPool } from './task-threads/task-thread-pool.js';
import type { TaskThreads } from './task-threads/task-threads.js';
import { ThreadAttempt } from './thread-attempt.js';
import type { TaskLogReceiver } from './thread-task.js';

/** What does not change between the attempts of a job. */
export interface LauncherSettings {
  readonly module: JobModule;
  readonly moduleHash: string;
  /** Their bytes are shared memory. */
  readonly cachedFiles: readonly CachedFileContent[];
  readonly plan: RuntimePlan;
  readonly networkOptions: NetworkBufferOptions;
  readonly task: Omit<TaskSettings, 'managedBytes'>;
  readonly heartbeatTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly cancellation: CancellationLimits;
  readonly state: StateContract;
  /** Where the checkpoints are kept if not at the place that `state` names. */
  readonly hostedStore: HostedStore | undefined;
  /** Where the tasks' lines go. */
  readonly log: TaskLogReceiver;
}

/** The TaskManager: starts the tasks of an attempt on warm threads, with channels sized by the plan. */
export class ThreadTaskLauncher implements TaskLauncher {
  readonly #settings: LauncherSettings;
  readonly #threads: TaskThreads;
  #attempt: ThreadAttempt | undefined;
  #writer: StateWriterHost | undefined;

  constructor(settings: LauncherSettings, threads: TaskThreads) {
    this.#settings = settings;
    this.#threads = threads;
  }

  launch(attempt: AttemptDescription, onEvent: (event: TaskEvent) => void): RunningAttempt {
    const resources = {
      takePool: (threads: number) => this.#threads.take(threads),
      giveBackPool: (pool: TaskThreadPool) => this.#threads.giveBack(pool),
      connectStateWriter: () => this.#stateWriter().connect(),
    };
    this.#attempt = new ThreadAttempt(this.#settings, attempt, resources, onEvent);
    return this.#attempt;
  }

  /** The state writer goes last, when no task needs it any more. Idempotent. */
  async close(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close();
  }

  tasks(): readonly TaskStatus[] {
    return this.#attempt?.tasks() ?? [];
  }

  /** The tasks of the newest attempt, ended ones too. */
  get measured(): MeasuredAttempt | undefined {
    return this.#attempt?.measured;
  }

  /** Warms the threads of a next attempt; called once the present one runs. */
  warm(): void {
    this.#threads.warmSoon();
  }

  /** One for all attempts; the attempt that loses it fails, and the next one gets another. */
  #stateWriter(): StateWriterHost {
    this.#writer ??= new StateWriterHost(this.#settings.state.quotaBytes, (error) => {
      this.#writer = undefined;
      this.#attempt?.fail(error);
    });
    return this.#writer;
  }
}
