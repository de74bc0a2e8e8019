import type { JobHolder, OptionLayer, RawValue, WireError } from '../../core/internal.js';
import type { ClusterGateway, JobStart, SubmissionAnswer } from './cluster-gateway.js';

/** What a control plane is for, told before the first job. */
export interface ClusterOrder {
  /**
   * `application`: the program that starts the cluster submits its jobs, also those that it takes over from another
   * process. `session`: jobs come from outside, and those of an earlier leader go on by themselves.
   */
  readonly kind: 'application' | 'session';
  readonly layers: readonly OptionLayer[];
  /** Where `high-availability.cluster-id` is not set. */
  readonly defaultClusterId: string;
}

export type ClusterAnswer =
  | { readonly type: 'leading'; readonly recovered: readonly RecoveredJob[] }
  | { readonly type: 'standing-by'; readonly leader: JobHolder }
  | { readonly type: 'refused'; readonly error: WireError };

/** The process that leads, as one sees it that stands by. */
export interface LeaderView {
  readonly holder: JobHolder;
  /** It runs on this machine. */
  readonly isOnThisHost: boolean;
  /** Where it serves REST, as far as it has told. */
  readonly restUrl: string | undefined;
}

/** A job of an earlier leader, as it was submitted again. */
export interface RecoveredJob {
  readonly jobId: string;
  readonly answer: SubmissionAnswer;
}

/** What is said of a job beside its file. */
export interface FileSubmission {
  readonly jobName?: string | undefined;
  readonly start?: JobStart | undefined;
  /** Below the cluster's folder of savepoints or of checkpoints. */
  readonly fromSavepoint?: string | undefined;
  readonly allowNonRestoredState?: boolean | undefined;
  /** Keys that name no places; they win over those of the cluster. */
  readonly configuration?: Readonly<Record<string, RawValue>> | undefined;
}

/** A job that was ended with a savepoint, or the reason why it was not. */
export interface StoppedJob {
  readonly jobId: string;
  readonly jobName: string;
  readonly savepoint: { readonly path: string } | { readonly error: WireError } | undefined;
}

/** A control plane that outlives its jobs, and whose jobs outlive it. */
export interface SessionGateway extends ClusterGateway {
  /** Contends for the lead where high availability is configured; without, this process leads. Called once, first. */
  begin(order: ClusterOrder): Promise<ClusterAnswer>;
  /** Answers when this process leads; not with `standing-by`. */
  leadership(): Promise<ClusterAnswer>;
  /** To one that stands by; undefined: nobody leads at present, as far as can be seen. */
  leader(): Promise<LeaderView | undefined>;
  /** Has those that stand by know where this leader serves REST. Without high availability nobody is told. */
  announceRest(url: string): Promise<void>;
  /** Answers if the lead was lost: MR8003, and nothing runs here any more. */
  leadershipLost(): Promise<WireError>;
  /**
   * Starts a job whose file lies below the folder `web.submit.jobs-dir`. `name` is relative to it.
   * Refused with MR7002 if it is no file there, MR7005 if submission is off or says what it may not say.
   */
  submitFile(
    name: string,
    params: Readonly<Record<string, string>>,
    submission: FileSubmission,
  ): Promise<SubmissionAnswer>;
  /** Ends all jobs with savepoints where there is a folder for them; leaves the others to {@link close}. */
  stopAll(): Promise<readonly StoppedJob[]>;
}
