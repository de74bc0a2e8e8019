import { ERROR_TABLE, fromWireError, type JobFailure, type WireError } from '../../core/internal.js';
import { withoutSecrets } from './rest-message.js';

type Json = Readonly<Record<string, unknown>>;

/** With what the cluster knows beside the error itself. */
interface PlacedFailure extends JobFailure {
  readonly taskName?: string | undefined;
  readonly taskManagerId?: string | undefined;
  readonly labels?: Readonly<Record<string, string>>;
}

/** `/jobs/:jobid/exceptions`, newest first. */
export function exceptionHistory(
  failures: readonly PlacedFailure[],
  max: number,
  labels: readonly (readonly [string, string])[],
): Json {
  const matching = failures
    .toReversed()
    .filter((failure) => labels.every(([key, value]) => failure.labels?.[key] === value));
  return {
    exceptionHistory: {
      entries: matching.slice(0, max).map((failure) => ({
        ...exceptionOf(failure.rootCause, failure),
        concurrentExceptions: failure.concurrent.map((error) => exceptionOf(error, failure)),
      })),
      truncated: matching.length > max,
    },
  };
}

function exceptionOf(error: WireError, failure: PlacedFailure): Json {
  const isRoot = error === failure.rootCause;
  const taskName = isRoot ? failure.taskName : taskOf(error);
  return {
    exceptionName: `${error.code} ${ERROR_TABLE[error.code].title}`,
    stacktrace: withoutSecrets(traceOf(error)),
    timestamp: failure.failedMs,
    failureLabels: failure.labels ?? {},
    ...(taskName === undefined ? {} : { taskName }),
    ...(isRoot && failure.taskManagerId !== undefined
      ? { endpoint: 'localhost', taskManagerId: failure.taskManagerId }
      : {}),
  };
}

function taskOf({ where: { operator, subtask } }: WireError): string | undefined {
  return operator === undefined
    ? undefined
    : `${operator}${subtask === undefined ? '' : ` (${subtask + 1})`}`;
}

/** The message, then the causes, each with the lines of user code that they came from. */
function traceOf(error: WireError): string {
  const lines: string[] = [];
  for (let cause: WireError | undefined = error; cause !== undefined; cause = cause.cause) {
    const prefix = cause === error ? '' : 'Caused by: ';
    lines.push(`${prefix}${cause.code === 'MR9002' ? cause.what : fromWireError(cause).message}`);
    lines.push(...stackLines(cause.stack));
  }
  return lines.join('\n');
}

function stackLines(stack: string | undefined): string[] {
  return (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
}
