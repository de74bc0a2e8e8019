import { MillraceError } from '../base/millrace-error.js';
import type { StoredJobResult } from './checkpoint-storage.js';

/** What a process that starts a job was asked to do with the job's past. */
export type StartMode =
  /** Nothing was said: begin, unless that would forget an unfinished run. */
  | 'new'
  /** `--resume`: go on where the last process stopped. */
  | 'resume'
  /** `--fresh`: begin, whatever there was. */
  | 'fresh';

/** A process that holds a job, such that another process of the same machine can find out whether it lives. */
export interface JobHolder {
  readonly host: string;
  /** Differs after each start of the machine; empty where it is not known. */
  readonly bootId: string;
  readonly pid: number;
  /** Tells a process from a later one with its id; empty where it is not known. */
  readonly processStartTime: string;
  /** The kernel's namespace of process ids in which `pid` counts; absent where there is none, or it is not known. */
  readonly pidNamespace?: string;
}

/** `unknown`: on another host, in another namespace of process ids (a container's), or nothing can be found out. */
export type HolderState = 'alive' | 'dead' | 'unknown';

/** What the log of a job says when a process is about to start it. */
export type JobFacts =
  | { readonly seen: 'never' }
  /** There are entries and none can be read; with 0 of them, files of checkpoints are there without a log. */
  | { readonly seen: 'unreadable'; readonly slots: number }
  | {
      readonly seen: 'known';
      /** How the last run ended, if it did. */
      readonly result: StoredJobResult | undefined;
      /** Whether the ended run's checkpoints were kept. */
      readonly checkpointsKept: boolean;
      /** Who has the job and has not given it back. */
      readonly holder: JobHolder | undefined;
      readonly holderState: HolderState;
      /** Wall time at which the holder took the job, ms since the epoch. */
      readonly heldSinceMs: number;
      /** Whether the newest process began the job for the same submission as the one who asks. */
      readonly isSameStart: boolean;
    };

export type RecoveryDecision =
  /** Begin a run from the beginning; checkpoints of earlier runs are not looked at. */
  | { readonly action: 'begin' }
  /** Take the last run up: its newest checkpoint, or its beginning if it never came to one. */
  | { readonly action: 'resume' }
  | { readonly action: 'already-finished'; readonly result: StoredJobResult }
  | { readonly action: 'refuse'; readonly error: MillraceError };

/**
 * Decides what a start of a job means. Facts in, decision out:
 *
 * | the job                                | new     | resume           | fresh  |
 * |----------------------------------------|---------|------------------|--------|
 * | never seen                             | begin   | begin            | begin  |
 * | held by a living process of this host  | MR8002  | MR8002           | MR8002 |
 * | finished                               | begin   | already finished | begin  |
 * | cancelled, checkpoints removed         | begin   | already finished | begin  |
 * | unfinished, failed, cancelled and kept | MR8001  | resume           | begin  |
 * | known, but nothing of it is readable   | MR3005  | MR3005           | begin  |
 *
 * A start that was made before, by a process that is to be replaced, goes on with what that one has begun, whatever
 * the mode was: unfinished it is resumed, though its holder may seem alive (who asks knows better: it has a lease, or
 * has started the other one); finished it is already finished; failed or cancelled it stays so (MR5006, MR5007).
 *
 * A holder of which nothing is known (another host, another container) holds nobody up: the next epoch is taken at
 * once, and the log fences the holder off.
 */
export function decideRecovery(mode: StartMode, facts: JobFacts, jobName: string): RecoveryDecision {
  if (facts.seen === 'never') return { action: 'begin' };
  if (facts.seen === 'unreadable') {
    return mode === 'fresh' ? { action: 'begin' } : refuse(unreadable(jobName, facts.slots));
  }
  if (facts.isSameStart) return goOn(facts.result, jobName);
  if (facts.holder !== undefined && facts.holderState === 'alive') {
    return refuse(runsElsewhere(jobName, facts.holder, facts.heldSinceMs));
  }
  if (mode === 'fresh') return { action: 'begin' };
  const { result } = facts;
  const over =
    result?.state === 'FINISHED' || (result?.state === 'CANCELED' && !facts.checkpointsKept)
      ? result
      : undefined;
  if (mode === 'resume') {
    return over === undefined ? { action: 'resume' } : { action: 'already-finished', result: over };
  }
  return over === undefined ? refuse(unfinished(jobName, result)) : { action: 'begin' };
}

function goOn(result: StoredJobResult | undefined, jobName: string): RecoveryDecision {
  if (result === undefined) return { action: 'resume' };
  if (result.state === 'FINISHED') return { action: 'already-finished', result };
  const failed = result.state === 'FAILED';
  const what = `The job '${jobName}' ${failed ? 'has failed' : 'was cancelled'} before`;
  return refuse(
    new MillraceError(failed ? 'MR5006' : 'MR5007', what, {
      where: { job: jobName },
      why: `${result.message ?? 'its last process recorded that'} (${dateOf(result.finishedMs)})`,
      hint: 'start it anew; --resume goes on from its newest checkpoint, if those were kept',
    }),
  );
}

function refuse(error: MillraceError): RecoveryDecision {
  return { action: 'refuse', error };
}

function unfinished(jobName: string, result: StoredJobResult | undefined): MillraceError {
  const ended =
    result === undefined
      ? 'its last run has not ended'
      : `its last run ended as ${result.state} on ${dateOf(result.finishedMs)}`;
  return new MillraceError('MR8001', `The job '${jobName}' is unfinished`, {
    where: { job: jobName },
    why: ended,
    hint: 'go on with --resume, or forget its state and begin anew with --fresh',
  });
}

function runsElsewhere(jobName: string, holder: JobHolder, sinceMs: number): MillraceError {
  return new MillraceError('MR8002', `The job '${jobName}' already runs in process ${holder.pid}`, {
    where: { job: jobName, at: `process ${holder.pid} on ${holder.host}` },
    why: `that process took the job on ${dateOf(sinceMs)} and is alive`,
    hint: `stop process ${holder.pid} first, or give this job another name with --job-id`,
  });
}

function unreadable(jobName: string, slots: number): MillraceError {
  const what =
    slots === 0
      ? 'files of its checkpoints are there, and the log that names them is gone'
      : `${slots} entries are there, all damaged`;
  return new MillraceError('MR3005', `Nothing of the log of the job '${jobName}' can be read`, {
    where: { job: jobName },
    why: `${what}; the job is not started empty where state is expected`,
    hint: 'restore the checkpoint folder from a copy, or begin anew with --fresh',
  });
}

function dateOf(wallMs: number): string {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? `${wallMs} ms` : date.toISOString();
}
