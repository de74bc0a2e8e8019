import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { LogRecord, TaskAddress, TaskEvent, TaskMessage, TaskReport } from '../../core/internal.js';
import { Doorbell, TaskMetricReader } from '../../memory/index.js';
import type { LogMessage } from './logs/task-log.js';
import type { TaskContract } from './task-contract.js';
import type { TaskThreadPool } from './task-threads/task-thread-pool.js';

/** The metrics of a task as its TaskManager reads them. */
export interface MeasuredThread {
  readonly address: TaskAddress;
  readonly metrics: TaskMetricReader;
  /** Nothing of it changes any more. */
  readonly hasExited: boolean;
  /** Asks for all its numbers; undefined: nobody would answer. */
  askMetrics(): number | undefined;
}

/** Who takes what tasks say in their logs. */
export interface TaskLogReceiver {
  /** As of `env.log.level`; OFF: nothing is taken. */
  readonly level: string;
  onTask(task: TaskAddress, record: LogRecord): void;
}

/**
 * One task on its thread, seen from the TaskManager.
 *
 * Invariants: `exited` is reported exactly once, after the last report; nothing is sent afterwards.
 */
export class ThreadTask implements MeasuredThread {
  readonly address: TaskAddress;
  /** Line of the task in heartbeats. */
  readonly line: number;
  /** Settles when nothing of the task runs any more. Never rejects. */
  readonly ended: Promise<void>;
  readonly metrics: TaskMetricReader;
  readonly #port: MessagePort;
  readonly #doorbell: Doorbell;
  readonly #abort = new AbortController();
  #exited = false;
  #brokeOff = false;
  #forcedBy: unknown;

  constructor(
    contract: Omit<TaskContract, 'mailbox'>,
    pool: TaskThreadPool,
    onEvent: (event: TaskEvent) => void,
    log: TaskLogReceiver,
  ) {
    this.address = contract.address;
    this.line = contract.line;
    this.metrics = new TaskMetricReader(contract.metrics);
    this.#doorbell = new Doorbell(contract.doorbell);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const task = this.address;
    port1.on('message', (message: TaskReport | LogMessage) => {
      if (message.type === 'log') log.onTask(task, message.record);
      else onEvent({ type: 'report', task, report: message });
    });
    const drained = new Promise<void>((resolve) => {
      port1.once('close', () => resolve());
    });
    this.ended = this.#run({ ...contract, mailbox: port2 }, pool, drained, onEvent);
  }

  get hasExited(): boolean {
    return this.#exited;
  }

  /** Its thread did not end by itself. */
  get wasForced(): boolean {
    return this.#forcedBy !== undefined;
  }

  /** Its thread ended before the task did, which has closed nothing. */
  get brokeOff(): boolean {
    return this.#brokeOff;
  }

  send(message: TaskMessage): void {
    if (this.#exited) return;
    this.#port.postMessage(message);
    this.#doorbell.ring();
  }

  askMetrics(): number | undefined {
    if (this.#exited) return undefined;
    const asked = this.metrics.ask();
    this.#doorbell.ring();
    return asked;
  }

  /** Ends the thread by force; `reason` is what `exited` tells. */
  kill(reason: unknown): void {
    if (this.#exited) return;
    this.#forcedBy ??= reason;
    this.#abort.abort();
  }

  /** The port closes after its last message, so that no report comes after the exit. */
  async #run(
    contract: TaskContract,
    pool: TaskThreadPool,
    drained: Promise<void>,
    onEvent: (event: TaskEvent) => void,
  ): Promise<void> {
    let error: unknown;
    try {
      await pool.run(contract, this.#abort.signal);
    } catch (thrown) {
      this.#brokeOff = true;
      error = this.#forcedBy ?? thrown;
    }
    await drained;
    this.#exited = true;
    onEvent({ type: 'exited', task: this.address, error });
  }
}
