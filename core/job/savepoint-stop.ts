import { invariant } from '../base/invariant.js';
import type { StoredJobResult } from '../checkpoint/checkpoint-storage.js';
import type { CheckpointRequestOutcome, StopWithSavepoint } from '../checkpoint/coordinator-protocol.js';
import type { Execution, ExecutionGraph } from './execution-graph.js';
import type { JobEffect } from './job-protocol.js';

/**
 * The end of a job by a savepoint: the savepoint lies where it should, and its tasks commit what it holds and end.
 *
 * Invariant: who asked for it is told once: when the job has finished, or that it did not.
 */
export class SavepointStop {
  #stopped: StopWithSavepoint | undefined;

  /** `executions`: undefined if the job is not running any more, for another reason. */
  begin(stopped: StopWithSavepoint, executions: ExecutionGraph | undefined, effects: JobEffect[]): void {
    invariant(this.#stopped === undefined, 'a job is stopped once at a time', {
      checkpointId: stopped.checkpointId,
    });
    this.#stopped = stopped;
    if (executions === undefined) {
      this.onFailed(effects);
      return;
    }
    for (const execution of executions.executions)
      if (execution.state === 'RUNNING') this.finishes(execution, effects);
  }

  /** Whether the job is ending: then this task, which runs by now, is told to finish. */
  finishes({ address }: Execution, effects: JobEffect[]): boolean {
    if (this.#stopped === undefined) return false;
    effects.push({ type: 'send', task: address, message: { type: 'finish' } });
    return true;
  }

  get begun(): boolean {
    return this.#stopped !== undefined;
  }

  /** Of the savepoint that the job is ending with. */
  get path(): string | undefined {
    return this.#stopped?.path;
  }

  /** What is recorded of it with the job's end. */
  noted(state: StoredJobResult['state']): Partial<Pick<StoredJobResult, 'savepointPath'>> {
    return state === 'FINISHED' && this.#stopped !== undefined ? { savepointPath: this.#stopped.path } : {};
  }

  onFinished(effects: JobEffect[]): void {
    const stopped = this.#stopped;
    if (stopped === undefined) return;
    const { checkpointId, path } = stopped;
    this.#settle({ completed: true, checkpointId, savepointPath: path }, effects);
  }

  /** The savepoint is whole; the job was not stopped by it. */
  onFailed(effects: JobEffect[]): void {
    this.#settle({ completed: false, reason: 'JOB_FAILURE' }, effects);
  }

  #settle(outcome: CheckpointRequestOutcome, effects: JobEffect[]): void {
    const stopped = this.#stopped;
    this.#stopped = undefined;
    if (stopped === undefined) return;
    effects.push({ type: 'request-settled', requestId: stopped.requestId, outcome });
  }
}
