import { isMillraceError } from '../../core/internal.js';
import { withCauses } from '../cli/error-text.js';
import { ExitCode, exitCodeOf } from '../cli/exit-code.js';

/** Says on stderr that something failed whose result nobody waits for. */
export function reportFailure(what: string, error: unknown): void {
  process.stderr.write(`${what}: ${failureText(error)}\n`);
}

/** Message and causes of what somebody else has to mend, such as a parameter that is missing; of a defect its stack. */
export function failureText(error: unknown): string {
  if (isMillraceError(error) && exitCodeOf(error) !== ExitCode.internal) return withCauses(error).trimEnd();
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
