import { type ErrorCode, isMillraceError } from '../../core/internal.js';

/** What the process tells its caller; scripts rely on these. */
export const ExitCode = {
  ok: 0,
  jobFailed: 1,
  usage: 2,
  configuration: 3,
  restore: 4,
  storage: 5,
  alreadyRunning: 6,
  internal: 70,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Codes whose exit code is not that of their range. */
const BY_CODE: Partial<Record<ErrorCode, ExitCode>> = {
  MR1006: ExitCode.jobFailed,
  MR1007: ExitCode.usage,
  MR1008: ExitCode.usage,
  MR1009: ExitCode.jobFailed,
  MR2001: ExitCode.configuration,
  MR2101: ExitCode.restore,
  MR2102: ExitCode.restore,
  MR2103: ExitCode.restore,
  MR3004: ExitCode.restore,
  MR3005: ExitCode.restore,
  MR3006: ExitCode.jobFailed,
  MR3007: ExitCode.jobFailed,
  MR3008: ExitCode.restore,
  MR3010: ExitCode.restore,
  MR8001: ExitCode.restore,
};

/** By the thousands of a code. */
const BY_RANGE: Readonly<Record<string, ExitCode>> = {
  '1': ExitCode.configuration,
  '2': ExitCode.jobFailed,
  '3': ExitCode.storage,
  '4': ExitCode.configuration,
  '5': ExitCode.jobFailed,
  '6': ExitCode.jobFailed,
  '7': ExitCode.usage,
  '8': ExitCode.alreadyRunning,
  '9': ExitCode.internal,
};

/**
 * The exit code of a command that threw. What has no code of ours is a defect. A job that failed because its
 * checkpoint does not fit, or cannot be read, could not be restored.
 */
export function exitCodeOf(error: unknown): ExitCode {
  if (!isMillraceError(error)) return ExitCode.internal;
  if (error.code === 'MR5006' && exitCodeOfCause(error) === ExitCode.restore) return ExitCode.restore;
  if (error.code === 'MR7005') return exitCodeOfRefusal(error);
  return BY_CODE[error.code] ?? BY_RANGE[error.code.charAt(2)] ?? ExitCode.internal;
}

/** That of what the cluster says; a defect of the cluster is none of the command. */
function exitCodeOfRefusal(error: Error): ExitCode {
  if (!isMillraceError(error.cause)) return ExitCode.usage;
  const code = exitCodeOf(error.cause);
  return code === ExitCode.internal ? ExitCode.jobFailed : code;
}

function exitCodeOfCause({ cause }: Error): ExitCode | undefined {
  return cause === undefined ? undefined : exitCodeOf(cause);
}
