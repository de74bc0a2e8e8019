import type { Execution, ExecutionGraph } from '../job/execution-graph.js';

/** Which tasks take part in a checkpoint that begins now. */
export interface CheckpointPlan {
  /** Subtask 0 of each source whose enumerator lives: asked first. */
  readonly enumerators: readonly Execution[];
  /** They are told first, if the checkpoint is to build on no other: those with keyed state. */
  readonly toPrepare: readonly Execution[];
  /** No barrier would reach them: they are told by message. */
  readonly toTrigger: readonly Execution[];
  /** They must acknowledge. */
  readonly toAcknowledge: readonly Execution[];
}

/**
 * The plan, or undefined when some task is neither running nor finished (NOT_ALL_REQUIRED_TASKS_RUNNING), or
 * when nothing runs any more.
 *
 * The tasks to trigger are those without a running producer: sources, and tasks behind sources that have
 * finished. The latter have read all their input: a task finishes only after a checkpoint in which all its
 * consumers took part, behind the end of its data.
 */
export function planCheckpoint(executions: ExecutionGraph, full: boolean): CheckpointPlan | undefined {
  if (!executions.allRunning) return undefined;
  const running = executions.executions.filter(({ state }) => state === 'RUNNING');
  if (running.length === 0) return undefined;
  return {
    enumerators: running.filter(({ vertex, address }) => vertex.isSource && address.subtask === 0),
    toPrepare: full ? running.filter(({ vertex }) => vertex.operators.some(({ keyed }) => keyed)) : [],
    toTrigger: running.filter((execution) => executions.hasNoRunningProducer(execution)),
    toAcknowledge: running,
  };
}
