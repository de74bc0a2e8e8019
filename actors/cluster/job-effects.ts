import {
  type CheckpointRequestOutcome,
  type CheckpointStorage,
  type ExplainedTask,
  invariant,
  type JobEffect,
  type JobEvent,
  type JobOutcome,
  type JobTimer,
  type PipelinedRegion,
  type RescaleOutcome,
  type RunningAttempt,
  type TaskAddress,
  type Timers,
  toWireError,
  unreachable,
  type WireError,
} from '../../core/internal.js';
import { Explanations } from './explanations.js';
import type { JobMasterPorts } from './job-master-ports.js';

/** Who hears how effects turned out. */
export interface EffectReceiver {
  /** Puts the event into the mailbox: it is handled after the present one. */
  tell(event: JobEvent): void;
  onRequestSettled(requestId: number, outcome: CheckpointRequestOutcome): void;
  onRescaleSettled(requestId: number, outcome: RescaleOutcome): void;
  onSettled(outcome: JobOutcome): void;
}

export interface EffectJob {
  readonly jobId: string;
  readonly epoch: number;
}

interface HeldRegion {
  readonly attempt: number;
  readonly region: PipelinedRegion;
  readonly running: RunningAttempt;
}

/**
 * Carries out what a job master decides, in order; the outcome of each effect comes back as mail.
 *
 * Invariants: at most one attempt at each region is held; a timer that was cancelled or replaced is not delivered.
 */
export class JobEffects {
  readonly #job: EffectJob;
  readonly #ports: JobMasterPorts;
  readonly #receiver: EffectReceiver;
  readonly #timers: Timers<JobTimer>;
  readonly #armed = new Map<string, number>();
  readonly #explanations = new Explanations();
  /** By the id of the region. */
  readonly #held = new Map<number, HeldRegion>();

  constructor(job: EffectJob, ports: JobMasterPorts, receiver: EffectReceiver) {
    this.#job = job;
    this.#ports = ports;
    this.#receiver = receiver;
    this.#timers = ports.createTimers((timer) => {
      this.#armed.delete(keyOf(timer));
      receiver.tell({ type: 'timer', timer });
    });
  }

  run(effect: JobEffect): void {
    switch (effect.type) {
      case 'send':
        this.#holderOf(effect.task)?.running.send(effect.task, effect.message);
        break;
      case 'arm-timer':
        this.#cancel(effect.timer);
        this.#armed.set(keyOf(effect.timer), this.#timers.arm(effect.delayMs, effect.timer));
        break;
      case 'cancel-timer':
        this.#cancel(effect.timer);
        break;
      case 'declare-slots':
        this.#declareSlots(effect);
        break;
      case 'slots-missing':
        this.#ports.listener.onSlotsMissing?.(effect.attempt);
        break;
      case 'launch':
        this.#launch(effect);
        break;
      case 'terminate':
        this.#terminate(effect);
        break;
      case 'tasks-running':
        this.#ports.listener.onTasksRunning(effect.attempt);
        break;
      case 'deliver':
        this.#deliver(effect);
        break;
      case 'request-settled':
        this.#receiver.onRequestSettled(effect.requestId, effect.outcome);
        break;
      case 'rescale-settled':
        this.#receiver.onRescaleSettled(effect.requestId, effect.outcome);
        break;
      case 'settled':
        this.#receiver.onSettled(effect.outcome);
        break;
      case 'trace':
        if (this.#ports.trace.enabled) this.#ports.trace.emit(effect.event);
        break;
      default:
        this.#store(effect);
    }
  }

  /** Where the tasks that run are in event time. */
  explain(deadline: Promise<void>): Promise<readonly ExplainedTask[]> {
    return this.#explanations.ask(
      (task, message) => this.#holderOf(task)?.running.send(task, message),
      deadline,
    );
  }

  /** Ends what runs, as a crash would. A storage call that is under way may end later. */
  async close(): Promise<void> {
    for (const id of this.#armed.values()) this.#timers.cancel(id);
    this.#armed.clear();
    await Promise.all([...this.#held.values()].map(({ running }) => running.terminate()));
    this.#explanations.onGone();
  }

  #holderOf({ attempt, vertexId, subtask }: TaskAddress): HeldRegion | undefined {
    for (const held of this.#held.values())
      if (held.attempt === attempt && held.region.subtasks[vertexId]?.[subtask] === true) return held;
    return undefined;
  }

  #declareSlots(effect: Extract<JobEffect, { type: 'declare-slots' }>): void {
    const { declaration, requirements, returned } = effect;
    this.#ports.slots?.declare(requirements, returned, (slots) =>
      this.#receiver.tell({ type: 'slots-granted', declaration, slots }),
    );
  }

  #launch({ type: _, ...deployed }: Extract<JobEffect, { type: 'launch' }>): void {
    const { attempt, region } = deployed;
    const regionId = region.id;
    try {
      const running = this.#ports.launcher.launch({ ...this.#job, ...deployed }, (event) => {
        if (this.#holderOf(event.task) !== undefined) this.#explanations.onEvent(event);
        this.#receiver.tell({ type: 'task', event });
      });
      this.#held.set(regionId, { attempt, region, running });
    } catch (error) {
      this.#receiver.tell({ type: 'launch-failed', attempt, regionId, error: toWireError(error) });
    }
  }

  #terminate({ attempt, regionId }: Extract<JobEffect, { type: 'terminate' }>): void {
    const held = this.#held.get(regionId);
    if (held?.attempt !== attempt) return;
    this.#await(
      async () => {
        await held.running.terminate();
        if (this.#held.get(regionId) === held) this.#held.delete(regionId);
        if (this.#held.size === 0) this.#explanations.onGone();
      },
      () => ({ type: 'attempt-terminated', attempt, regionId, error: undefined }),
      (error) => ({ type: 'attempt-terminated', attempt, regionId, error }),
    );
  }

  #deliver({ task, report }: Extract<JobEffect, { type: 'deliver' }>): void {
    if (report.type === 'explained') this.#explanations.onAnswer(task, report);
    else this.#ports.listener.onData(task, report);
  }

  #store(
    effect: Extract<
      JobEffect,
      {
        type:
          | 'store-checkpoint'
          | 'resolve-checkpoint'
          | 'export-savepoint'
          | 'retain-checkpoints'
          | 'discard-files'
          | 'store-result';
      }
    >,
  ): void {
    const storage = this.#storage();
    switch (effect.type) {
      case 'store-checkpoint': {
        const { checkpointId } = effect.manifest;
        this.#await(
          () => storage.complete(effect.manifest),
          (path) => ({ type: 'checkpoint-stored', checkpointId, path }),
          (error) => ({ type: 'checkpoint-store-failed', checkpointId, error }),
        );
        break;
      }
      case 'resolve-checkpoint': {
        const { checkpointId } = effect;
        this.#await(
          () => storage.resolveUnknown(checkpointId),
          (completed) => ({ type: 'checkpoint-outcome', checkpointId, completed }),
          (error) => ({ type: 'checkpoint-outcome-failed', checkpointId, error }),
        );
        break;
      }
      case 'export-savepoint': {
        const { checkpointId } = effect.manifest;
        this.#await(
          () => storage.exportSavepoint(effect.manifest, effect.folder),
          (path) => ({ type: 'savepoint-exported', checkpointId, path }),
          (error) => ({ type: 'savepoint-export-failed', checkpointId, error }),
        );
        break;
      }
      case 'retain-checkpoints':
        this.#await(
          () => storage.retain(effect.count, effect.underWay),
          () => ({ type: 'checkpoints-retained', error: undefined }),
          (error) => ({ type: 'checkpoints-retained', error }),
        );
        break;
      case 'discard-files':
        this.#await(
          () => storage.discard(effect.checkpointId, effect.files),
          () => ({ type: 'files-discarded', error: undefined }),
          (error) => ({ type: 'files-discarded', error }),
        );
        break;
      case 'store-result':
        this.#await(
          () => storage.finish(effect.result, effect.keepCheckpoints),
          () => ({ type: 'result-stored' }),
          (error) => ({ type: 'result-store-failed', error }),
        );
        break;
      default:
        unreachable(effect);
    }
  }

  #storage(): CheckpointStorage {
    const { storage } = this.#ports;
    invariant(storage !== undefined, 'a job that takes checkpoints has a storage', { job: this.#job.jobId });
    return storage;
  }

  #await<T>(
    begin: () => Promise<T>,
    done: (value: T) => JobEvent,
    failed: (error: WireError) => JobEvent,
  ): void {
    const run = async (): Promise<void> => {
      let event: JobEvent;
      try {
        event = done(await begin());
      } catch (error) {
        event = failed(toWireError(error));
      }
      this.#receiver.tell(event);
    };
    void run();
  }

  #cancel(timer: JobTimer): void {
    const key = keyOf(timer);
    const id = this.#armed.get(key);
    if (id === undefined) return;
    this.#armed.delete(key);
    this.#timers.cancel(id);
  }
}

function keyOf({ name, id }: JobTimer): string {
  return `${name}/${id}`;
}
