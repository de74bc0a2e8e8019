import type { ErrorCode } from '../../../core/base/error-table.js';
import type { Instant } from '../../../core/base/instant.js';
import {
  type CheckpointConfig,
  DEFAULT_CHECKPOINT_CONFIG,
} from '../../../core/checkpoint/checkpoint-config.js';
import { CheckpointCoordinator } from '../../../core/checkpoint/checkpoint-coordinator.js';
import type { CheckpointDeclineReason } from '../../../core/checkpoint/checkpoint-failure-reason.js';
import type {
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorVerdict,
} from '../../../core/checkpoint/coordinator-protocol.js';
import type { CheckpointManifest } from '../../../core/checkpoint/snapshot-handle.js';
import type { JobGraph } from '../../../core/graph/job-graph.js';
import { type Execution, ExecutionGraph } from '../../../core/job/execution-graph.js';
import type { CheckpointMetrics } from '../../../core/protocol/control-message.js';
import { toWireError } from '../../../core/protocol/wire-error.js';
import { modelSnapshot } from '../../model-graph.js';

export const METRICS: CheckpointMetrics = {
  startDelayMs: 0,
  alignmentMs: 0,
  syncMs: 0,
  asyncMs: 0,
  checkpointedBytes: 7,
  stateBytes: 9,
  processedBytes: 0,
  persistedBytes: 0,
  unaligned: false,
};

export function wireError(code: ErrorCode, what = 'broken') {
  return { ...toWireError(new Error(what)), code };
}

/** A coordinator with a graph whose tasks all run, and everything it wants done. */
export class CoordinatorDriver {
  readonly coordinator: CheckpointCoordinator;
  readonly graph: JobGraph;
  executions: ExecutionGraph;
  nowMs = 0;
  /** Of the last event, without traces. */
  effects: CoordinatorEffect[] = [];
  verdict: CoordinatorVerdict | undefined;

  constructor(
    graph: JobGraph,
    config: Partial<CheckpointConfig> = {},
    restored?: CheckpointManifest,
    restoredFrom?: string,
  ) {
    this.graph = graph;
    this.executions = runningExecutions(graph, 1);
    this.coordinator = new CheckpointCoordinator(
      { graph, epoch: 3, restored, restoredFrom, firstCheckpointId: undefined },
      { ...DEFAULT_CHECKPOINT_CONFIG, intervalMs: 100, timeoutMs: 1000, ...config },
    );
    this.handle({ type: 'attempt-running', executions: this.executions });
  }

  handle(event: CoordinatorEvent): CoordinatorEffect[] {
    const effects: CoordinatorEffect[] = [];
    this.verdict = this.coordinator.handle(event, instantAt(this.nowMs), effects);
    this.effects = effects.filter(({ type }) => type !== 'trace');
    return this.effects;
  }

  /** The interval has passed: the effects are those of the trigger. */
  due(): CoordinatorEffect[] {
    return this.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: this.executions.attempt } });
  }

  timer(name: 'checkpoint-timeout' | 'final-checkpoint-due' | 'checkpoint-outcome-due', id: number) {
    return this.handle({ type: 'timer', timer: { name, id } });
  }

  acknowledge(checkpointId: number, task: string, ...files: readonly string[]): CoordinatorEffect[] {
    const { address, vertex } = this.task(task);
    const snapshot = modelSnapshot(vertex.name, ...files);
    return this.handle({ type: 'acknowledged', task: address, checkpointId, snapshot, metrics: METRICS });
  }

  acknowledgeAll(checkpointId: number): CoordinatorEffect[] {
    for (const execution of this.executions.executions) {
      if (execution.state === 'RUNNING') this.acknowledge(checkpointId, nameOf(execution));
    }
    return this.effects;
  }

  decline(
    checkpointId: number,
    task: string,
    reason: CheckpointDeclineReason = 'CHECKPOINT_DECLINED',
  ): CoordinatorEffect[] {
    const error = wireError('MR3007', 'no room');
    return this.handle({ type: 'declined', task: this.task(task).address, checkpointId, reason, error });
  }

  backlog(task: string, isProcessingBacklog: boolean): CoordinatorEffect[] {
    return this.handle({ type: 'backlog-reported', task: this.task(task).address, isProcessingBacklog });
  }

  enumerator(checkpointId: number, task: string): CoordinatorEffect[] {
    const state = Uint8Array.of(checkpointId);
    return this.handle({ type: 'enumerator-snapshot', task: this.task(task).address, checkpointId, state });
  }

  dataFinished(...tasks: readonly string[]): CoordinatorEffect[] {
    for (const task of tasks) {
      this.task(task).markDataFinished();
      this.handle({ type: 'task-data-finished' });
    }
    return this.effects;
  }

  finish(task: string): CoordinatorEffect[] {
    const execution = this.task(task);
    execution.to('FINISHED', instantAt(this.nowMs));
    return this.handle({ type: 'task-finished', execution });
  }

  stored(checkpointId: number): CoordinatorEffect[] {
    return this.handle({ type: 'checkpoint-stored', checkpointId, path: `jobs/it/log/${checkpointId}` });
  }

  /** Triggers, acknowledges and stores one checkpoint of a job with one source. */
  complete(checkpointId: number): CoordinatorEffect[] {
    this.due();
    for (const { id, isSource, name } of this.graph.vertices) {
      if (isSource && this.executions.execution(id, 0).alive) this.enumerator(checkpointId, `${name}.0`);
    }
    this.acknowledgeAll(checkpointId);
    return this.stored(checkpointId);
  }

  /** The next attempt runs. */
  restart(): CoordinatorEffect[] {
    this.handle({ type: 'attempt-failing' });
    this.handle({ type: 'attempt-gone' });
    this.executions = runningExecutions(this.graph, this.executions.attempt + 1);
    return this.handle({ type: 'attempt-running', executions: this.executions });
  }

  /** What a next attempt would begin from. */
  get restored(): CheckpointManifest | undefined {
    return this.coordinator.restore(instantAt(this.nowMs));
  }

  /** `name.subtask` */
  task(task: string): Execution {
    const execution = this.executions.executions.find((candidate) => nameOf(candidate) === task);
    if (execution === undefined) throw new Error(`no task ${task}`);
    return execution;
  }

  /** Messages of the last event: `source.0 <- trigger-checkpoint 1`. */
  get sent(): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.type !== 'send') return [];
      const { vertexId, subtask } = effect.task;
      const { message } = effect;
      const id = 'checkpointId' in message ? ` ${message.checkpointId}` : '';
      return [`${this.graph.vertices[vertexId]?.name}.${subtask} <- ${message.type}${id}`];
    });
  }

  /** Types of the other effects of the last event, timers with their names. */
  get done(): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.type === 'send') return [];
      if (effect.type === 'arm-timer') return [`arm ${effect.timer.name} in ${effect.delayMs}`];
      if (effect.type === 'cancel-timer') return [`cancel ${effect.timer.name}`];
      return [effect.type];
    });
  }

  get manifest(): CheckpointManifest | undefined {
    const effect = this.effects.find(({ type }) => type === 'store-checkpoint');
    return effect?.type === 'store-checkpoint' ? effect.manifest : undefined;
  }
}

function instantAt(nowMs: number): Instant {
  return { monotonicMs: nowMs, wallMs: 1_000_000 + nowMs };
}

function runningExecutions(graph: JobGraph, attempt: number): ExecutionGraph {
  const begin = instantAt(0);
  const executions = new ExecutionGraph({ jobId: 'job', graph }, attempt, undefined, begin);
  for (const state of ['SCHEDULED', 'DEPLOYING', 'INITIALIZING', 'RUNNING'] as const)
    for (const execution of executions.executions) execution.to(state, begin);
  return executions;
}

function nameOf({ vertex, address }: Execution): string {
  return `${vertex.name}.${address.subtask}`;
}
