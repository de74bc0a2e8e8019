import type { StreamTask } from '../../actors/task/stream-task.js';
import {
  type Prng,
  Progress,
  type TaskAddress,
  type TaskEvent,
  type TaskMessage,
  type TaskReport,
} from '../../core/internal.js';
import type { Doorbell } from '../../memory/index.js';
import type { Machinery } from './machinery.js';
import type { ScheduledDisk } from './scheduled-disk.js';
import type { SimulatedCompletions } from './simulated-completions.js';
import type { Participant } from './simulated-scheduler.js';
import type { SimulatedTime } from './simulated-time.js';
import type { WorldTrace } from './world-trace.js';

export interface SimulatedTaskParts {
  readonly name: string;
  /** Of all tasks of the world. */
  readonly number: number;
  readonly address: TaskAddress;
  readonly task: StreamTask;
  readonly doorbell: Doorbell;
  readonly completions: SimulatedCompletions;
  readonly disk: ScheduledDisk;
  /** Most records of one step. */
  readonly budgetMax: number;
  /** It gets few turns. */
  readonly isSlow: () => boolean;
}

/** What the tasks of a world share. */
export interface TaskSurroundings {
  readonly prng: Prng;
  readonly time: SimulatedTime;
  readonly trace: WorldTrace;
  readonly machinery: Machinery;
}

/** The phase of a task that ends as it should, and waits for nothing but its operators' end. */
const CLOSING = 'draining (awaiting close)';
/** Most records of a step of a slow task. */
const SLOW_BUDGET = 4;

/**
 * One task in place of a thread: what a thread's runner does in a loop, it does one by one in turns: reads
 * mail, takes completions, steps, publishes, and sleeps until its doorbell rings.
 *
 * Invariants:
 * - messages and reports keep their order, each way;
 * - a task that sleeps is woken by mail, a completion, its doorbell or the time it asked for, by nothing else;
 * - `exited` is the last event; after `kill` nothing of the task runs, and what it has told may be heard later.
 */
export class SimulatedTask implements Participant {
  readonly parts: SimulatedTaskParts;
  /** Settles when `exited` has been told. */
  readonly ended: Promise<void>;
  /** Settles when its code runs no more. */
  readonly left: Promise<void>;
  paused = false;
  /** Once its code runs no more, what it has told is not heard before. */
  heardFromMs = 0;
  readonly #world: TaskSurroundings;
  readonly #mailbox: TaskMessage[] = [];
  readonly #told: TaskEvent[] = [];
  readonly #onEvent: (event: TaskEvent) => void;
  #onEnded: () => void = () => {};
  #onLeft: () => void = () => {};
  #asleep = false;
  /** It has read its input to the end, and its operators have not been told. */
  #isEnding = false;
  #isClosing = false;
  #ticket = 0;
  #gone = false;
  #exited = false;

  constructor(parts: SimulatedTaskParts, world: TaskSurroundings, onEvent: (event: TaskEvent) => void) {
    this.parts = parts;
    this.#world = world;
    this.#onEvent = onEvent;
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
    this.left = new Promise((resolve) => {
      this.#onLeft = resolve;
    });
  }

  get weight(): number {
    // What comes to a task at the end of its input is rare: it is given time.
    return this.#isEnding || this.parts.isSlow() ? 0.03 : 1;
  }

  /** Its code runs no more. */
  get gone(): boolean {
    return this.#gone;
  }

  get exited(): boolean {
    return this.#exited;
  }

  send(message: TaskMessage): void {
    const { machinery, trace } = this.#world;
    trace.listeners.onTaskSent(this.parts.number, message);
    if (!this.#gone) machinery.post(this.#mailbox, message);
  }

  report(report: TaskReport): void {
    if (this.#gone) return;
    const { trace } = this.#world;
    trace.note('task.reports', `${this.parts.name} ${report.type} ${checkpointOf(report)}`);
    trace.listeners.onTaskReported(this.parts.number, report);
    this.#told.push({ type: 'report', task: this.parts.address, report });
  }

  /** Ends it as a thread ends that is terminated: of its last reports some get through. */
  kill(reason: unknown): void {
    if (this.#gone) return;
    this.#world.trace.note('task.killed', `${this.parts.name} ${this.parts.task.phase}`);
    this.#told.length = this.#world.prng.between(0, this.#told.length);
    this.#leave(reason);
  }

  /** The process has ended: nothing more is told. */
  vanish(): void {
    this.#world.trace.listeners.onTaskVanished(this.parts.number);
    this.#told.length = 0;
    this.#gone = true;
    this.#exited = true;
    this.parts.completions.close();
  }

  isReady(): boolean {
    if (this.paused || this.#exited) return false;
    if (this.#told.length > 0) return !this.#gone || this.heardFromMs <= this.#world.time.nowMs;
    return !this.#gone && this.#isAwake();
  }

  dueMs(): number {
    if (this.paused || this.#exited) return Number.POSITIVE_INFINITY;
    if (this.#gone) return this.heardFromMs;
    return this.parts.task.nextWakeMs;
  }

  takeTurn(): void {
    const { prng } = this.#world;
    if (this.#told.length > 0 && (this.#gone || !this.#isAwake() || prng.chance(0.5))) {
      this.#tell();
      return;
    }
    const { completions, task } = this.parts;
    if (completions.waiting > 0 && prng.chance(0.7)) {
      this.#asleep = false;
      try {
        completions.deliverOne();
      } catch (error) {
        task.fail(error);
      }
      this.#world.trace.note('task.completion', `${this.parts.name} ${task.phase}`);
      return;
    }
    this.#step();
  }

  #isAwake(): boolean {
    if (!this.#asleep || this.#mailbox.length > 0) return true;
    const { completions, doorbell, task } = this.parts;
    if (completions.waiting > 0 || doorbell.ticket() !== this.#ticket) return true;
    return task.nextWakeMs <= this.#world.time.nowMs;
  }

  #step(): void {
    const { prng, trace } = this.#world;
    const { task, doorbell, budgetMax, isSlow, name, number } = this.parts;
    this.#readMail();
    this.#ticket = doorbell.ticket();
    const before = task.records;
    const progress = task.runOnce(prng.between(1, isSlow() ? SLOW_BUDGET : budgetMax));
    trace.listeners.onTaskStepped(number, task.records - before);
    const pressed = task.isBackPressured ? ' back-pressured' : '';
    const { phase } = task;
    trace.note('task.step', `${name} ${NAMES[progress]} ${task.records - before}${pressed} ${phase}`);
    this.#isEnding = phase === 'ending';
    if (phase === CLOSING && !this.#isClosing)
      trace.listeners.onTaskClosing(number, this.parts.disk.underWay);
    this.#isClosing = phase === CLOSING;
    if (progress !== Progress.MADE || prng.chance(0.3)) task.flush();
    this.#asleep = progress === Progress.IDLE || progress === Progress.WAITING;
    if (progress !== Progress.DONE) return;
    trace.listeners.onTaskDone(number, this.parts.disk.underWay);
    this.#leave(undefined);
  }

  #readMail(): void {
    const { prng, trace } = this.#world;
    const count = this.#asleep ? this.#mailbox.length : prng.between(0, this.#mailbox.length);
    for (const message of this.#mailbox.splice(0, count)) {
      trace.note('task.mail', `${this.parts.name} ${message.type} ${checkpointOf(message)}`);
      trace.listeners.onTaskRead(this.parts.number, message);
      this.parts.task.deliver(message);
    }
  }

  #leave(reason: unknown): void {
    this.#gone = true;
    this.parts.completions.close();
    this.#mailbox.length = 0;
    this.#told.push({ type: 'exited', task: this.parts.address, error: reason });
    this.#world.trace.listeners.onTaskLeft(this.parts.number);
    this.#onLeft();
  }

  #tell(): void {
    const event = this.#told.shift();
    if (event === undefined) return;
    const what = event.type === 'report' ? `${event.report.type} ${checkpointOf(event.report)}` : 'exited';
    this.#world.trace.note('task.says', `${this.parts.name} ${what}`);
    this.#world.trace.listeners.onTaskTold(this.parts.number, event);
    this.#onEvent(event);
    if (event.type !== 'exited') return;
    this.#exited = true;
    this.#onEnded();
  }
}

const NAMES: Readonly<Record<Progress, string>> = {
  [Progress.IDLE]: 'idle',
  [Progress.MADE]: 'made',
  [Progress.WAITING]: 'waiting',
  [Progress.DONE]: 'done',
};

function checkpointOf(message: TaskMessage | TaskReport): string {
  return 'checkpointId' in message ? String(message.checkpointId) : '';
}
