import type { Worker } from 'node:worker_threads';
import {
  checkOptionNames,
  fromWireError,
  isJobDefinition,
  type JobDefinition,
  type JobHolder,
  type JobParameterInput,
  JobParameters,
  type MetricsQuery,
  type MetricValue,
  MillraceError,
  type OptionLayer,
  resolveOptions,
} from '../../core/internal.js';
import { configuredControlHeap } from '../../memory/index.js';
import type { JobSubmission, SubmissionAnswer, TaskManagerStatus } from '../cluster/cluster-gateway.js';
import type { ClusterOrder, RecoveredJob, SessionGateway, StoppedJob } from '../cluster/session-gateway.js';
import {
  CLUSTER_OPTIONS,
  type ClusterOptions,
  checkSubmitOptions,
  type SubmitOptions,
  valuesOf,
} from './cluster-options.js';
import type { Remote } from './comlink/comlink-port.js';
import { withDeadline } from './deadline.js';
import { LocalJob } from './local-job.js';
import type { RestEndpoint } from './rest-endpoint.js';
import { TelemetryReports } from './telemetry-reports.js';
import { endTree } from './threads/native-loads.js';
import { outOfMemory } from './threads/out-of-memory.js';
import { isMainThread } from './threads/own-port.js';
import { controlThreads } from './threads/spare-threads.js';
import { ThreadEnd } from './threads/thread-end.js';

/** How long what runs may take to end when the lead is lost. */
const LEAVE_MS = 10_000;

/** What a cluster is for, and who is told how it comes to its lead. */
export interface ClusterRole extends Pick<ClusterOrder, 'kind' | 'defaultClusterId'> {
  /** Another process leads; this one waits. */
  readonly onStandBy?: (standing: StandBy) => void;
  /** REST is served, also while another process leads. */
  readonly servesRest?: boolean;
  /** A client has told the cluster to end. Without, none may. */
  readonly onShutDown?: () => void;
  /** This process leads, and these jobs of earlier leaders were started again. */
  readonly onRecovered?: (jobs: readonly RecoveredJob[]) => void;
}

/** How a process stands by. */
export interface StandBy {
  readonly leader: JobHolder;
  /** Where that one serves REST, as far as it has told. */
  readonly leaderUrl: string | undefined;
  /** Where this process does, and sends clients to the leader; undefined: not before it leads. */
  readonly restUrl: string | undefined;
}

const EMBEDDED: ClusterRole = { kind: 'application', defaultClusterId: 'default' };

/**
 * A JobManager and a TaskManager inside this process, on threads of their own.
 *
 * @example
 * ```ts
 * const cluster = await LocalCluster.start({
 *   memory: '1 gb',
 *   checkpointing: { interval: '1 s', dir: './checkpoints' },
 * });
 * const job = await cluster.submit(delays, { input, output });
 * const result = await job.result();
 * await cluster.close();
 * ```
 */
export class LocalCluster {
  readonly #thread: Worker;
  readonly #gateway: Remote<SessionGateway>;
  readonly #layers: readonly OptionLayer[];
  readonly #end: ThreadEnd;
  /** The control thread has gone, by itself or ended by force. */
  readonly #gone: Promise<void>;
  readonly #onShutDown: (() => void) | undefined;
  #rest: RestEndpoint | undefined;
  #reports: TelemetryReports | undefined;
  /** No other process does. */
  #leads = true;
  #closed = false;

  private constructor(
    thread: Worker,
    gateway: Remote<SessionGateway>,
    layers: readonly OptionLayer[],
    { onShutDown }: ClusterRole,
  ) {
    this.#onShutDown = onShutDown;
    this.#thread = thread;
    this.#gateway = gateway;
    this.#layers = layers;
    this.#end = new ThreadEnd();
    thread.once('error', (error) => this.#end.end(outOfMemory(error) ?? controlThreadFailed(error)));
    this.#gone = new Promise((resolve) => {
      thread.once('exit', () => {
        this.#end.end(new MillraceError('MR5003', 'The control thread has ended; the cluster is closed.'));
        resolve();
      });
    });
  }

  /** @throws MillraceError MR1004 on any thread but the main one of the program, MR1001 for an unknown option */
  static async start(options: ClusterOptions = {}): Promise<LocalCluster> {
    checkOptionNames(options, CLUSTER_OPTIONS, 'LocalCluster.start');
    const servesRest = options.rest !== undefined && options.rest !== false;
    return LocalCluster.startWith([{ origin: 'flag', values: valuesOf(options) }], {
      ...EMBEDDED,
      servesRest,
    });
  }

  /** For those who have resolved where each value comes from. */
  static async startWith(
    layers: readonly OptionLayer[],
    role: ClusterRole = EMBEDDED,
  ): Promise<LocalCluster> {
    if (!isMainThread) {
      throw new MillraceError(
        'MR1004',
        'A cluster cannot be started from inside a task or a graph builder.',
        {
          hint: 'Keep calls of execute() and LocalCluster.start() out of the job module, or behind a check of isMainThread.',
        },
      );
    }
    const { configured, values } = resolveOptions(layers);
    const isHighlyAvailable = values['high-availability.type'] !== 'NONE';
    const heap = configuredControlHeap(configured);
    controlThreads.warm(heap);
    // Job modules import this file too, in every thread, and connect to nothing there.
    const { connect } = await import('./comlink/comlink-port.js');
    const thread = controlThreads.take(heap);
    const cluster = new LocalCluster(thread, connect<SessionGateway>(thread), layers, role);
    // Told before anything else; that the thread has gone is told by its end.
    cluster.#gateway.configure(layers).catch(() => undefined);
    cluster.#reportEach(values['metrics.reporter.otel.interval']);
    try {
      if (isHighlyAvailable || role.kind === 'session') await cluster.#lead(role);
      if (role.servesRest === true) await cluster.serveRest();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  #reportEach(intervalMs: number): void {
    const ask = async () => (this.#end.hasEnded ? undefined : this.#end.orEnd(this.#gateway.telemetry()));
    this.#reports = new TelemetryReports(ask, intervalMs);
  }

  /** Resolves when this process leads, and its cluster's earlier jobs go on. */
  async #lead(role: ClusterRole): Promise<void> {
    // Listened to from the beginning: it may be lost while earlier jobs are begun anew.
    this.#gateway.leadershipLost().then(
      (error) => this.#end.end(fromWireError(error)),
      // The thread is gone, which its own end tells.
      () => undefined,
    );
    const { kind, defaultClusterId, onRecovered } = role;
    const order = { kind, layers: this.#layers, defaultClusterId };
    let answer = await this.#end.orEnd(this.#gateway.begin(order));
    if (answer.type === 'standing-by') {
      this.#leads = false;
      await this.#standBy(role, answer.leader);
      answer = await this.#end.orEnd(this.#gateway.leadership());
    }
    if (answer.type === 'refused') throw fromWireError(answer.error);
    this.#leads = true;
    if (answer.type === 'leading') onRecovered?.(answer.recovered);
  }

  /**
   * Where the leader has the port, as it may on the same machine, clients find the leader there; this process takes the
   * port when it leads.
   */
  async #standBy({ onStandBy, servesRest }: ClusterRole, leader: JobHolder): Promise<void> {
    const { isPortTaken } = await import('./rest-endpoint.js');
    const restUrl = await (servesRest === true ? this.#listen(false) : undefined)?.catch((error: unknown) => {
      if (isPortTaken(error)) return undefined;
      throw error;
    });
    const leaderUrl = (await this.#end.orEnd(this.#gateway.leader()))?.restUrl;
    onStandBy?.({ leader, leaderUrl, restUrl });
  }

  /** Starts a job. Rejects with what refused it: its graph, its memory, its checkpoints. */
  async submit(
    job: JobDefinition<unknown>,
    params: JobParameterInput = {},
    options: SubmitOptions = {},
  ): Promise<LocalJob> {
    checkSubmitOptions(options);
    checkJob(job);
    const answer = await this.submitModule(job.url, new JobParameters(params).all(), options);
    if (answer.type === 'refused') throw fromWireError(answer.error);
    if (answer.type === 'already-finished') {
      throw new MillraceError(
        'MR8001',
        `The job ${answer.jobName} ${endOf(answer)}; nothing is left to resume.`,
      );
    }
    return new LocalJob(answer, this.#gateway, this.#end);
  }

  /** As `submit`, with every outcome as an answer; for the command line. `fixedJobId`: see {@link JobSubmission}. */
  submitModule(
    url: string,
    params: Readonly<Record<string, string>>,
    options: SubmitOptions = {},
    fixedJobId?: JobSubmission['fixedJobId'],
  ): Promise<SubmissionAnswer> {
    const { claimMode } = options;
    const extra = {
      ...options.configuration,
      ...(claimMode === undefined ? {} : { 'execution.state-recovery.claim-mode': claimMode }),
    };
    const layers = [...this.#layers, { origin: 'flag' as const, values: extra }];
    const { jobId, start = 'new', fromSavepoint, allowNonRestoredState = false } = options;
    const origin = { fromSavepoint, allowNonRestoredState };
    const submission = { url, params, layers, jobId, start, fixedJobId, ...origin };
    return this.#end.orEnd(this.#gateway.submit(submission));
  }

  /** Ends all jobs with savepoints where there is a folder for them; the others end with {@link close}. */
  stopAll(): Promise<readonly StoppedJob[]> {
    return this.#end.orEnd(this.#gateway.stopAll());
  }

  /** Rejects when nobody answers any more: the control thread has gone (MR5003, MR9002), or the lead (MR8003). */
  lost(): Promise<never> {
    return this.#end.orEnd(new Promise<never>(() => {}));
  }

  /** The job of an answer of {@link submitModule}. */
  jobOf(answer: Extract<SubmissionAnswer, { type: 'started' }>): LocalJob {
    return new LocalJob(answer, this.#gateway, this.#end);
  }

  /** Where REST and the dashboard are served; undefined: nowhere. */
  get restUrl(): string | undefined {
    return this.#rest?.url;
  }

  /**
   * Serves Flink's REST interface and the dashboard on this thread, as the keys `rest.*` say; resolves to the address,
   * as often as it is called. Rejects with MR4006 where it cannot listen, or may not without a token.
   */
  async serveRest(): Promise<string> {
    const url = await this.#listen(true);
    if (this.#rest !== undefined) await this.#end.orEnd(this.#gateway.announceRest(this.#rest.publicUrl));
    return url;
  }

  async #listen(takesAnyPort: boolean): Promise<string> {
    if (this.#rest !== undefined) return this.#rest.url;
    const [{ RestEndpoint }, { restClusterOf }] = await Promise.all([
      import('./rest-endpoint.js'),
      import('./rest-cluster-client.js'),
    ]);
    const options = resolveOptions(this.#layers);
    this.#rest = await RestEndpoint.start(
      restClusterOf(this.#gateway, options, this.#end, this.#onShutDown),
      options,
      async (target) => {
        if (this.#leads) return undefined;
        const { standByAnswer } = await import('../rest/stand-by-answer.js');
        return standByAnswer(await this.#end.orEnd(this.#gateway.leader()), target);
      },
      takesAnyPort,
    );
    return this.#rest.url;
  }

  /** The ids of its TaskManagers, and who has their slots. */
  taskManagers(): Promise<readonly TaskManagerStatus[]> {
    return this.#end.orEnd(this.#gateway.taskManagers());
  }

  /**
   * One more TaskManager, as configured; resolves to its id. Jobs that wait for slots are given them. Rejects with
   * MR4002 when there are 128, the most that a process has.
   */
  async startTaskManager(): Promise<string> {
    const answer = await this.#end.orEnd(this.#gateway.startTaskManager());
    if (answer.type === 'failed') throw fromWireError(answer.error);
    return answer.taskManagerId;
  }

  /**
   * Takes a TaskManager out of the cluster. An adaptive job takes a checkpoint and goes on with the slots that are
   * left; of any other one the tasks there end as if it were lost, and it goes on from its newest checkpoint once the
   * slots that are left suffice. Rejects with MR7002 if there is none of that id.
   *
   * @example
   * ```ts
   * const cluster = await LocalCluster.start({
   *   configuration: { 'minicluster.number-of-taskmanagers': 2, 'taskmanager.numberOfTaskSlots': 2 },
   * });
   * const [first] = await cluster.taskManagers();
   * if (first !== undefined) await cluster.terminateTaskManager(first.id);
   * await cluster.startTaskManager();
   * ```
   */
  async terminateTaskManager(id: string): Promise<void> {
    const error = await this.#end.orEnd(this.#gateway.terminateTaskManager(id));
    if (error !== undefined) throw fromWireError(error);
  }

  /** Metrics by Flink's names. A task that is in the middle of something is told of as it was before. */
  readMetrics(query: MetricsQuery): Promise<readonly MetricValue[]> {
    return this.#end.orEnd(this.#gateway.readMetrics(query));
  }

  /** All metrics of the cluster in Prometheus' text format, named and labelled as by Flink's reporter. */
  prometheus(): Promise<string> {
    return this.#end.orEnd(this.#gateway.prometheus());
  }

  /** Ends everything; jobs that run keep their checkpoints. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#rest?.close();
    await this.#reports?.close();
    try {
      await this.#closeJobs();
    } finally {
      await endTree(this.#thread);
    }
  }

  async #closeJobs(): Promise<void> {
    const closed = Promise.race([this.#gateway.close(), this.#gone]);
    try {
      await this.#end.orEnd(closed);
    } catch (error) {
      if (!this.#end.hasEnded) throw error;
      // The lead is lost, maybe meanwhile, and what was to be put in order with it: what runs ends as it can, and
      // nobody waits for a storage that does not answer.
      await withDeadline(LEAVE_MS, (deadline) => Promise.race([closed.catch(() => undefined), deadline]));
    }
  }
}

function checkJob(job: unknown): void {
  if (isJobDefinition(job)) return;
  throw new MillraceError('MR1003', 'What was submitted is no job.', {
    hint: 'Import the default export of the job file, which defineJob made.',
  });
}

function controlThreadFailed(error: Error): MillraceError {
  return new MillraceError('MR9002', `The control thread failed: ${error.message}`, { cause: error });
}

function endOf({ state, savepointPath }: SubmissionAnswer & { readonly type: 'already-finished' }): string {
  if (savepointPath !== undefined)
    return `was stopped with the savepoint ${savepointPath}, from which another run may begin`;
  return state === 'CANCELED' ? 'was cancelled, and its checkpoints removed' : 'has finished already';
}
