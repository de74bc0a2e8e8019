import {
  type CheckpointType,
  checkOptionNames,
  fromWireError,
  type JobExecutionResult,
  type JobExplanation,
  type JobStatusSnapshot,
  type ResourceRequirements,
} from '../../core/internal.js';
import type {
  BegunFrom,
  ClusterGateway,
  SavepointRequest,
  SubmissionAnswer,
  TaskStatus,
} from '../cluster/cluster-gateway.js';
import type { RescaleReport } from '../cluster/rescale-request.js';
import type { Remote } from './comlink/comlink-port.js';
import type { ThreadEnd } from './threads/thread-end.js';

/** How a job is stopped with a savepoint. */
export interface StopOptions {
  /** Folder in which the savepoint gets its own; else that of `execution.checkpointing.savepoint-dir`. */
  readonly savepointDir?: string;
  /** The input ends for good: whatever waits for more of it fires. */
  readonly drain?: boolean;
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
   * Takes a checkpoint now, beside those of the interval; resolves to its id. `'FULL'` builds on no other one,
   * `'INCREMENTAL'` does, `'CONFIGURED'` as `execution.checkpointing.incremental` says. Rejects with MR3007 and its
   * cause if it does not complete.
   *
   * @example
   * ```ts
   * const checkpointId = await job.triggerCheckpoint('FULL');
   * console.error(checkpointId);
   * ```
   */
  async triggerCheckpoint(type: CheckpointType = 'CONFIGURED'): Promise<number> {
    const answer = await this.#end.orEnd(this.#gateway.triggerCheckpoint(this.jobId, type));
    if (answer.type === 'completed') return answer.checkpointId;
    throw fromWireError(answer.error);
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
