import type { Clock } from '../ports/clock.js';
import type { LogFields, Logger, LogLevel, LogSink } from '../ports/logger.js';

/** The logger of one operator; its lines bear `operator` and `uid`. */
export class OperatorLogger implements Logger {
  readonly #sink: LogSink;
  readonly #clock: Clock;
  readonly #operator: LogFields;

  constructor(sink: LogSink, clock: Clock, operator: LogFields) {
    this.#sink = sink;
    this.#clock = clock;
    this.#operator = operator;
  }

  trace(message: string, fields?: LogFields): void {
    this.#write('trace', message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.#sink.isEnabled(level)) return;
    const timeMs = this.#clock.wallMs();
    this.#sink.write({ level, timeMs, message: String(message), fields: { ...this.#operator, ...fields } });
  }
}
