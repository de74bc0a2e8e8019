import { invariant } from '../base/invariant.js';
import { isSecretName } from '../log/redaction.js';
import type { OptionLayer } from './resolve-options.js';

/** A job as it was submitted, so that another process can submit it again. Plain data. */
export interface SubmittedJob {
  /** 32 hexadecimal digits. */
  readonly jobId: string;
  /** By which a program that submits it again finds it; not necessarily that of its graph. */
  readonly key: string;
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  readonly layers: readonly OptionLayer[];
  /** That it was given, over `pipeline.name` and the file's name. */
  readonly name: string | undefined;
  readonly start: 'new' | 'resume' | 'fresh';
  readonly fromSavepoint: string | undefined;
  readonly allowNonRestoredState: boolean;
}

export interface RecordedResult {
  readonly jobId: string;
  readonly key: string;
  readonly state: 'FINISHED' | 'FAILED' | 'CANCELED';
  readonly endedMs: number;
  /** Of the leader under which it ended. */
  readonly epoch: number;
  /** Why it failed. */
  readonly message: string | undefined;
}

/**
 * What a cluster is bound to: the jobs that it has accepted and that have not ended, and how those that have did.
 *
 * Invariants: a job is in one of the two at most; jobs stand in the order in which they were accepted; only the newest
 * {@link RESULTS_MAX} results are kept.
 */
export interface ClusterState {
  readonly jobs: readonly SubmittedJob[];
  readonly results: readonly RecordedResult[];
  /** Where the leader that has written this serves REST, `http://host:port`; undefined: nowhere, or not yet. */
  readonly restUrl?: string | undefined;
  /** Undefined: nobody has started or stopped any. */
  readonly taskManagers?: ChangedTaskManagers | undefined;
}

/** How many TaskManagers a leader was configured with, and how many people have made of them. */
interface ChangedTaskManagers {
  readonly configured: number;
  readonly present: number;
}

export const EMPTY_CLUSTER: ClusterState = { jobs: [], results: [] };
const RESULTS_MAX = 100;

export function withJob(state: ClusterState, job: SubmittedJob): ClusterState {
  invariant(
    ![...state.jobs, ...state.results].some(({ jobId }) => jobId === job.jobId),
    'a job is accepted once',
    { jobId: job.jobId },
  );
  return { ...state, jobs: [...state.jobs, job] };
}

/**
 * What of a submission is written down for another process: no option whose name says that it is a secret, which each
 * process is given for itself; and of the parameters those that are none, unless another process starts the job by
 * them.
 */
export function recordedJob(job: SubmittedJob, isStartedByRecord: boolean): SubmittedJob {
  return {
    ...job,
    params: isStartedByRecord ? job.params : withoutSecrets(job.params),
    layers: job.layers.map(({ origin, values }) => ({ origin, values: withoutSecrets(values) })),
  };
}

function withoutSecrets<T>(named: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(named).filter(([name]) => !isSecretName(name)));
}

/** The job has ended. A second end of it changes nothing. */
export function withResult(state: ClusterState, result: RecordedResult): ClusterState {
  if (state.results.some(({ jobId }) => jobId === result.jobId)) return state;
  return {
    ...state,
    jobs: state.jobs.filter(({ jobId }) => jobId !== result.jobId),
    results: [...state.results, result].slice(-RESULTS_MAX),
  };
}

/**
 * How many TaskManagers a leader begins with that is configured with so many: as many as the one before had in the end,
 * one at the least, unless the configuration has changed since.
 */
export function taskManagersAtFirst({ taskManagers }: ClusterState, configured: number): number {
  return taskManagers?.configured === configured ? Math.max(1, taskManagers.present) : configured;
}

/** The job was refused after all, and its submitter knows. */
export function withoutJob(state: ClusterState, refused: string): ClusterState {
  return { ...state, jobs: state.jobs.filter(({ jobId }) => jobId !== refused) };
}
