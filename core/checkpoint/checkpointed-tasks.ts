import { invariant } from '../base/invariant.js';
import type { Execution, ExecutionGraph } from '../job/execution-graph.js';

/**
 * The tasks of a job as the coordinator of its checkpoints knows them.
 *
 * Invariants: checkpoints are begun only while all tasks run, or have finished; while some are restarted, those that go
 * on are told what becomes of the checkpoints that they know.
 */
export class CheckpointedTasks {
  #executions: ExecutionGraph | undefined;
  #areWhole = false;

  /** Set while all run, or have finished. */
  get whole(): ExecutionGraph | undefined {
    return this.#areWhole ? this.#executions : undefined;
  }

  /** Who is told of checkpoints. */
  get running(): readonly Execution[] {
    return this.#executions?.executions.filter(({ state }) => state === 'RUNNING') ?? [];
  }

  onAllRunning(executions: ExecutionGraph): void {
    invariant(!this.#areWhole, 'all tasks begin to run once for each restart', {
      attempt: executions.attempt,
    });
    this.#executions = executions;
    this.#areWhole = true;
  }

  /** Until all run again. */
  onSomeFailing(): void {
    this.#areWhole = false;
  }

  onGone(): void {
    this.#executions = undefined;
    this.#areWhole = false;
  }
}
