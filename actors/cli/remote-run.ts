import { MillraceError, type RawValue, type ResolvedOptions } from '../../core/internal.js';
import type { JobStart } from '../cluster/cluster-gateway.js';
import type { CliContext } from './cli-command.js';
import { ExitCode } from './exit-code.js';

/** A job for a cluster that runs elsewhere. */
export interface RemoteRequest {
  /** `host:port` */
  readonly target: string;
  /** Relative to the cluster's folder of job files. */
  readonly file: string;
  /** What follows the file: the job's own parameters. */
  readonly words: readonly string[];
  /** What was set by `-D` and the flags of `run`. */
  readonly definitions: Readonly<Record<string, RawValue>>;
  /** For how the cluster is reached. */
  readonly configuration: ResolvedOptions;
  readonly jobName: string | undefined;
  readonly start: JobStart;
  readonly fromSavepoint: string | undefined;
  readonly allowNonRestoredState: boolean;
  /** Nobody waits for the end. */
  readonly detached: boolean;
}

export interface RemoteOutcome {
  readonly jobId: string;
  /** How it ended, in Flink's words; undefined: nobody waited. */
  readonly state: string | undefined;
  readonly cause: string | undefined;
}

export interface RemoteListener {
  onSubmitted(jobId: string): void;
  /** About twice a second. */
  onState(state: string): void;
}

/** Supplied by boot. Rejects with MR7004 if no cluster answers, MR7005 with what it refused. */
export type RunRemotely = (request: RemoteRequest, listener: RemoteListener) => Promise<RemoteOutcome>;

/** Submits, and waits for the end unless that is not wanted. stdout has the job's id, or with `json` the outcome. */
export async function runElsewhere(
  context: CliContext,
  runRemotely: RunRemotely,
  request: RemoteRequest,
  json: boolean,
): Promise<ExitCode> {
  let told: string | undefined;
  const outcome = await runRemotely(request, {
    onSubmitted: (jobId) => {
      context.stderr.write(`Job has been submitted with JobID ${jobId}\n`);
      if (!json) context.stdout.write(`${jobId}\n`);
    },
    onState: (state) => {
      if (state !== told) context.stderr.write(`The job is ${state}.\n`);
      told = state;
    },
  });
  if (json) context.stdout.write(`${JSON.stringify(outcome)}\n`);
  if (outcome.state === undefined || outcome.state === 'FINISHED') return ExitCode.ok;
  const code = outcome.state === 'CANCELED' ? 'MR5007' : 'MR5006';
  throw new MillraceError(code, `The job has ended as ${outcome.state}.`, {
    ...(outcome.cause === undefined ? {} : { why: outcome.cause }),
  });
}
