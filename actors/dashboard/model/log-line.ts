/** A line of a log: JSON as the engine writes it, or any text. */
export interface LogLine {
  readonly level: LogLevel;
  readonly atMs: number | undefined;
  readonly message: string;
  /** Job, operator, subtask and the like, for people. */
  readonly fields: readonly (readonly [string, string])[];
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const HIDDEN = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'v']);

export function logLine(text: string): LogLine {
  const entry = objectIn(text);
  if (entry === undefined) return { level: 'info', atMs: undefined, message: text, fields: [] };
  const { level, time, msg } = entry;
  return {
    level: levelOf(level),
    atMs: typeof time === 'number' ? time : typeof time === 'string' ? Date.parse(time) : undefined,
    message: typeof msg === 'string' ? msg : '',
    fields: Object.entries(entry).flatMap(([name, value]) =>
      HIDDEN.has(name) ? [] : [[name, typeof value === 'string' ? value : JSON.stringify(value)] as const],
    ),
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    // A line that was cut, or no JSON: it is shown as it is.
    return undefined;
  }
}

/** pino's numbers are tens: 10 is trace. */
function levelOf(level: unknown): LogLevel {
  if (typeof level === 'number')
    return LOG_LEVELS[Math.min(5, Math.max(0, Math.floor(level / 10) - 1))] ?? 'info';
  return LOG_LEVELS.find((known) => known === level) ?? 'info';
}

export function atLeast(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}
