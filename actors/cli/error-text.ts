import { accountOf, isMillraceError } from '../../core/internal.js';

const CAUSES_MAX = 8;

/**
 * The chain of causes, a line each; the innermost is what a person has to mend. What the line above has told is not
 * told again, nor the advice of a cause there, since that line has its own.
 */
export function causesOf(error: Error): string {
  let text = '';
  let told = error.message;
  let cause = error.cause;
  for (let depth = 0; cause instanceof Error && depth < CAUSES_MAX; depth++) {
    const line = describe(cause);
    const isTold = told.includes(isMillraceError(cause) ? accountOf(cause) : line);
    if (!isTold) text += `  caused by ${line}\n`;
    told = line;
    cause = cause.cause;
  }
  return text;
}

/** What to tell of something that went wrong on the way, and does not end the program. */
export function withCauses(error: unknown): string {
  return isMillraceError(error) ? `${error.message}\n${causesOf(error)}` : `${String(error)}\n`;
}

/** MR9002 stands for errors that are not ours: their own words are enough, below an error that is. */
function describe(cause: Error): string {
  if (!isMillraceError(cause)) return `${cause.name}: ${cause.message}`;
  return cause.code === 'MR9002' ? cause.what : cause.message;
}
