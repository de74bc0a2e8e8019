import type { StreamTask } from '../../actors/task/stream-task.js';
import { Progress, type TaskAddress, type TaskEvent, type TaskMessage } from '../../core/internal.js';
import type { Doorbell } from '../../memory/index.js';
import type { HarnessCompletions } from './harness-completions.js';
import type { VirtualTime } from './virtual-time.js';

/** Most records of one step. */
const BUDGET = 256;

/**
 * One task in place of a thread: a thread's runner, a step at a time, for whoever calls {@link step}.
 *
 * Invariants:
 * - a step is made only when there is mail, a completion, a ring of the doorbell or a time that has come,
 *   or when the last one asked for another;
 * - `exited` is the last event; nothing of the task runs after it.
 */
export class HarnessTask {
  readonly address: TaskAddress;
  readonly task: StreamTask;
  readonly completions: HarnessCompletions;
  /** Settles when `exited` has been told. */
  readonly ended: Promise<void>;
  readonly #doorbell: Doorbell;
  readonly #time: VirtualTime;
  readonly #onEvent: (event: TaskEvent) => void;
  #onEnded: () => void = () => {};
  #mailbox: TaskMessage[] = [];
  #asleep = false;
  #ticket = 0;
  #gone = false;

  constructor(
    address: TaskAddress,
    parts: { readonly task: StreamTask; readonly doorbell: Doorbell },
    completions: HarnessCompletions,
    time: VirtualTime,
    onEvent: (event: TaskEvent) => void,
  ) {
    this.address = address;
    this.task = parts.task;
    this.completions = completions;
    this.#doorbell = parts.doorbell;
    this.#time = time;
    this.#onEvent = onEvent;
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Time at which it wants to be called again; Infinity: not by itself. */
  get nextWakeMs(): number {
    return this.#gone ? Number.POSITIVE_INFINITY : this.task.nextWakeMs;
  }

  send(message: TaskMessage): void {
    if (!this.#gone) this.#mailbox.push(message);
  }

  /** False if there was nothing to do. */
  step(): boolean {
    if (this.#gone || !this.#isAwake()) return false;
    const { task, completions } = this;
    const mail = this.#mailbox;
    this.#mailbox = [];
    for (const message of mail) task.deliver(message);
    try {
      while (completions.hasSettled) completions.deliverNext();
    } catch (error) {
      task.fail(error);
    }
    this.#ticket = this.#doorbell.ticket();
    const progress = task.runOnce(BUDGET);
    if (progress !== Progress.MADE) task.flush();
    this.#asleep = progress === Progress.IDLE || progress === Progress.WAITING;
    if (progress === Progress.DONE) this.#leave(undefined);
    return true;
  }

  /** Ends it where it stands, as a thread is ended. */
  kill(reason: unknown): void {
    if (!this.#gone) this.#leave(reason);
  }

  #isAwake(): boolean {
    if (!this.#asleep || this.#mailbox.length > 0 || this.completions.hasSettled) return true;
    return this.#doorbell.ticket() !== this.#ticket || this.task.nextWakeMs <= this.#time.nowMs;
  }

  #leave(error: unknown): void {
    this.#gone = true;
    this.completions.close();
    this.#mailbox = [];
    this.#onEvent({ type: 'exited', task: this.address, error });
    this.#onEnded();
  }
}
