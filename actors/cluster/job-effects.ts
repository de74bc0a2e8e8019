import {
  type CheckpointRequestOutcome,
  type CheckpointStorage,
  type ExplainedTask,
  invariant,
  type JobEffect,
  type JobEvent,
  type JobOutcome,
  type JobTimer,
  type RescaleOutcome,
  type RunningAttempt,
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

/**
 * Carries out what a job master decides, in order; the outcome of each effect comes back as mail.
 *
 * Invariants: at most one attempt is held; a timer that was cancelled or replaced is not delivered.
 */
export class JobEffects {
  readonly #job: EffectJob;
  readonly #ports: JobMasterPorts;
  readonly #receiver: EffectReceiver;
  readonly #timers: Timers<JobTimer>;
  readonly #armed = new Map<string, number>();
  readonly #explanations = new Explanations();
  #attempt: { readonly number: number; readonly running: RunningAttempt } | undefined;

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
        if (effect.task.attempt === this.#attempt?.number)
          this.#attempt.running.send(effect.task, effect.message);
        break;
      case 'arm-timer':
        this.#cancel(effect.timer);
        this.#armed.set(keyOf(effect.timer), this.#timers.arm(effect.delayMs, effect.timer));
        break;
      case 'cancel-timer':
        this.#cancel(effect.timer);
        break;
      case 'declare-slots':
        this.#ports.slots?.declare(effect.requirements, (slots) =>
          this.#receiver.tell({ type: 'slots-granted', slots }),
        );
        break;
      case 'slots-missing':
        this.#ports.listener.onSlotsMissing?.(effect.attempt);
        break;
      case 'launch':
        this.#launch(effect);
        break;
      case 'terminate':
        this.#terminate(effect.attempt);
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
    return this.#explanations.ask(this.#attempt?.running, deadline);
  }

  /** Ends what runs, as a crash would. A storage call that is under way may end later. */
  async close(): Promise<void> {
    for (const id of this.#armed.values()) this.#timers.cancel(id);
    this.#armed.clear();
    await this.#attempt?.running.terminate();
    this.#explanations.onGone();
  }

  #launch({ type: _, ...deployed }: Extract<JobEffect, { type: 'launch' }>): void {
    const { attempt } = deployed;
    try {
      const running = this.#ports.launcher.launch({ ...this.#job, ...deployed }, (event) => {
        if (event.task.attempt === this.#attempt?.number) this.#explanations.onEvent(event);
        this.#receiver.tell({ type: 'task', event });
      });
      this.#attempt = { number: attempt, running };
    } catch (error) {
      this.#receiver.tell({ type: 'launch-failed', attempt, error: toWireError(error) });
    }
  }

  #terminate(attempt: number): void {
    const held = this.#attempt;
    if (held?.number !== attempt) return;
    this.#await(
      async () => {
        await held.running.terminate();
        if (this.#attempt === held) this.#attempt = undefined;
        this.#explanations.onGone();
      },
      () => ({ type: 'attempt-terminated', attempt, error: undefined }),
      (error) => ({ type: 'attempt-terminated', attempt, error }),
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
          () => storage.retain(effect.count),
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
