import { ERROR_TABLE } from '../base/error-table.js';
import { MillraceError } from '../base/millrace-error.js';
import { fromWireError, toWireError, type WireError } from '../protocol/wire-error.js';
import type { Execution } from './execution-graph.js';

/** Whether the next attempt must meet the same error, so that no restart strategy is asked. */
export function isFatal(error: WireError): boolean {
  return ERROR_TABLE[error.code].kind === 'fatal';
}

/** The error with the place of the task that met it, as far as it does not say more itself. */
export function locatedIn(error: WireError, execution: Execution, jobName: string): WireError {
  const { vertex, address } = execution;
  const place = { job: jobName, operator: vertex.name, uid: vertex.uid, subtask: address.subtask };
  return { ...error, where: { ...place, ...error.where } };
}

/** The error of a task whose thread went without a word. `error`: what the launcher knows of it. */
export function unexpectedExit(execution: Execution, error: unknown): WireError {
  if (error instanceof MillraceError) return toWireError(error);
  const what = `The thread of ${execution.name} exited before the task had ended.`;
  return toWireError(new MillraceError('MR5003', what, error === undefined ? {} : { cause: error }));
}

/** What a failed job says: why there is no further attempt, and as its cause what the last one failed of. */
export function jobFailed(jobName: string, why: string, rootCause: WireError): WireError {
  return toWireError(
    new MillraceError('MR5006', `The job '${jobName}' failed.`, {
      where: { job: jobName },
      why,
      hint: 'See the cause. Its checkpoints are kept: it can be resumed once the cause is gone.',
      cause: fromWireError(rootCause),
    }),
  );
}

export function jobCanceled(jobName: string): WireError {
  return toWireError(
    new MillraceError('MR5007', `The job '${jobName}' was cancelled.`, { where: { job: jobName } }),
  );
}

/** The work is done, but that it is done could not be written down. */
export function resultNotStored(jobName: string, cause: WireError | undefined): WireError {
  return toWireError(
    new MillraceError('MR3001', `The result of the job '${jobName}' could not be recorded.`, {
      where: { job: jobName },
      why: cause === undefined ? 'The storage did not answer.' : 'The storage refused it.',
      hint: 'Its output is complete. Resume the job once the storage works: it will find nothing left to do.',
      ...(cause === undefined ? {} : { cause: fromWireError(cause) }),
    }),
  );
}
