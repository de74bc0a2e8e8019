import { Prng } from '../../core/base/prng.js';
import { JobMaster } from '../../core/job/job-master.js';
import type { JobEffect, JobEvent, JobOutcome, JobTimer } from '../../core/job/job-protocol.js';
import { createRestartStrategy } from '../../core/job/restart-strategy.js';
import { defaultRestartStrategy } from '../../core/job/restart-strategy-config.js';
import type { PipelinedRegion } from '../../core/ports/task-launcher.js';
import type { TaskAddress, TaskMessage, TaskReport } from '../../core/protocol/control-message.js';
import { toWireError } from '../../core/protocol/wire-error.js';
import { filesOf } from './manifest-files.js';
import { ModelCheckpointWords } from './model-checkpoint-words.js';
import { deployModelTasks } from './model-deployment.js';
import { type ModelWorldOptions, must } from './model-rules.js';
import { ModelSlots } from './model-slots.js';
import { ModelStorage } from './model-storage.js';
import type { ModelTask, ModelTaskWorld } from './model-task.js';

/** Of one region. */
interface Attempt {
  readonly number: number;
  readonly region: PipelinedRegion;
  readonly tasks: ModelTask[];
  terminating: boolean;
}

/**
 * A whole job in one thread: the real job master and coordinator, model tasks, a storage that is a list,
 * and a seeded draw that decides what happens next and what fails.
 */
export class ModelCluster implements ModelTaskWorld {
  readonly #options: ModelWorldOptions;
  readonly #draw: Prng;
  #master: JobMaster;
  /** Reports and exits, by who says them: each keeps its order, among them the order is drawn. */
  readonly #events: JobEvent[] = [];
  readonly #storage: ModelStorage;
  #timers: { readonly timer: JobTimer; readonly dueMs: number }[] = [];
  /** Those that are alive, by region. */
  readonly #attempts = new Map<number, Attempt>();
  #slots: ModelSlots | undefined;
  #nowMs = 0;
  #faultsLeft: number;
  #epoch = 1;
  #fileCount = 0;
  readonly #committed = new Map<string, readonly number[]>();
  readonly #words: ModelCheckpointWords;
  outcome: JobOutcome | undefined;
  attempts = 0;
  /** Launches of regions while others ran. */
  partialRestarts = 0;
  /** Times that the job went on elsewhere before a TaskManager went. */
  moves = 0;

  constructor(options: ModelWorldOptions) {
    this.#options = options;
    this.#draw = new Prng(options.seed);
    this.#faultsLeft = options.faults;
    this.#storage = new ModelStorage(this.#draw, (probability) => this.#takeFault(probability));
    this.#words = new ModelCheckpointWords(this.#storage.log);
    this.#master = this.#startMaster();
  }

  /** All values that sinks have made visible. */
  get output(): number[] {
    return [...this.#committed.values()].flat().toSorted((a, b) => a - b);
  }

  get completedCheckpoints(): number {
    return this.#storage.log.length;
  }

  /** Runs until the job has ended. */
  run(stepsMax: number): void {
    for (let step = 0; !this.#isOver(); step++) {
      must(step < stepsMax, `stuck after ${stepsMax} steps: ${this.#master.view.describe()}`);
      if (this.#faultsLeft > 0 && this.#draw.chance(0.01)) this.#fault();
      this.#step();
      this.#slots?.check(this.#tasks.flatMap(({ address, ended }) => (ended ? [] : [address])));
      if (this.#failed()) this.#resume();
    }
  }

  report(task: ModelTask, report: TaskReport): void {
    task.outbox.push(report);
  }

  commit(task: ModelTask, checkpointId: number, values: readonly number[]): void {
    const key = `${task.vertex.uid}-${task.address.subtask}-${checkpointId}`;
    const before = this.#committed.get(key);
    must(before === undefined || before.join() === values.join(), `${key} is committed with other values`);
    const covered = this.#storage.log.some((manifest) => manifest.checkpointId >= checkpointId);
    must(checkpointId === 0 || covered, `${key} is committed, but no checkpoint that holds it is complete`);
    this.#committed.set(key, values);
  }

  createFile(task: ModelTask, checkpointId: number): string {
    const { attempt, subtask } = task.address;
    const key = `${task.vertex.uid}-${subtask}/${this.#epoch}.${attempt}/${checkpointId}-${this.#fileCount++}`;
    this.#storage.files.add(key);
    return key;
  }

  /** A job that gave up because of faults is resumed, as a person would. */
  #failed(): boolean {
    const { outcome } = this;
    if (outcome === undefined || this.#isOver() || this.#options.faults === 0) return false;
    must(outcome.status === 'FAILED', `ends ${outcome.status}`);
    return true;
  }

  #resume(): void {
    this.outcome = undefined;
    this.#restartProcess();
  }

  /** Whether the job is recorded as finished: whoever resumes it has nothing to do. */
  #isOver(): boolean {
    return this.outcome?.status === 'FINISHED' || this.#storage.resultStored;
  }

  #startMaster(): JobMaster {
    const { graph, checkpointing, slots } = this.#options;
    this.#slots = slots && new ModelSlots(slots, graph, (event) => this.#events.push(event));
    const strategy = createRestartStrategy(defaultRestartStrategy(true), this.#draw.fork());
    const restored = this.#storage.log.at(-1);
    const firstCheckpointId = this.#words.lastTriggeredId + 1;
    const job = {
      jobId: 'model',
      graph,
      acceptedMs: 0,
      epoch: this.#epoch,
      restored,
      firstCheckpointId,
      slots,
    };
    this.#master = new JobMaster(job, checkpointing, strategy);
    this.#handle({ type: 'started' });
    return this.#master;
  }

  #step(): void {
    const moves: (() => void)[] = [];
    for (const task of this.#tasks) {
      if (task.outbox.length > 0) moves.push(() => this.#deliver(task));
      if (task.hasWork) moves.push(() => task.step(this.#draw.chance(0.5)));
      if (task.uploads.length > 0) moves.push(() => task.finishUpload(this.#takeFault(0.02)));
    }
    for (const attempt of this.#attempts.values())
      if (attempt.terminating) moves.push(() => this.#endAttempt(attempt));
    const slots = this.#slots;
    if (slots !== undefined) moves.push(...slots.moves);
    if (this.#events.length > 0) moves.push(() => this.#handleNext());
    if (this.#storage.isAsked) moves.push(() => this.#answer());
    const busy = moves.length > 0;
    if (!busy || (this.#draw.chance(0.02) && this.#mayPassTime())) moves.push(() => this.#passTime());
    const move = moves[this.#draw.below(moves.length)];
    must(busy || this.#timers.length > 0, `nothing can happen any more: ${this.#master.view.describe()}`);
    move?.();
  }

  #deliver(task: ModelTask): void {
    const report = task.outbox.shift();
    if (report === undefined) return;
    this.#handle({ type: 'task', event: { type: 'report', task: task.address, report } });
    const { type } = report;
    if (type !== 'finished' && type !== 'canceled' && type !== 'failed') return;
    this.#handle({ type: 'task', event: { type: 'exited', task: task.address, error: undefined } });
    this.#remove(task);
  }

  get #tasks(): readonly ModelTask[] {
    return [...this.#attempts.values()].flatMap(({ tasks }) => tasks);
  }

  #remove(task: ModelTask): void {
    for (const { tasks } of this.#attempts.values()) {
      const at = tasks.indexOf(task);
      if (at >= 0) tasks.splice(at, 1);
    }
  }

  #handleNext(): void {
    const event = this.#events.shift();
    if (event !== undefined) this.#handle(event);
  }

  #handle(event: JobEvent): void {
    const effects: JobEffect[] = [];
    this.#master.handle(event, { monotonicMs: this.#nowMs, wallMs: this.#nowMs }, effects);
    for (const effect of effects) this.#perform(effect);
  }

  #answer(): void {
    this.#events.push(...this.#storage.answer());
  }

  /** A storage that never answers is a fault too. */
  #mayPassTime(): boolean {
    const name = this.#timers.toSorted((a, b) => a.dueMs - b.dueMs)[0]?.timer.name;
    const isDeadline = name === 'checkpoint-timeout' || name === 'closing-deadline';
    return name !== undefined && (!isDeadline || this.#takeFault(0.5));
  }

  #passTime(): void {
    this.#timers.sort((a, b) => a.dueMs - b.dueMs);
    const next = this.#timers.shift();
    if (next === undefined) return;
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    this.#handle({ type: 'timer', timer: next.timer });
  }

  #endAttempt(attempt: Attempt): void {
    for (const task of attempt.tasks) {
      this.#handle({ type: 'task', event: { type: 'exited', task: task.address, error: undefined } });
    }
    const regionId = attempt.region.id;
    this.#attempts.delete(regionId);
    this.#handle({ type: 'attempt-terminated', attempt: attempt.number, regionId, error: undefined });
  }

  #takeFault(probability: number): boolean {
    if (this.#faultsLeft === 0 || !this.#draw.chance(probability)) return false;
    this.#faultsLeft--;
    return true;
  }

  /** A task fails, a thread ends, or the whole process does and another one takes over. */
  #fault(): void {
    this.#faultsLeft--;
    const tasks = this.#tasks;
    const task = tasks[this.#draw.below(Math.max(1, tasks.length))];
    const kind = this.#draw.below(5);
    if (this.#slots !== undefined && this.#draw.chance(0.6)) {
      const isLost = this.#slots.disturb(this.#draw);
      for (const each of tasks.filter(({ address, ended }) => isLost(address) && !ended)) this.#kill(each);
      return;
    }
    if (kind === 0) {
      this.#restartProcess();
    } else if (task !== undefined && !task.ended) {
      if (kind < 3) {
        this.#kill(task);
      } else {
        task.outbox.push({ type: 'failed', error: toWireError(new Error('user code')) });
        task.end();
      }
    }
  }

  #kill(task: ModelTask): void {
    this.#remove(task);
    const error = new Error('killed');
    this.#handle({ type: 'task', event: { type: 'exited', task: task.address, error } });
  }

  #restartProcess(): void {
    this.#storage.onNewProcess();
    this.#events.length = 0;
    this.#timers = [];
    this.#attempts.clear();
    this.#words.onNewProcess();
    this.#epoch++;
    this.#startMaster();
  }

  #perform(effect: JobEffect): void {
    must(this.outcome === undefined, `${effect.type} after the end`);
    switch (effect.type) {
      case 'launch':
        this.#launch(effect);
        break;
      case 'terminate':
        this.#terminate(effect);
        break;
      case 'send':
        this.#send(effect.task, effect.message);
        break;
      case 'arm-timer':
        this.#cancel(effect.timer);
        this.#timers.push({ timer: effect.timer, dueMs: this.#nowMs + effect.delayMs });
        break;
      case 'cancel-timer':
        this.#cancel(effect.timer);
        break;
      case 'settled':
        must(this.#attempts.size === 0, 'ends only when nothing runs');
        this.outcome = effect.outcome;
        break;
      case 'rescale-settled':
        if (effect.outcome.completed && effect.outcome.rescale !== undefined) this.moves++;
        break;
      case 'declare-slots':
        this.#slots?.declare(effect);
        break;
      case 'slots-missing':
      case 'tasks-running':
      case 'deliver':
      case 'request-settled':
      case 'trace':
        break;
      default:
        this.#storage.call(effect);
    }
  }

  #cancel({ name, id }: JobTimer): void {
    this.#timers = this.#timers.filter(({ timer }) => timer.name !== name || timer.id !== id);
  }

  #terminate({ attempt: number, regionId }: Extract<JobEffect, { type: 'terminate' }>): void {
    const attempt = this.#attempts.get(regionId);
    if (attempt === undefined && this.#isUnlaunched(number)) return;
    must(attempt?.number === number, 'terminates the attempt that is alive');
    must(!attempt.terminating, 'terminates it once');
    attempt.terminating = true;
  }

  #send({ attempt: number, vertexId, subtask }: TaskAddress, message: TaskMessage): void {
    const attempt = [...this.#attempts.values()].find(({ region }) => region.subtasks[vertexId]?.[subtask]);
    if (attempt === undefined && this.#isUnlaunched(number)) return;
    must(attempt?.number === number, 'sends to the attempt that is alive');
    if ('checkpointId' in message) this.#words.check(`${number}/${vertexId}/${subtask}`, message);
    const task = attempt.tasks.find(
      ({ address }) => address.vertexId === vertexId && address.subtask === subtask,
    );
    if (task !== undefined && !task.ended) task.mail.push(message);
  }

  /** The master has not heard that the launch failed. */
  #isUnlaunched(number: number): boolean {
    return this.#events.some((event) => event.type === 'launch-failed' && event.attempt === number);
  }

  #launch(effect: Extract<JobEffect, { type: 'launch' }>): void {
    const { attempt: number, region, restore, placement } = effect;
    must(!this.#attempts.has(region.id), 'one attempt at a region is alive');
    if (this.#attempts.size > 0 && ![...this.#attempts.values()].some((other) => other.number === number))
      this.partialRestarts++;
    this.attempts++;
    const newest = this.#storage.log.at(-1);
    must(restore?.checkpointId === newest?.checkpointId, 'restores the newest completed checkpoint');
    for (const key of newest === undefined ? [] : filesOf(newest))
      must(this.#storage.files.has(key), `${key} is gone`);
    const hasSlots = this.#slots?.deploy(this.#options.graph, placement) ?? true;
    if (!hasSlots || this.#takeFault(0.05)) {
      this.#events.push({
        type: 'launch-failed',
        attempt: number,
        regionId: region.id,
        error: toWireError(new Error('no thread')),
      });
      return;
    }
    const { graph, splitsOf, checkpointing } = this.#options;
    const deployment = {
      graph,
      splitsOf,
      checkpointing: checkpointing !== undefined,
      attempt: number,
      region,
      restore,
    };
    const tasks = deployModelTasks(deployment, this);
    this.#attempts.set(region.id, { number, region, tasks, terminating: false });
  }
}
