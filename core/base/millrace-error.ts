import { ERROR_TABLE, type ErrorCode } from './error-table.js';

/** Where in a job an error happened. All fields are optional and printed in this order. */
export interface ErrorPlace {
  readonly job?: string;
  readonly operator?: string;
  readonly uid?: string;
  readonly subtask?: number;
  /** The user's own stack line, a file and offset, or a configuration key. */
  readonly at?: string;
}

export interface ErrorDetails {
  readonly where?: ErrorPlace;
  readonly why?: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * Every error that leaves the engine: a stable code, what happened, where, why and what to do.
 * `message` begins with the code; {@link what} is the bare sentence.
 *
 * @example
 * ```ts
 * try {
 *   await delays.execute({ input, output });
 * } catch (error) {
 *   if (isMillraceError(error)) console.error(error.code, error.what, error.where.operator, error.hint);
 * }
 * ```
 */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: ErrorPlace;
  readonly why: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, what: string, details: ErrorDetails = {}) {
    super(render(code, what, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'MillraceError';
    this.code = code;
    this.what = what;
    this.where = details.where ?? {};
    this.why = details.why;
    this.hint = details.hint;
  }

  get fatal(): boolean {
    return ERROR_TABLE[this.code].kind === 'fatal';
  }

  /** The same error with more of its place known; fields already set stay. */
  located(place: ErrorPlace): MillraceError {
    const error = new MillraceError(this.code, this.what, {
      where: { ...place, ...this.where },
      ...(this.why === undefined ? {} : { why: this.why }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.cause === undefined ? {} : { cause: this.cause }),
    });
    if (this.stack !== undefined) error.stack = this.stack;
    return error;
  }
}

/**
 * Whether an error is one of the engine's.
 *
 * @example
 * ```ts
 * const again = (error: unknown): boolean => isMillraceError(error) && !error.fatal;
 * ```
 */
export function isMillraceError(value: unknown): value is MillraceError {
  return value instanceof MillraceError;
}

/** A message but for what to do: for the `why` of an error that knows better what is to be done. */
export function accountOf(cause: unknown): string {
  if (!isMillraceError(cause)) return cause instanceof Error ? cause.message : String(cause);
  const { code, what, where, why } = cause;
  return render(code, what, why === undefined ? { where } : { where, why });
}

function render(code: ErrorCode, what: string, details: ErrorDetails): string {
  const place = renderPlace(details.where);
  let text = `${code} ${what}`;
  if (place !== '') text += ` [${place}]`;
  if (details.why !== undefined) text += ` Why: ${details.why}${/[.!?]$/.test(details.why) ? '' : '.'}`;
  if (details.hint !== undefined) text += ` What to do: ${details.hint}`;
  return text;
}

function renderPlace(where: ErrorPlace | undefined): string {
  if (where === undefined) return '';
  const parts: string[] = [];
  if (where.job !== undefined) parts.push(`job ${where.job}`);
  if (where.operator !== undefined) parts.push(`operator ${where.operator}`);
  if (where.uid !== undefined) parts.push(`uid ${where.uid}`);
  if (where.subtask !== undefined) parts.push(`subtask ${where.subtask}`);
  if (where.at !== undefined) parts.push(where.at);
  return parts.join(', ');
}
