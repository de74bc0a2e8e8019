import { isMillraceError } from '../../core/internal.js';
import { javaThrowable } from './java-throwable.js';
import type { OperationOutcome } from './operation-store.js';
import { failureOf } from './rest-message.js';

/** Flink's form of something that was triggered: how it stands, and what came of it under the names that it has. */
export function asynchronousResult(
  outcome: OperationOutcome,
  valueName: string,
  failureName: string,
): Readonly<Record<string, unknown>> {
  if (outcome.type === 'in-progress') return { status: { id: 'IN_PROGRESS' }, operation: null };
  const operation =
    outcome.type === 'failed'
      ? { [failureName]: javaThrowable(textOf(outcome.error)) }
      : outcome.value === undefined
        ? {}
        : { [valueName]: outcome.value };
  return { status: { id: 'COMPLETED' }, operation };
}

/** The error and its causes, a line each, as far as they are ours. */
function textOf(error: unknown): string {
  const lines: string[] = [];
  for (let cause = error; isMillraceError(cause) && cause.code !== 'MR9002'; cause = cause.cause) {
    lines.push(cause.message);
  }
  if (lines.length > 0) return lines.join('\nCaused by: ');
  const { errors } = failureOf(error).body as { errors: readonly string[] };
  return errors.join('\n');
}
