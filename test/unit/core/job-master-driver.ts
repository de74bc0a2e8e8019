import {
  type CheckpointConfig,
  DEFAULT_CHECKPOINT_CONFIG,
} from '../../../core/checkpoint/checkpoint-config.js';
import type { CheckpointManifest } from '../../../core/checkpoint/snapshot-handle.js';
import type { JobGraph } from '../../../core/graph/job-graph.js';
import { JobMaster } from '../../../core/job/job-master.js';
import type { JobEffect, JobEvent, JobOutcome } from '../../../core/job/job-protocol.js';
import type { FailoverStrategy } from '../../../core/job/pipelined-regions.js';
import type { RestartDecision, RestartStrategy } from '../../../core/job/restart-strategy.js';
import type { SlotConfig } from '../../../core/job/slot-claim.js';
import type { TaskAddress, TaskReport } from '../../../core/protocol/control-message.js';
import { modelSnapshot } from '../../model-graph.js';
import { METRICS } from './coordinator-driver.js';

/** Gives the decisions in order, then none more. */
export class ScriptedStrategy implements RestartStrategy {
  readonly askedMs: number[] = [];
  readonly #delays: number[];

  constructor(...delaysMs: readonly number[]) {
    this.#delays = [...delaysMs];
  }

  onFailure(nowMs: number): RestartDecision {
    this.askedMs.push(nowMs);
    const delayMs = this.#delays.shift();
    return delayMs === undefined ? { restart: false, why: 'The script ends.' } : { restart: true, delayMs };
  }

  describe(): string {
    return 'scripted';
  }
}

export interface DriverOptions {
  readonly strategy?: RestartStrategy;
  readonly checkpointing?: Partial<CheckpointConfig> | 'off';
  readonly restored?: CheckpointManifest;
  readonly slots?: SlotConfig;
  readonly failoverStrategy?: FailoverStrategy;
}

/** A job master, its effects, and short ways to say what tasks and storage do. */
export class JobMasterDriver {
  readonly master: JobMaster;
  nowMs = 0;
  /** Of the last event, without traces. */
  effects: JobEffect[] = [];
  traces: string[] = [];
  outcome: JobOutcome | undefined;
  /** The newest of its slots. */
  declaration = 0;
  #ending: Extract<JobEffect, { type: 'terminate' }>[] = [];

  constructor(graph: JobGraph, { strategy, checkpointing = {}, ...job }: DriverOptions = {}) {
    this.master = new JobMaster(
      {
        jobId: 'job',
        graph,
        acceptedMs: 999_000,
        epoch: 3,
        restored: undefined,
        firstCheckpointId: undefined,
        ...job,
      },
      checkpointing === 'off'
        ? undefined
        : { ...DEFAULT_CHECKPOINT_CONFIG, intervalMs: 100, ...checkpointing },
      strategy ?? new ScriptedStrategy(0, 0, 0),
    );
    this.handle({ type: 'started' });
  }

  /** What the present attempt runs. */
  get graph(): JobGraph {
    return this.master.view.graph();
  }

  get status(): string {
    return this.master.view.status().status;
  }

  get attempt(): number {
    return this.master.view.status().attempt;
  }

  handle(event: JobEvent): JobEffect[] {
    const effects: JobEffect[] = [];
    this.master.handle(event, { monotonicMs: this.nowMs, wallMs: 1_000_000 + this.nowMs }, effects);
    this.effects = effects.filter(({ type }) => type !== 'trace');
    this.traces = effects.flatMap((effect) => (effect.type === 'trace' ? [effect.event.name] : []));
    for (const effect of effects) {
      if (effect.type === 'settled') this.outcome = effect.outcome;
      if (effect.type === 'terminate') this.#ending.push(effect);
      if (effect.type === 'declare-slots') this.declaration = effect.declaration;
    }
    return this.effects;
  }

  /** The newest at this task. */
  attemptOf(task: string): number {
    const { vertexId, subtask } = this.address(task, 0);
    return this.master.view.details().vertices[vertexId]?.subtasks[subtask]?.attempt ?? this.attempt;
  }

  report(task: string, report: TaskReport, attempt = this.attemptOf(task)): JobEffect[] {
    return this.handle({
      type: 'task',
      event: { type: 'report', task: this.address(task, attempt), report },
    });
  }

  exit(task: string, error?: unknown, attempt = this.attemptOf(task)): JobEffect[] {
    return this.handle({ type: 'task', event: { type: 'exited', task: this.address(task, attempt), error } });
  }

  /** All tasks, or those named, say that they run. */
  run(...tasks: readonly string[]): JobEffect[] {
    for (const task of tasks.length > 0 ? tasks : this.tasks) {
      this.report(task, { type: 'initializing' });
      this.report(task, { type: 'running' });
    }
    return this.effects;
  }

  fail(task: string, code: 'MR5001' | 'MR6001' = 'MR5001', what = 'it broke'): JobEffect[] {
    const nothing = { why: undefined, hint: undefined, stack: undefined, cause: undefined };
    return this.report(task, { type: 'failed', error: { code, what, where: {}, ...nothing } });
  }

  /** Nothing runs any more of that region of the attempt, or of those that were told to end. */
  gone(attempt = this.attempt, ...regionIds: readonly number[]): JobEffect[] {
    const ending = this.#ending
      .filter((effect) => effect.attempt === attempt)
      .map((effect) => effect.regionId);
    const told = ending.length > 0 ? ending : [0];
    this.#ending = this.#ending.filter((effect) => effect.attempt !== attempt);
    for (const regionId of regionIds.length > 0 ? regionIds : told)
      this.handle({ type: 'attempt-terminated', attempt, regionId, error: undefined });
    return this.effects;
  }

  acknowledge(checkpointId: number, ...tasks: readonly string[]): JobEffect[] {
    for (const task of tasks) {
      const snapshot = modelSnapshot(task.split('.')[0] ?? '', `${task}/${checkpointId}`);
      this.report(task, { type: 'checkpoint-acknowledged', checkpointId, snapshot, metrics: METRICS });
    }
    return this.effects;
  }

  /** One whole checkpoint, if the only source is vertex 0. */
  complete(checkpointId: number): JobEffect[] {
    this.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: this.attempt } });
    return this.completePending(checkpointId);
  }

  completePending(checkpointId: number): JobEffect[] {
    const source = `${this.graph.vertices[0]?.name}.0`;
    this.report(source, { type: 'enumerator-snapshot', checkpointId, state: Uint8Array.of(checkpointId) });
    this.acknowledge(checkpointId, ...this.tasks);
    return this.handle({ type: 'checkpoint-stored', checkpointId });
  }

  /** The manifest of a checkpoint that is then not stored. */
  takeManifest(): CheckpointManifest {
    this.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: this.attempt } });
    const started = this.effects.find(
      (effect) => effect.type === 'send' && effect.message.type === 'snapshot-enumerator',
    );
    if (started?.type !== 'send' || started.message.type !== 'snapshot-enumerator')
      throw new Error('no checkpoint');
    const { checkpointId } = started.message;
    this.report('source.0', {
      type: 'enumerator-snapshot',
      checkpointId,
      state: Uint8Array.of(checkpointId),
    });
    this.acknowledge(checkpointId, ...this.tasks);
    const stored = this.effects.find(({ type }) => type === 'store-checkpoint');
    if (stored?.type !== 'store-checkpoint') throw new Error('no manifest');
    return stored.manifest;
  }

  /** All tasks end as they should. */
  finishAll(): JobEffect[] {
    for (const task of this.tasks) this.report(task, { type: 'finished' });
    return this.effects;
  }

  get tasks(): string[] {
    return this.graph.vertices.flatMap(({ name, parallelism }) =>
      Array.from({ length: parallelism }, (_, subtask) => `${name}.${subtask}`),
    );
  }

  address(task: string, attempt: number): TaskAddress {
    const [name, subtask] = task.split('.');
    const vertexId = this.graph.vertices.findIndex((vertex) => vertex.name === name);
    return { jobId: 'job', attempt, vertexId, subtask: Number(subtask) };
  }

  /** Messages of the last event: `source.0 <- cancel`. */
  get sent(): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.type !== 'send') return [];
      const { vertexId, subtask, attempt } = effect.task;
      const task = `${this.graph.vertices[vertexId]?.name}.${subtask}`;
      if (attempt !== this.attemptOf(task)) throw new Error(`sent to attempt ${attempt}`);
      return [`${task} <- ${effect.message.type}`];
    });
  }

  /** The other effects of the last event by type, without timers that are cancelled. */
  get done(): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.type === 'send' || effect.type === 'cancel-timer') return [];
      if (effect.type === 'arm-timer') return [`arm ${effect.timer.name} in ${effect.delayMs}`];
      if (effect.type === 'launch' || effect.type === 'terminate')
        return [`${effect.type} ${effect.attempt}`];
      return [effect.type];
    });
  }
}
