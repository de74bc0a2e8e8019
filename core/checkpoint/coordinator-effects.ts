import type { Execution } from '../job/execution-graph.js';
import type { TraceEvent } from '../ports/trace.js';
import type { TaskMessage } from '../protocol/control-message.js';
import type { CheckpointRequest } from './checkpoint-request-decider.js';
import type { CheckpointRequestOutcome, CheckpointTimer, CoordinatorEffect } from './coordinator-protocol.js';

export function sendTo(
  executions: readonly Execution[],
  message: TaskMessage,
  effects: CoordinatorEffect[],
): void {
  for (const { address } of executions) effects.push({ type: 'send', task: address, message });
}

export function armTimer(
  name: CheckpointTimer['name'],
  id: number,
  delayMs: number,
  effects: CoordinatorEffect[],
): void {
  effects.push({ type: 'arm-timer', timer: { name, id }, delayMs });
}

export function cancelTimer(name: CheckpointTimer['name'], id: number, effects: CoordinatorEffect[]): void {
  effects.push({ type: 'cancel-timer', timer: { name, id } });
}

/** Tells whoever asked for the checkpoint; nobody did for a periodic or a final one. */
export function settleRequest(
  request: CheckpointRequest,
  outcome: CheckpointRequestOutcome,
  effects: CoordinatorEffect[],
): void {
  if (request.kind !== 'user') return;
  effects.push({ type: 'request-settled', requestId: request.requestId, outcome });
}

/** For a job that takes no checkpoints. */
export function refuseRequest(
  requestId: number,
  effects: { push(effect: Extract<CoordinatorEffect, { type: 'request-settled' }>): unknown },
): void {
  const outcome = { completed: false, reason: 'NOT_ALL_REQUIRED_TASKS_RUNNING' } as const;
  effects.push({ type: 'request-settled', requestId, outcome });
}

/** Takes the effects of any machine that traces. */
export function traceEvent(
  name: string,
  values: TraceEvent['values'],
  effects: { push(effect: { readonly type: 'trace'; readonly event: TraceEvent }): unknown },
): void {
  effects.push({ type: 'trace', event: { name, values } });
}
