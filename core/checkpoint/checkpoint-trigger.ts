import type { Instant } from '../base/instant.js';
import type { ExecutionGraph } from '../job/execution-graph.js';
import { planCheckpoint } from './checkpoint-plan.js';
import type { CheckpointRequest } from './checkpoint-request-decider.js';
import { armTimer, sendTo, settleRequest, traceEvent } from './coordinator-effects.js';
import type { CoordinatorEffect } from './coordinator-protocol.js';
import { PendingCheckpoint } from './pending-checkpoint.js';
import type { PendingCheckpoints } from './pending-checkpoints.js';

/** A checkpoint that is to begin. `full`: it builds on no other. */
export interface CheckpointOrder {
  readonly request: CheckpointRequest;
  readonly executions: ExecutionGraph;
  readonly full: boolean;
  readonly timeoutMs: number;
}

/**
 * Begins it: it is pending, and the tasks that have to know before their snapshot are told. Undefined: not all tasks
 * run, and whoever asked for it knows.
 */
export function beginCheckpoint(
  { request, executions, full, timeoutMs }: CheckpointOrder,
  pendings: PendingCheckpoints,
  now: Instant,
  effects: CoordinatorEffect[],
): PendingCheckpoint | undefined {
  const plan = planCheckpoint(executions, full);
  if (plan === undefined) {
    settleRequest(request, { completed: false, reason: 'NOT_ALL_REQUIRED_TASKS_RUNNING' }, effects);
    return undefined;
  }
  const checkpointId = pendings.takeId();
  const pending = new PendingCheckpoint(checkpointId, request, executions, plan, now);
  pendings.add(pending);
  const tasks = plan.toAcknowledge.length;
  traceEvent('checkpoint.triggered', { checkpointId, kind: request.kind, tasks }, effects);
  armTimer('checkpoint-timeout', checkpointId, timeoutMs, effects);
  sendTo(plan.toPrepare, { type: 'prepare-full-snapshot', checkpointId }, effects);
  return pending;
}
