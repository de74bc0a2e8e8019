import type { LogFields, LogRecord } from '../../../core/internal.js';

/** Makes lines of records: JSON, as pino writes it, with its line feed. */
export type LineFormat = (record: LogRecord, context: LogFields) => string;

/** Names that pino and the engine use; a field of the same name gets an underscore before it. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['level', 'time', 'pid', 'msg', 'job', 'jobId', 'vertex', 'subtask', 'attempt'],
]);

/** Imports pino: for one thread of the process only, and only where something is logged. */
export async function jsonLines(): Promise<LineFormat> {
  const { pino } = await import('pino');
  let line = '';
  const options = { level: 'trace', timestamp: false, base: { pid: process.pid } };
  const logger = pino(options, {
    write: (text: string) => {
      line = text;
    },
  });
  return ({ level, timeMs, message, fields }, context) => {
    logger[level]({ time: timeMs, ...context, ...unreserved(fields, context) }, message);
    return line;
  };
}

/** Makes lines for people of those of {@link jsonLines}. */
export async function prettyLines(colorize: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  return prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,jobId', singleLine: true });
}

function unreserved(fields: LogFields, context: LogFields): LogFields {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && !(name in context && context[name] === value))
      plain[RESERVED.has(name) ? `_${name}` : name] = value;
  }
  return plain;
}
