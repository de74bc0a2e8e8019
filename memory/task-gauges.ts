import { invariant } from '../core/internal.js';

/**
 * Numbers of the tasks of one attempt, in shared memory: a task writes them now and then, others read them
 * without asking it.
 *
 * Layout, by task: one float64 for each name of {@link TASK_GAUGES}, each task on cache lines of its own. A
 * reader may see numbers of two moments beside each other, and misses at most one update.
 *
 * Invariant: one writer per line, the task.
 */
const TASK_GAUGES = [
  /** Records taken from channels, or emitted by the source. */
  'records',
  /** Current watermark of the head of the chain. */
  'watermark',
  /** Time since the start, ms, by what the task did. */
  'busyMs',
  'idleMs',
  'backPressuredMs',
] as const;

export type TaskGauge = (typeof TASK_GAUGES)[number];

const LINE_DOUBLES = 16;

export type TaskGaugeMemory = SharedArrayBuffer;

export function createTaskGauges(tasks: number): TaskGaugeMemory {
  return new SharedArrayBuffer(Math.max(1, tasks) * LINE_DOUBLES * Float64Array.BYTES_PER_ELEMENT);
}

export class TaskGauges {
  readonly #values: Float64Array;

  constructor(memory: TaskGaugeMemory) {
    this.#values = new Float64Array(memory);
  }

  set(task: number, gauge: TaskGauge, value: number): void {
    this.#values[this.#at(task, gauge)] = value;
  }

  get(task: number, gauge: TaskGauge): number {
    return this.#values[this.#at(task, gauge)] ?? 0;
  }

  #at(task: number, gauge: TaskGauge): number {
    const at = task * LINE_DOUBLES + TASK_GAUGES.indexOf(gauge);
    invariant(at < this.#values.length, 'every task has its line', { task });
    return at;
  }
}
