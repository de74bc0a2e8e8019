import type { LogLevel, LogRecord } from '../ports/logger.js';
import type { TraceEvent } from '../ports/trace.js';

const LEVELS: Readonly<Record<string, LogLevel>> = {
  'job.attempt-failed': 'error',
  'job.restarting': 'warn',
  'checkpoint.aborted': 'warn',
  'savepoint.failed': 'warn',
  'task.close-failed': 'warn',
  'job.stale-event': 'debug',
  'checkpoint.storing': 'debug',
  'checkpoint.ignored-acknowledge': 'debug',
  'job.attempt-gone': 'debug',
};

/** What people are told of the events that they look for; of others, their names. */
const SENTENCES: Readonly<Record<string, (values: TraceEvent['values']) => string>> = {
  'job.status': ({ from, to }) => `The job goes from ${from} to ${to}.`,
  'job.attempt-deployed': ({ attempt }) => `Attempt ${attempt} is deployed.`,
  'job.attempt-failed': ({ attempt, code, what, operator }) =>
    `Attempt ${attempt} has failed${operator === undefined ? '' : ` in ${operator}`}: ${code} ${what}`,
  'job.restarting': ({ delayMs }) => `The job restarts in ${delayMs} ms.`,
  'job.regions-restarting': ({ tasks }) => `${tasks} of its tasks are restarted, and the others go on.`,
  'checkpoint.triggered': ({ checkpointId, kind }) => `Checkpoint ${checkpointId} (${kind}) begins.`,
  'checkpoint.completed': ({ checkpointId }) => `Checkpoint ${checkpointId} is complete.`,
  'checkpoint.aborted': ({ checkpointId, reason }) => `Checkpoint ${checkpointId} was given up: ${reason}.`,
  'savepoint.completed': ({ path }) => `The savepoint ${path} is complete.`,
  'task.finished': ({ task }) => `${task} has finished.`,
};

/** What happened to a job, as a line of its log. */
export function traceRecord({ name, values }: TraceEvent, timeMs: number): LogRecord {
  const level = LEVELS[name] ?? (/fail|error/.test(name) ? 'warn' : 'info');
  const message = SENTENCES[name]?.(values) ?? name;
  return { level, timeMs, message, fields: { event: name, ...values } };
}
