import type { MessagePort } from 'node:worker_threads';
import {
  isLogged,
  type LogLevel,
  type LogRecord,
  type LogSink,
  Redaction,
  type StandardStream,
} from '../../../core/internal.js';
import { StandardOutput } from '../standard-output.js';
import { SYSTEM_CLOCK } from '../system-clock.js';

/** What a task's port carries besides its reports. */
export interface LogMessage {
  readonly type: 'log';
  readonly record: LogRecord;
}

/** Lines a second that a task may write; those beyond are dropped, and their number is told. */
const LINES_A_SECOND = 1000;
/** Characters that a line may have before it is told though it has not ended. */
const BEGUN_MAX = 1024 * 1024;

/**
 * The log of one task, on its thread: sends each line to the control thread at once, beside records and past the main
 * thread, so that it is told though the task ends in the next moment.
 */
export class TaskLog implements LogSink {
  readonly #port: MessagePort;
  readonly #level: string;
  readonly #redaction = new Redaction();
  #secondMs = 0;
  #lines = 0;

  constructor(port: MessagePort, level: string) {
    this.#port = port;
    this.#level = level;
  }

  isEnabled(level: LogLevel): boolean {
    return isLogged(level, this.#level);
  }

  write(record: LogRecord): void {
    const nowMs = SYSTEM_CLOCK.monotonicMs();
    if (nowMs - this.#secondMs >= 1000) this.#beginSecond(nowMs);
    if (++this.#lines <= LINES_A_SECOND) this.#send(record);
  }

  #beginSecond(nowMs: number): void {
    const dropped = this.#lines - LINES_A_SECOND;
    this.#secondMs = nowMs;
    this.#lines = 0;
    if (dropped <= 0) return;
    const message = `${dropped} lines were dropped: a task may write ${LINES_A_SECOND} a second.`;
    this.#send({ level: 'warn', timeMs: SYSTEM_CLOCK.wallMs(), message, fields: { dropped } });
  }

  #send({ level, timeMs, message, fields }: LogRecord): void {
    const record = {
      level,
      timeMs,
      message: this.#redaction.text(message),
      fields: this.#redaction.fields(fields),
    };
    this.#port.postMessage({ type: 'log', record } satisfies LogMessage);
  }
}

/**
 * What user code prints on this thread goes to standard output and error by itself, not through the main thread, which
 * may be blocked; and into the log, line by line. What a reader takes too slowly is dropped: it is told on standard
 * error, beside the lines of others, and in the log.
 */
export function catchPrinted(log: LogSink): void {
  const outputs = { stdout: printedOutput('stdout'), stderr: printedOutput('stderr') };
  const say = (name: StandardStream, message: string): void => {
    outputs[name].offerLine(message);
    const level: LogLevel = name === 'stdout' ? 'info' : 'warn';
    if (log.isEnabled(level))
      log.write({ level, timeMs: SYSTEM_CLOCK.wallMs(), message, fields: { printed: name } });
  };
  function printedOutput(name: StandardStream): StandardOutput {
    return new StandardOutput(name, {
      onFailure: () => {
        // The reader has gone: what was printed is in the log.
      },
      onDropped: (lines) =>
        say('stderr', `${lines} lines printed to ${name} were dropped: they were not read in time.`),
    });
  }
  for (const name of ['stdout', 'stderr'] as const) {
    let begun = '';
    const print = (text: string): void => {
      const lines = (begun + text).split('\n');
      begun = lines.pop() ?? '';
      for (const line of lines) say(name, line);
      if (begun.length <= BEGUN_MAX) return;
      say(name, begun);
      begun = '';
    };
    process[name].write = ((chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      print(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
      if (done !== undefined) queueMicrotask(done);
      return true;
    }) as typeof process.stdout.write;
  }
}
