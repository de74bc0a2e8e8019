/** From the least to the most important. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/**
 * Writes to the job's log, where each line bears job, vertex, operator, subtask and attempt. Fields become plain JSON;
 * what names or holds a secret is struck out. Nothing waits for it: who writes more than a log takes has lines dropped,
 * and their number told.
 *
 * @example
 * ```ts
 * const checked = words.process<string>({
 *   open: (ctx) => ctx.logger.info('opened', { attempt: ctx.attempt }),
 *   processElement(word, ctx, out) {
 *     if (word === '') ctx.logger.warn('an empty word', { timestamp: ctx.timestamp });
 *     else out.collect(word);
 *   },
 * });
 * ```
 */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** More of a line than its message, by name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One line of a log. Plain data. */
export interface LogRecord {
  readonly level: LogLevel;
  /** Wall time, ms. */
  readonly timeMs: number;
  readonly message: string;
  readonly fields: LogFields;
}

/** Where the lines of a task go. */
export interface LogSink {
  isEnabled(level: LogLevel): boolean;
  /** Never throws, and never waits. */
  write(record: LogRecord): void;
}

export const NO_LOG: LogSink = { isEnabled: () => false, write: () => {} };
