import { ERROR_TABLE, type ErrorCode } from '../base/error-table.js';
import { type ErrorPlace, isMillraceError, MillraceError } from '../base/millrace-error.js';

/** An error as plain data, so that it crosses a thread with its code, place and causes. */
export interface WireError {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: ErrorPlace;
  readonly why: string | undefined;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
  readonly cause: WireError | undefined;
}

const CAUSE_DEPTH_MAX = 8;

/** Any thrown value as a {@link WireError}; what is no MillraceError becomes MR9002. */
export function toWireError(error: unknown, depth = 0): WireError {
  if (isMillraceError(error)) {
    return {
      code: error.code,
      what: error.what,
      where: error.where,
      why: error.why,
      hint: error.hint,
      stack: error.stack,
      cause: causeOf(error, depth),
    };
  }
  const isError = error instanceof Error;
  return {
    code: 'MR9002',
    what: isError ? `${error.name}: ${error.message}` : `Thrown value: ${String(error)}`,
    where: {},
    why: undefined,
    hint: undefined,
    stack: isError ? error.stack : undefined,
    cause: isError ? causeOf(error, depth) : undefined,
  };
}

export function fromWireError(wire: WireError): MillraceError {
  const error = new MillraceError(wire.code in ERROR_TABLE ? wire.code : 'MR9002', wire.what, {
    where: wire.where,
    ...(wire.why === undefined ? {} : { why: wire.why }),
    ...(wire.hint === undefined ? {} : { hint: wire.hint }),
    ...(wire.cause === undefined ? {} : { cause: fromWireError(wire.cause) }),
  });
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

function causeOf(error: Error, depth: number): WireError | undefined {
  if (error.cause === undefined || error.cause === null || depth >= CAUSE_DEPTH_MAX) return undefined;
  return toWireError(error.cause, depth + 1);
}
