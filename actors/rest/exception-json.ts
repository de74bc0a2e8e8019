import {
  ERROR_TABLE,
  type FailureCause,
  fromWireError,
  type JobFailure,
  type WireError,
} from '../../core/internal.js';

type Json = Readonly<Record<string, unknown>>;

/** `/jobs/:jobid/exceptions`, newest first. */
export function exceptionHistory(
  failures: readonly JobFailure[],
  max: number,
  labels: readonly (readonly [string, string])[],
): Json {
  const matching = failures
    .toReversed()
    .filter((failure) => labels.every(([key, value]) => failure.labels[key] === value));
  return {
    exceptionHistory: {
      entries: matching.slice(0, max).map((failure) => ({
        ...exceptionOf({ ...failure, error: failure.rootCause }),
        concurrentExceptions: failure.concurrent.map((cause) => exceptionOf(cause)),
      })),
      truncated: matching.length > max,
    },
  };
}

function exceptionOf({ error, failedMs, labels, taskName, taskManagerId }: FailureCause): Json {
  return {
    exceptionName: `${error.code} ${ERROR_TABLE[error.code].title}`,
    stacktrace: traceOf(error),
    timestamp: failedMs,
    failureLabels: labels,
    ...(taskName === undefined ? {} : { taskName }),
    ...(taskManagerId === undefined ? {} : { endpoint: 'localhost', taskManagerId }),
  };
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
