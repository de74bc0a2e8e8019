import { isMillraceError, type MillraceError } from '../core/internal.js';

/** The coded error with which `work` is refused; it is an error of the test if it is not. */
export function refused(work: () => unknown): MillraceError {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    if (isMillraceError(error)) return error;
    throw error;
  }
  throw new Error(`Expected a refusal, and got ${String(result)}`);
}
