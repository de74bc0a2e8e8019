import type { Instant } from '../base/instant.js';
import { traceEvent } from '../checkpoint/coordinator-effects.js';
import type { CoordinatorEvent } from '../checkpoint/coordinator-protocol.js';
import type { TaskEvent } from '../ports/task-launcher.js';
import type { TaskReport } from '../protocol/control-message.js';
import type { WireError } from '../protocol/wire-error.js';
import type { Attempt, SourceReport } from './attempt.js';
import { coordinatorEventOf } from './checkpoint-report.js';
import type { Execution } from './execution-graph.js';
import { unexpectedExit } from './job-error.js';
import type { JobEffect } from './job-protocol.js';

type TaskProgress = 'initializing' | 'running' | 'data-finished';
type TaskEnd = Extract<TaskReport, { type: 'finished' | 'canceled' | 'failed' }>;

/** Who decides what follows on what tasks have said. */
export interface TaskEventReceiver {
  coordinate(event: CoordinatorEvent, now: Instant, effects: JobEffect[]): void;
  onTaskRunning(task: Execution, now: Instant, effects: JobEffect[]): void;
  onTaskFailed(task: Execution, error: WireError, now: Instant, effects: JobEffect[]): void;
}

/**
 * Takes in what tasks say, and what their launcher says of them.
 *
 * Invariants: what an older attempt still says is ignored; what a task says of itself after it was told to cancel has
 * no meaning; a task fails once.
 */
export class TaskEvents {
  readonly #receiver: TaskEventReceiver;

  constructor(receiver: TaskEventReceiver) {
    this.#receiver = receiver;
  }

  handle(event: TaskEvent, attempt: Attempt | undefined, now: Instant, effects: JobEffect[]): void {
    const execution = attempt?.executions.find(event.task);
    if (attempt === undefined || execution === undefined) {
      const { attempt: number, vertexId, subtask } = event.task;
      traceEvent('job.stale-event', { attempt: number, vertexId, subtask, type: event.type }, effects);
    } else if (event.type === 'report') this.#onReport(execution, event.report, attempt, now, effects);
    else this.#onExited(execution, event.error, attempt, now, effects);
  }

  #onReport(task: Execution, report: TaskReport, attempt: Attempt, now: Instant, effects: JobEffect[]): void {
    switch (report.type) {
      case 'initializing':
      case 'running':
      case 'data-finished':
        this.#onProgress(task, report.type, attempt, now, effects);
        break;
      case 'finished':
      case 'canceled':
      case 'failed':
        this.#onEnded(task, report, attempt, now, effects);
        break;
      case 'collected':
      case 'counters':
      case 'explained':
        effects.push({ type: 'deliver', task: task.address, report });
        break;
      case 'watermark-reported':
      case 'splits-assigned':
      case 'no-more-splits':
      case 'split-requested':
      case 'reader-ended':
        this.#onSourceReport(task, report, attempt, now, effects);
        break;
      default:
        this.#receiver.coordinate(coordinatorEventOf(task.address, report), now, effects);
    }
  }

  #onProgress(
    task: Execution,
    type: TaskProgress,
    attempt: Attempt,
    now: Instant,
    effects: JobEffect[],
  ): void {
    if (!task.alive) return;
    if (type === 'initializing') {
      task.to('INITIALIZING', now);
    } else if (type === 'running') {
      task.to('RUNNING', now);
      this.#receiver.onTaskRunning(task, now, effects);
    } else {
      task.markDataFinished();
      attempt.onDataFinished(effects);
      this.#receiver.coordinate({ type: 'task-data-finished' }, now, effects);
    }
  }

  #onEnded(task: Execution, report: TaskEnd, attempt: Attempt, now: Instant, effects: JobEffect[]): void {
    if (report.type === 'finished' && task.alive) {
      const error = attempt.finish(task, report.accumulators, now, effects);
      if (error !== undefined) this.#receiver.onTaskFailed(task, error, now, effects);
      // The last one of all ends the job: a checkpoint of finished tasks alone is worth nothing.
      else if (!attempt.executions.allFinished)
        this.#receiver.coordinate({ type: 'task-finished', execution: task }, now, effects);
      return;
    }
    task.fail(now);
    if (report.type === 'failed') this.#receiver.onTaskFailed(task, report.error, now, effects);
    else if (!attempt.isTerminating(task))
      this.#receiver.onTaskFailed(task, unexpectedExit(task, undefined), now, effects);
  }

  #onExited(task: Execution, error: unknown, attempt: Attempt, now: Instant, effects: JobEffect[]): void {
    task.markExited();
    if (task.fail(now) && !attempt.isTerminating(task))
      this.#receiver.onTaskFailed(task, unexpectedExit(task, error), now, effects);
  }

  #onSourceReport(
    from: Execution,
    report: SourceReport,
    attempt: Attempt,
    now: Instant,
    effects: JobEffect[],
  ): void {
    if (!from.alive) return;
    const error = attempt.route(from, report, effects);
    if (error !== undefined) this.#receiver.onTaskFailed(from, error, now, effects);
  }
}
