import { isatty } from 'node:tty';
import {
  isLogged,
  type JobGraph,
  type LogFields,
  type LogRecord,
  type Redaction,
  type TaskAddress,
  type Trace,
  type TraceEvent,
  traceRecord,
} from '../../../core/internal.js';
import type { LogOwner } from '../../cluster/cluster-gateway.js';
import { StandardOutput } from '../standard-output.js';
import { SYSTEM_CLOCK } from '../system-clock.js';
import type { TaskLogReceiver } from '../thread-task.js';
import { jsonLines, type LineFormat, prettyLines } from './pino-lines.js';
import { RotatingFile } from './rotating-file.js';

export interface JobLogSettings {
  readonly jobId: string;
  readonly graph: JobGraph;
  /** As of `env.log.level`. */
  readonly level: string;
  /** Undefined: lines go into no files. */
  readonly folder: string | undefined;
  readonly maxBytes: number;
  readonly backups: number;
  readonly console: 'OFF' | 'AUTO' | 'JSON' | 'PRETTY';
  readonly redaction: Redaction;
}

/** Records that may wait while the format is loaded. */
const EARLY_MAX = 10_000;

/**
 * The log of one job, on the control thread: what happened to it, and what its tasks say.
 *
 * Invariants: records keep their order; nothing is loaded before the first one; nothing secret is written.
 */
export class JobLog implements TaskLogReceiver {
  readonly trace: Trace;
  readonly #settings: JobLogSettings;
  readonly #files: Readonly<Record<LogOwner, RotatingFile>> | undefined;
  readonly #console = new StandardOutput('stderr', {
    onFailure: (error) => this.#onFailure(error),
    onDropped: (lines) => {
      if (this.#format !== undefined) this.#show(this.#droppedLine(this.#format, lines));
    },
  });
  #early: (readonly [LogOwner, LogRecord, LogFields])[] = [];
  #format: LineFormat | undefined;
  #pretty: ((line: string) => string) | undefined;
  #loading: Promise<void> | undefined;
  #hasFailed = false;

  constructor(settings: JobLogSettings) {
    this.#settings = settings;
    const { folder, maxBytes, backups } = settings;
    const fileOf = (owner: LogOwner): RotatingFile =>
      new RotatingFile(`${folder}/${owner}.log`, maxBytes, backups, (error) => this.#onFailure(error));
    this.#files =
      folder === undefined
        ? undefined
        : { jobmanager: fileOf('jobmanager'), taskmanager: fileOf('taskmanager') };
    const goes = folder !== undefined || settings.console !== 'OFF';
    const enabled = goes && isLogged('error', settings.level);
    this.trace = { enabled, emit: (event) => this.#onEvent(event) };
  }

  /** What tasks need not send. */
  get level(): string {
    return this.trace.enabled ? this.#settings.level : 'OFF';
  }

  /** What is known to be secret of the job. */
  get redaction(): Redaction {
    return this.#settings.redaction;
  }

  get jobName(): string {
    return this.#settings.graph.name;
  }

  get #job(): LogFields {
    return { job: this.jobName, jobId: this.#settings.jobId };
  }

  /** The files of a process that there may be, the newest first. */
  filesOf(owner: LogOwner): readonly string[] {
    return this.#files?.[owner].paths ?? [];
  }

  /** What a task has said. */
  onTask({ vertexId, subtask, attempt }: TaskAddress, record: LogRecord): void {
    const vertex = this.#settings.graph.vertices[vertexId]?.name;
    this.#write('taskmanager', record, { vertex, subtask, attempt });
  }

  /** Everything that was said is in the files. Idempotent. */
  async close(): Promise<void> {
    await this.#loading;
    await Promise.all([this.#files?.jobmanager.flush(), this.#files?.taskmanager.flush()]);
  }

  #onEvent(event: TraceEvent): void {
    const { attempt } = event.values;
    const place = attempt === undefined ? {} : { attempt };
    this.#write('jobmanager', traceRecord(event, SYSTEM_CLOCK.wallMs()), place);
  }

  #write(owner: LogOwner, record: LogRecord, place: LogFields): void {
    if (!this.trace.enabled || !isLogged(record.level, this.#settings.level)) return;
    if (this.#format !== undefined) {
      this.#print(this.#format, owner, record, place);
      return;
    }
    if (this.#early.length < EARLY_MAX) this.#early.push([owner, record, place]);
    this.#loading ??= this.#load().catch((error: unknown) => this.#onFailure(error));
  }

  async #load(): Promise<void> {
    const { console: destination } = this.#settings;
    const onTerminal = isatty(2);
    if (destination === 'PRETTY' || (destination === 'AUTO' && onTerminal))
      this.#pretty = await prettyLines(onTerminal && (process.env.NO_COLOR ?? '') === '');
    const format = await jsonLines();
    for (const [owner, record, place] of this.#early) this.#print(format, owner, record, place);
    this.#early = [];
    this.#format = format;
  }

  #print(format: LineFormat, owner: LogOwner, record: LogRecord, place: LogFields): void {
    const { redaction, console: destination } = this.#settings;
    const safe = {
      ...record,
      message: redaction.text(record.message),
      fields: redaction.fields(record.fields),
    };
    const line = format(safe, { ...this.#job, ...place });
    const file = this.#files?.[owner];
    const dropped = file?.takeDropped() ?? 0;
    if (dropped > 0) file?.write(this.#droppedLine(format, dropped));
    file?.write(line);
    if (destination !== 'OFF') this.#show(line);
  }

  #droppedLine(format: LineFormat, lines: number): string {
    const message = `${lines} lines were dropped.`;
    return format({ level: 'warn', timeMs: SYSTEM_CLOCK.wallMs(), message, fields: {} }, this.#job);
  }

  #show(line: string): void {
    this.#console.offerLine((this.#pretty?.(line) ?? line).trimEnd());
  }

  /** A job goes on without its log; that is said once. */
  #onFailure(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    process.stderr.write(`The log of ${this.jobName} cannot be written: ${String(error)}\n`);
  }
}
