/** The door of core for the sibling rooms: what they may use and users need not see. */
export { type Duration, durationMs, formatDuration } from './base/duration.js';
export { ERROR_TABLE, type ErrorCode } from './base/error-table.js';
export { invariant, unreachable } from './base/invariant.js';
export { type ErrorDetails, type ErrorPlace, isMillraceError, MillraceError } from './base/millrace-error.js';
export { Prng } from './base/prng.js';
