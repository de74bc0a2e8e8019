import { formatDuration } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { fromWireError, toWireError, type WireError } from '../protocol/wire-error.js';
import { CHECKPOINT_FAILURE_REASONS, type CheckpointFailureReason } from './checkpoint-failure-reason.js';

/** The error of a job whose checkpoints fail too often. */
export function toleranceExceeded(
  checkpointId: number,
  reason: CheckpointFailureReason,
  cause: WireError | undefined,
): WireError {
  return toWireError(
    new MillraceError('MR3006', 'Exceeded checkpoint tolerable failure threshold.', {
      why: `Checkpoint ${checkpointId} failed: ${CHECKPOINT_FAILURE_REASONS[reason].text} (${reason}).`,
      hint: 'See the cause; execution.checkpointing.tolerable-failed-checkpoints sets how many failures are borne.',
      ...(cause === undefined ? {} : { cause: fromWireError(cause) }),
    }),
  );
}

/** Why a checkpoint failed, for people. */
export function failureMessage(reason: CheckpointFailureReason, error: WireError | undefined): string {
  const { text } = CHECKPOINT_FAILURE_REASONS[reason];
  return error === undefined ? `${reason}: ${text}.` : `${reason}: ${text}: ${error.what}`;
}

/** The error of a storage that does not say whether a checkpoint was completed. */
export function storageSilent(checkpointId: number, timeoutMs: number): WireError {
  return toWireError(
    new MillraceError('MR3001', `The checkpoint storage did not answer for checkpoint ${checkpointId}.`, {
      why: `Whether it is complete is not known ${formatDuration(timeoutMs)} after it was handed over.`,
      hint: 'Check the storage, then resume the job: it will find the newest completed checkpoint.',
    }),
  );
}

/** The error of a savepoint that is copied for too long. */
export function copyOverdue(checkpointId: number, timeoutMs: number): WireError {
  return toWireError(
    new MillraceError(
      'MR3001',
      `Savepoint ${checkpointId} was not copied within ${formatDuration(timeoutMs)}.`,
      {
        hint: 'Check the storage it goes to, or raise execution.checkpointing.timeout.',
      },
    ),
  );
}
