import type { Worker } from 'node:worker_threads';
import {
  checkOptionNames,
  fromWireError,
  isJobDefinition,
  type JobDefinition,
  type JobExecutionResult,
  type JobExplanation,
  type JobHolder,
  type JobParameterInput,
  JobParameters,
  type JobStatusSnapshot,
  type MetricsQuery,
  type MetricValue,
  MillraceError,
  type OptionLayer,
  type ResourceRequirements,
  resolveOptions,
} from '../../core/internal.js';
import { configuredControlHeap } from '../../memory/index.js';
import type {
  BegunFrom,
  ClusterGateway,
  JobSubmission,
  SavepointRequest,
  SubmissionAnswer,
  TaskStatus,
} from '../cluster/cluster-gateway.js';
import type { RescaleReport } from '../cluster/rescale-request.js';
import type { ClusterOrder, RecoveredJob, SessionGateway, StoppedJob } from '../cluster/session-gateway.js';
import {
  CLUSTER_OPTIONS,
  type ClusterOptions,
  SUBMIT_OPTIONS,
  type SubmitOptions,
  valuesOf,
} from './cluster-options.js';
import type { Remote } from './comlink/comlink-port.js';
import type { RestEndpoint } from './rest-endpoint.js';
import { outOfMemory } from './threads/out-of-memory.js';
import { isMainThread } from './threads/own-port.js';
import { controlThreads } from './threads/spare-threads.js';
import { ThreadEnd } from './threads/thread-end.js';

/** How a job is stopped with a savepoint. */
export interface StopOptions {
  /** Folder in which the savepoint gets its own; else that of `execution.checkpointing.savepoint-dir`. */
  readonly savepointDir?: string;
  /** The input ends for good: whatever waits for more of it fires. */
  readonly drain?: boolean;
}

/** What a cluster is for, and who is told how it comes to its lead. */
export interface ClusterRole extends Pick<ClusterOrder, 'kind' | 'defaultClusterId'> {
  /** Another process leads; this one waits. */
  readonly onStandBy?: (leader: JobHolder) => void;
  /** This process leads, and these jobs of earlier leaders were started again. */
  readonly onRecovered?: (jobs: readonly RecoveredJob[]) => void;
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
  #rest: RestEndpoint | undefined;
  #closed = false;

  private constructor(thread: Worker, gateway: Remote<SessionGateway>, layers: readonly OptionLayer[]) {
    this.#thread = thread;
    this.#gateway = gateway;
    this.#layers = layers;
    this.#end = new ThreadEnd();
    thread.once('error', (error) => this.#end.end(outOfMemory(error) ?? controlThreadFailed(error)));
    thread.once('exit', () =>
      this.#end.end(new MillraceError('MR5003', 'The control thread has ended; the cluster is closed.')),
    );
  }

  /** @throws MillraceError MR1004 on any thread but the main one of the program, MR1001 for an unknown option */
  static async start(options: ClusterOptions = {}): Promise<LocalCluster> {
    checkOptionNames(options, CLUSTER_OPTIONS, 'LocalCluster.start');
    return LocalCluster.startWith([{ origin: 'flag', values: valuesOf(options) }]);
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
    const cluster = new LocalCluster(thread, connect<SessionGateway>(thread), layers);
    if (isHighlyAvailable || role.kind === 'session') await cluster.#lead(role);
    return cluster;
  }

  /** Resolves when this process leads, and its cluster's earlier jobs go on. */
  async #lead({ kind, defaultClusterId, onStandBy, onRecovered }: ClusterRole): Promise<void> {
    try {
      const order = { kind, layers: this.#layers, defaultClusterId };
      let answer = await this.#end.orEnd(this.#gateway.begin(order));
      if (answer.type === 'standing-by') {
        onStandBy?.(answer.leader);
        answer = await this.#end.orEnd(this.#gateway.leadership());
      }
      if (answer.type === 'refused') throw fromWireError(answer.error);
      if (answer.type === 'leading') onRecovered?.(answer.recovered);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#gateway.leadershipLost().then(
      (error) => this.#end.end(fromWireError(error)),
      // The thread is gone, which its own end tells.
      () => undefined,
    );
  }

  /** Starts a job. Rejects with what refused it: its graph, its memory, its checkpoints. */
  async submit(
    job: JobDefinition<unknown>,
    params: JobParameterInput = {},
    options: SubmitOptions = {},
  ): Promise<LocalJob> {
    checkOptionNames(options, SUBMIT_OPTIONS, 'submit');
    checkJob(job);
    const answer = await this.submitModule(job.url, new JobParameters(params).all(), options);
    if (answer.type === 'refused') throw fromWireError(answer.error);
    if (answer.type === 'already-finished') {
      throw new MillraceError(
        'MR8001',
        `The job ${answer.jobName} ${endOf(answer.savepointPath)}; nothing is left to resume.`,
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

  /**
   * Serves Flink's REST interface on this thread, as the keys `rest.*` say; resolves to its address. Rejects with
   * MR4006 where it cannot listen, or may not without a token.
   */
  async serveRest(): Promise<string> {
    const [{ RestEndpoint }, { restClusterOf }] = await Promise.all([
      import('./rest-endpoint.js'),
      import('./rest-cluster-client.js'),
    ]);
    const options = resolveOptions(this.#layers);
    this.#rest = await RestEndpoint.start(restClusterOf(this.#gateway, options, this.#end), options);
    return this.#rest.url;
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
    await this.#end.orEnd(this.#gateway.close()).catch((error: unknown) => {
      // A control thread that has gone by itself is closed as well.
      if (!this.#end.hasEnded) throw error;
    });
    await this.#thread.terminate();
  }
}

/**
 * A job that was submitted.
 *
 * @example
 * ```ts
 * const cluster = await LocalCluster.start({ checkpointing: { interval: '1 s', dir: './checkpoints' } });
 * const job = await cluster.submit(delays, { input, output });
 * for (const { vertexId, subtask, records } of await job.tasks()) console.log(vertexId, subtask, records);
 * const { attempts, netRuntimeMs } = await job.result();
 * await cluster.close();
 * ```
 */
export class LocalJob {
  readonly jobId: string;
  readonly jobName: string;
  /** What a person should know of the job's graph and configuration. */
  readonly warnings: readonly string[];
  readonly restoredCheckpointId: number | undefined;
  /** The savepoint or checkpoint that this start began from: it may be deleted, unless the job has claimed it. */
  readonly begunFrom: BegunFrom | undefined;
  readonly #gateway: Remote<ClusterGateway>;
  readonly #end: ThreadEnd;

  constructor(
    answer: Extract<SubmissionAnswer, { type: 'started' }>,
    gateway: Remote<ClusterGateway>,
    end: ThreadEnd,
  ) {
    this.jobId = answer.jobId;
    this.jobName = answer.jobName;
    this.warnings = answer.warnings;
    this.restoredCheckpointId = answer.restoredCheckpointId;
    this.begunFrom = answer.begunFrom;
    this.#gateway = gateway;
    this.#end = end;
  }

  /** Resolves when the job has finished; rejects with MR5006 and its causes, or MR5007 when it was cancelled. */
  async result(): Promise<JobExecutionResult> {
    const answer = await this.#end.orEnd(this.#gateway.result(this.jobId));
    if (answer.type === 'finished') return answer.result;
    throw fromWireError(answer.error);
  }

  /** How the job stands; undefined once the cluster has forgotten it. */
  status(): Promise<JobStatusSnapshot | undefined> {
    return this.#end.orEnd(this.#gateway.status(this.jobId));
  }

  /** What each running task has done so far. */
  tasks(): Promise<readonly TaskStatus[]> {
    return this.#end.orEnd(this.#gateway.tasks(this.jobId));
  }

  /**
   * What sources skipped, windows dropped and functions counted so far, `<uid>.<name>`: see `metrics` of
   * {@link JobExecutionResult}. Tasks tell it with each checkpoint, and when they end.
   */
  metrics(): Promise<Readonly<Record<string, number>>> {
    return this.#end.orEnd(this.#gateway.metrics(this.jobId));
  }

  /**
   * Why nothing comes out: for each operator and subtask the watermark, since when it stands, and the channel,
   * split or operator that holds it back. Tasks in the middle of long user code are named as silent. Undefined
   * once the cluster knows the job no more.
   *
   * @example
   * ```ts
   * const explanation = await job.explain();
   * console.error(explanation?.text);
   * ```
   */
  explain(): Promise<JobExplanation | undefined> {
    return this.#end.orEnd(this.#gateway.explain(this.jobId));
  }

  /** What the job's `CollectSink`s have brought back since the last call; ask after `result` for all of it. */
  collected(): Promise<readonly unknown[]> {
    return this.#end.orEnd(this.#gateway.collected(this.jobId));
  }

  /**
   * Takes a savepoint while the job goes on, into a new folder below the given one, or below
   * `execution.checkpointing.savepoint-dir`; resolves to its path, which `fromSavepoint` takes. It commits nothing,
   * and no restart begins from it. Rejects with MR3007 and its cause if it does not complete.
   *
   * @example
   * ```ts
   * const cluster = await LocalCluster.start({ checkpointing: { interval: '1 s', dir: './checkpoints' } });
   * const job = await cluster.submit(delays, { input, output });
   * const path = await job.savepoint('./savepoints');
   * const copy = await cluster.submit(delays, { input, output }, { jobId: 'copy', fromSavepoint: path });
   * ```
   */
  savepoint(folder?: string): Promise<string> {
    return this.#savepoint({ folder, stop: undefined });
  }

  /**
   * Ends the job with a savepoint: sources stop, what is in flight is processed, and the results up to there are
   * committed; resolves to the savepoint's path when the job has finished. With `drain` the input ends for good
   * instead: windows fire as they do at the end of bounded input. Rejects with MR3007 if there is no savepoint; the
   * job goes on then.
   *
   * @example
   * ```ts
   * const cluster = await LocalCluster.start({ checkpointing: { interval: '1 s', dir: './checkpoints' } });
   * const job = await cluster.submit(delays, { input, output });
   * const path = await job.stop({ savepointDir: './savepoints' });
   * const next = await cluster.submit(delays, { input, output }, { fromSavepoint: path });
   * ```
   */
  stop(options: StopOptions = {}): Promise<string> {
    checkOptionNames(options, ['savepointDir', 'drain'], 'stop');
    return this.#savepoint({
      folder: options.savepointDir,
      stop: options.drain === true ? 'drain' : 'suspend',
    });
  }

  async #savepoint(request: SavepointRequest): Promise<string> {
    const answer = await this.#end.orEnd(this.#gateway.savepoint(this.jobId, request));
    if (answer.type === 'completed') return answer.path;
    throw fromWireError(answer.error);
  }

  /**
   * Runs the job at another parallelism, in place: it goes on from its next checkpoint, losing and doubling nothing,
   * and keeps its id. A number is for all operators whose parallelism the job does not name itself; bounds are by
   * vertex id. Resolves when all tasks run so, to what was done, or to undefined if it had that parallelism. Rejects,
   * and the job goes on as it was: MR5013 above the maximum parallelism, without checkpoints, when another rescale
   * was asked for or the job ends; MR4004 or MR4005 where it would not fit into the memory.
   *
   * @example
   * ```ts
   * const cluster = await LocalCluster.start({ checkpointing: { interval: '1 s', dir: './checkpoints' } });
   * const job = await cluster.submit(delays, { input, output });
   * const rescale = await job.rescale(4);
   * console.error(`no record was taken for ${rescale?.pauseMs} ms`);
   * await job.rescale({ 1: { lowerBound: 1, upperBound: 2 } });
   * ```
   */
  async rescale(parallelism: number | ResourceRequirements): Promise<RescaleReport | undefined> {
    const request = { parallelism, waits: true };
    const answer = await this.#end.orEnd(this.#gateway.rescale(this.jobId, request));
    if (answer.type === 'failed') throw fromWireError(answer.error);
    return answer.type === 'rescaled' ? answer.rescale : undefined;
  }

  /** Ends the job without a final checkpoint; resolves when it has been asked to. `result` then rejects. */
  async cancel(): Promise<void> {
    await this.#end.orEnd(this.#gateway.cancel(this.jobId));
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

function endOf(savepointPath: string | undefined): string {
  return savepointPath === undefined
    ? 'has finished already'
    : `was stopped with the savepoint ${savepointPath}, from which another run may begin`;
}
