import { randomBytes } from 'node:crypto';
import {
  type ClusterState,
  fromWireError,
  isMillraceError,
  jobNameOf,
  MillraceError,
  type OptionLayer,
  type RecordedResult,
  recordedJob,
  resolveOptions,
  type SubmittedJob,
  taskManagersAtFirst,
  toWireError,
  type WireError,
  withJob,
  withoutJob,
  withResult,
} from '../../core/internal.js';
import { type ClusterLog, currentHolder } from '../../storage/index.js';
import type {
  JobResultAnswer,
  JobSubmission,
  SubmissionAnswer,
  TaskManagerAnswer,
} from '../cluster/cluster-gateway.js';
import type {
  ClusterAnswer,
  ClusterOrder,
  FileSubmission,
  LeaderView,
  RecoveredJob,
  SessionGateway,
  StoppedJob,
} from '../cluster/session-gateway.js';
import { candidacyOf } from './cluster-candidacy.js';
import { ControlPlane } from './control-plane.js';
import { submissionOfFile } from './jobs-folder.js';
import { LeaderContender } from './leader-contender.js';
import { SYSTEM_CLOCK } from './system-clock.js';

/**
 * A control plane whose jobs outlive it: while it leads, what it accepts is recorded in the cluster's log before it
 * starts, and what ends is recorded before the lead is given back. The next leader submits again what has not ended,
 * under the same id, so it goes on from the newest checkpoint, and has as many TaskManagers as there were.
 *
 * Invariants:
 * - with high availability no job runs here unless this process leads, or has led and has not noticed yet that it
 *   does no more; then the job's own log fences it off;
 * - a job whose end is recorded is not run again by who stood by;
 * - once the lead is lost, or one job's, nothing is recorded and everything ends as in a crash.
 */
export class Dispatcher extends ControlPlane implements SessionGateway {
  readonly #lead = deferred<ClusterAnswer>();
  readonly #lost = deferred<WireError>();
  /** Accepted and not ended: the key by the id. */
  readonly #running = new Map<string, string>();
  readonly #endings = new Set<Promise<void>>();
  #layers: readonly OptionLayer[] = [];
  /** The jobs of an earlier leader go on by themselves. */
  #startsByRecord = false;
  #contender: LeaderContender | undefined;
  #log: ClusterLog | undefined;
  /** Of the leader for which this process began to stand by; what ended since then is not run again. */
  #stoodByEpoch: number | undefined;

  async begin(order: ClusterOrder): Promise<ClusterAnswer> {
    this.#layers = order.layers;
    this.#startsByRecord = order.kind === 'session';
    try {
      const candidacy = await candidacyOf(order, resolveOptions(order.layers));
      if (candidacy === undefined) return { type: 'leading', recovered: [] };
      const first = deferred<ClusterAnswer>();
      this.#contender = new LeaderContender(candidacy, SYSTEM_CLOCK, {
        onStandBy: (leader, epoch) => {
          this.#stoodByEpoch ??= epoch;
          first.settle({ type: 'standing-by', leader });
        },
        onLead: (log) => {
          this.#log = log;
          void this.#recover(order).then((answer) => {
            this.#lead.settle(answer);
            first.settle(answer);
          });
        },
        onLost: (error) => {
          first.settle({ type: 'refused', error: toWireError(error) });
          this.#lose(error);
        },
      });
      this.#contender.begin();
      return await first.promise;
    } catch (error) {
      return { type: 'refused', error: toWireError(error) };
    }
  }

  leadership(): Promise<ClusterAnswer> {
    return this.#lead.promise;
  }

  async leader(): Promise<LeaderView | undefined> {
    const leader = await this.#contender?.leader();
    if (leader === undefined) return undefined;
    const { host, bootId } = currentHolder();
    return { ...leader, isOnThisHost: leader.holder.host === host && leader.holder.bootId === bootId };
  }

  async announceRest(restUrl: string): Promise<void> {
    try {
      await this.#log?.change((state) => ({ ...state, restUrl }));
    } catch (error) {
      this.#refused(error);
    }
  }

  leadershipLost(): Promise<WireError> {
    return this.#lost.promise;
  }

  override async submit(submission: JobSubmission): Promise<SubmissionAnswer> {
    const key = keyOf(submission);
    const log = this.#log;
    if (log === undefined) return this.#start(submission, key);
    const { fixedJobId } = submission;
    const ended = log.state.results.find((result) => this.#isEndOf(result, key, fixedJobId));
    if (ended !== undefined) return answerOf(ended);
    const open = log.state.jobs.find((job) => job.key === key && !this.#running.has(job.jobId));
    const isAnew = submission.start === 'fresh' && this.#stoodByEpoch === undefined;
    if (open !== undefined && !isAnew) return this.#start({ ...submission, fixedJobId: open.jobId }, key);
    const jobId = fixedJobId ?? randomBytes(16).toString('hex');
    try {
      await log.change((state) =>
        withJob(
          open === undefined ? state : withoutJob(state, open.jobId),
          recordedJob(recordOf(submission, jobId, key), this.#startsByRecord),
        ),
      );
    } catch (error) {
      return this.#refused(error);
    }
    const answer = await this.#start({ ...submission, fixedJobId: jobId }, key);
    if (answer.type !== 'started') await this.#forget(jobId, log);
    return answer;
  }

  async submitFile(
    name: string,
    params: Readonly<Record<string, string>>,
    submission: FileSubmission,
  ): Promise<SubmissionAnswer> {
    try {
      return await this.submit(await submissionOfFile(name, params, submission, this.#layers));
    } catch (error) {
      return { type: 'refused', error: toWireError(error) };
    }
  }

  override async startTaskManager(): Promise<TaskManagerAnswer> {
    const answer = await super.startTaskManager();
    if (answer.type === 'started') await this.#recordTaskManagers();
    return answer;
  }

  override async terminateTaskManager(id: string): Promise<WireError | undefined> {
    const error = await super.terminateTaskManager(id);
    if (error === undefined) await this.#recordTaskManagers();
    return error;
  }

  /** What cannot be recorded the next leader does not know. */
  async #recordTaskManagers(): Promise<void> {
    try {
      await this.#log?.change((state) => {
        const { configured, present } = this.managers();
        return { ...state, taskManagers: { configured, present } };
      });
    } catch (error) {
      this.#refused(error);
    }
  }

  async stopAll(): Promise<readonly StoppedJob[]> {
    const jobs = [...this.#running].map(async ([jobId, jobName]): Promise<StoppedJob> => {
      const answer = await this.savepoint(jobId, { folder: undefined, stop: 'suspend' });
      if (answer.type === 'completed') return { jobId, jobName, savepoint: { path: answer.path } };
      // Without a folder nobody has asked for a savepoint.
      const isUnwanted = answer.error.code === 'MR4002';
      return { jobId, jobName, savepoint: isUnwanted ? undefined : { error: answer.error } };
    });
    return Promise.all(jobs);
  }

  override async close(): Promise<void> {
    try {
      await super.close();
    } finally {
      await Promise.all(this.#endings);
      await this.#contender?.end();
    }
  }

  async #recover({ kind }: ClusterOrder): Promise<ClusterAnswer> {
    const recovered: RecoveredJob[] = [];
    if (this.#log !== undefined) this.#takeOver(this.#log.state);
    for (const job of kind === 'session' ? (this.#log?.state.jobs ?? []) : []) {
      const answer = await this.#start(submissionOf(job), job.key);
      recovered.push({ jobId: job.jobId, answer });
    }
    return { type: 'leading', recovered };
  }

  #takeOver(state: ClusterState): void {
    try {
      const managers = this.managers();
      managers.resize(taskManagersAtFirst(state, managers.configured));
    } catch (error) {
      // It is refused for what is configured, as each of the jobs will be.
      this.#refused(error);
    }
  }

  /** Starts what is recorded, where anything is. */
  async #start(submission: JobSubmission, key: string): Promise<SubmissionAnswer> {
    const answer = await super.submit(submission);
    const log = this.#log;
    const { fixedJobId } = submission;
    if (answer.type === 'started') this.#watch(answer.jobId, key);
    else if (log !== undefined && fixedJobId !== undefined) {
      const end = endOf(answer, { jobId: fixedJobId, key, epoch: log.epoch });
      if (end !== undefined) await this.#record(log, end);
    }
    return answer;
  }

  #watch(jobId: string, key: string): void {
    this.#running.set(jobId, key);
    const ending = this.result(jobId).then((answer) => this.#ended(jobId, key, answer));
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  async #ended(jobId: string, key: string, answer: JobResultAnswer): Promise<void> {
    this.#running.delete(jobId);
    const log = this.#log;
    if (log === undefined) return;
    if (answer.type === 'failed' && answer.error.code === 'MR8003')
      return this.#lose(fromWireError(answer.error));
    const end =
      answer.type === 'finished'
        ? finishedAs({ jobId, key, epoch: log.epoch })
        : failedAs(answer.error, { jobId, key, epoch: log.epoch });
    if (end !== undefined) await this.#record(log, end);
  }

  /** What cannot be recorded is found in the job's own log by the next leader. */
  async #record(log: ClusterLog, result: RecordedResult): Promise<void> {
    try {
      await log.change((state) => withResult(state, result));
    } catch (error) {
      this.#refused(error);
    }
  }

  async #forget(jobId: string, log: ClusterLog): Promise<void> {
    try {
      await log.change((state) => withoutJob(state, jobId));
    } catch (error) {
      this.#refused(error);
    }
  }

  #refused(error: unknown): SubmissionAnswer {
    if (isMillraceError(error) && error.code === 'MR8003') this.#lose(error);
    else process.stderr.write(`warning: ${String(error)}\n`);
    return { type: 'refused', error: toWireError(error) };
  }

  #isEndOf(result: RecordedResult, key: string, jobId: string | undefined): boolean {
    const isSince = this.#stoodByEpoch !== undefined && result.epoch >= this.#stoodByEpoch;
    return result.jobId === jobId || (result.key === key && isSince);
  }

  #lose(error: MillraceError): void {
    this.#log = undefined;
    this.#lost.settle(toWireError(error));
    this.#lead.settle({ type: 'refused', error: toWireError(error) });
    const end = async (): Promise<void> => {
      try {
        await super.close();
      } finally {
        await this.#contender?.end();
      }
    };
    end().catch((failure: unknown) => process.stderr.write(`warning: ${String(failure)}\n`));
  }
}

/** Settled once; later ones are passed over. */
interface Deferred<T> {
  readonly promise: Promise<T>;
  settle(value: T): void;
}

function deferred<T>(): Deferred<T> {
  let settle: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}

function keyOf({ jobId, layers, url }: JobSubmission): string {
  return jobId ?? resolveOptions(layers).values['pipeline.name'] ?? jobNameOf(url);
}

function recordOf(submission: JobSubmission, jobId: string, key: string): SubmittedJob {
  const { url, params, layers, start, fromSavepoint, allowNonRestoredState, jobId: name } = submission;
  return { jobId, key, url, params, layers, name, start, fromSavepoint, allowNonRestoredState };
}

function submissionOf({ jobId, key: _, name, ...job }: SubmittedJob): JobSubmission {
  return { ...job, jobId: name, fixedJobId: jobId };
}

type EndedJob = Pick<RecordedResult, 'jobId' | 'key' | 'epoch'>;

/** What a submission that was not accepted says of the job's end, if anything. */
function endOf(
  answer: Exclude<SubmissionAnswer, { type: 'started' }>,
  job: EndedJob,
): RecordedResult | undefined {
  return answer.type === 'already-finished'
    ? { ...finishedAs(job), state: answer.state }
    : failedAs(answer.error, job);
}

function finishedAs(job: EndedJob): RecordedResult {
  return { ...job, state: 'FINISHED', endedMs: SYSTEM_CLOCK.wallMs(), message: undefined };
}

/** Undefined: it has not ended, only this process has nothing to do with it any more. */
function failedAs({ code, what }: WireError, job: EndedJob): RecordedResult | undefined {
  if (code !== 'MR5006' && code !== 'MR5007') return undefined;
  const state = code === 'MR5006' ? 'FAILED' : 'CANCELED';
  return { ...job, state, endedMs: SYSTEM_CLOCK.wallMs(), message: what };
}

/** To who stood by while another process brought the job to its end. */
function answerOf({ key, state, message }: RecordedResult): SubmissionAnswer {
  if (state === 'FINISHED')
    return { type: 'already-finished', jobName: key, state, savepointPath: undefined };
  const error = new MillraceError(
    state === 'FAILED' ? 'MR5006' : 'MR5007',
    message ?? `The job '${key}' has ended as ${state}`,
    { where: { job: key }, why: 'another process of its cluster has recorded that' },
  );
  return { type: 'refused', error: toWireError(error) };
}
