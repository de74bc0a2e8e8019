import { MillraceError } from '../base/millrace-error.js';
import type { ChainedOperatorContext } from './stream-operator.js';

/** {@link UserCodePosition.node} between two steps of the task, when no code of any operator may hand on anything. */
export const NOBODY = -1;

/**
 * A function has handed on a result while it was not being called, as from a timer of Node or after a promise.
 * Such a result would belong to no record, and a checkpoint might hold the record that led to it without it: the
 * task fails, and what was handed on goes nowhere.
 */
export function refuseOutsideCall(context: ChainedOperatorContext): void {
  const error = new MillraceError('MR5011', 'A function handed on a result while it was not being called.', {
    why: 'From a callback, results would come beside the checkpoints: some are lost after a failure, or come twice.',
    hint: 'Collect before the function returns; to wait for an answer, AsyncDataStream is there, or a timer.',
  });
  context.fail(context.userError(error));
}
