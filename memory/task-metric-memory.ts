import {
  decodeUtf8,
  descriptorOf,
  descriptorText,
  encodeUtf8,
  invariant,
  type MetricDescriptor,
  numbersOf,
  type RegisteredMetric,
} from '../core/internal.js';
import {
  GAUGES,
  GAUGES_OFFSET,
  METRIC_BYTES,
  METRIC_FORMAT,
  MetricWord,
  NUMBERS,
  NUMBERS_OFFSET,
  TaskActivity,
  TaskGauge,
  TEXT_BYTES,
  TEXT_OFFSET,
} from './task-metric-layout.js';

export type TaskMetricMemory = SharedArrayBuffer;

export function createTaskMetrics(): TaskMetricMemory {
  const memory = new SharedArrayBuffer(METRIC_BYTES);
  new Int32Array(memory)[MetricWord.VERSION] = METRIC_FORMAT;
  return memory;
}

/**
 * The task's end, on its thread.
 *
 * Invariants: one writer; a metric that has been described keeps its place; `isAsked` is false after `answer`,
 * until somebody asks again.
 */
export class TaskMetricWriter {
  readonly #words: Int32Array;
  readonly #gauges: Float64Array;
  readonly #numbers: Float64Array;
  readonly #text: Uint8Array;
  /** Place of the numbers of the metrics that have some, in the order of registration; -1: there was no room. */
  readonly #places: number[] = [];
  #nextNumber = 0;

  constructor(memory: TaskMetricMemory) {
    this.#words = new Int32Array(memory, 0, GAUGES_OFFSET >>> 2);
    this.#gauges = new Float64Array(memory, GAUGES_OFFSET, GAUGES);
    this.#numbers = new Float64Array(memory, NUMBERS_OFFSET, NUMBERS);
    this.#text = new Uint8Array(memory, TEXT_OFFSET, TEXT_BYTES);
  }

  set(gauge: TaskGauge, value: number): void {
    this.#gauges[gauge] = value;
  }

  /** Somebody waits for what is not written at every beat. */
  get isAsked(): boolean {
    return Atomics.load(this.#words, MetricWord.ASKED) !== Atomics.load(this.#words, MetricWord.ANSWERED);
  }

  /**
   * Writes the numbers of all metrics, and describes those that are new; after it, who asked before is answered.
   * Metrics for which there is no room are left out, and one that throws keeps the numbers that it had.
   */
  answer(metrics: readonly RegisteredMetric[]): void {
    const asked = Atomics.load(this.#words, MetricWord.ASKED);
    for (let index = this.#places.length; index < metrics.length; index++) {
      const metric = metrics[index];
      if (metric !== undefined) this.#places.push(this.#describe(metric.descriptor));
    }
    let leftOut = 0;
    for (const [index, metric] of metrics.entries()) {
      const place = this.#places[index] ?? -1;
      if (place >= 0) this.#write(metric, place);
      else leftOut++;
    }
    this.set(TaskGauge.METRICS_LEFT_OUT, leftOut);
    Atomics.store(this.#words, MetricWord.ANSWERED, asked);
  }

  #write(metric: RegisteredMetric, place: number): void {
    try {
      metric.write(this.#numbers, place);
    } catch {
      // A gauge is user code, and looking at a job must not fail it.
    }
  }

  #describe(descriptor: MetricDescriptor): number {
    const described = Atomics.load(this.#words, MetricWord.DESCRIBED);
    const line = encodeUtf8(`${descriptorText(descriptor)}\n`);
    const numbers = numbersOf(descriptor.kind);
    if (described + line.length > TEXT_BYTES || this.#nextNumber + numbers > NUMBERS) return -1;
    const place = this.#nextNumber;
    this.#nextNumber += numbers;
    this.#text.set(line, described);
    Atomics.store(this.#words, MetricWord.DESCRIBED, described + line.length);
    return place;
  }
}

/** A metric and its numbers, as of the last answer. */
export interface TaskMetric {
  readonly descriptor: MetricDescriptor;
  readonly numbers: readonly number[];
}

/** Shares of a task's time since its start, ms. */
export interface TaskTimes {
  readonly busyMs: number;
  readonly idleMs: number;
  readonly backPressuredMs: number;
}

/** How often the times are read again when the task changes them meanwhile. */
const TIME_LOOKS = 4;

/** Anybody's end. */
export class TaskMetricReader {
  readonly #words: Int32Array;
  readonly #gauges: Float64Array;
  readonly #numbers: Float64Array;
  readonly #text: Uint8Array;
  readonly #descriptors: MetricDescriptor[] = [];
  #read = 0;

  constructor(memory: TaskMetricMemory) {
    this.#words = new Int32Array(memory, 0, GAUGES_OFFSET >>> 2);
    invariant(this.#words[MetricWord.VERSION] === METRIC_FORMAT, 'both ends are of one version');
    this.#gauges = new Float64Array(memory, GAUGES_OFFSET, GAUGES);
    this.#numbers = new Float64Array(memory, NUMBERS_OFFSET, NUMBERS);
    this.#text = new Uint8Array(memory, TEXT_OFFSET, TEXT_BYTES);
  }

  get(gauge: TaskGauge): number {
    return this.#gauges[gauge] ?? 0;
  }

  /** With what it does at `nowMs`, of the monotonic clock of the process; undefined: as it last was. */
  times(nowMs: number | undefined): TaskTimes {
    const times = { busyMs: 0, idleMs: 0, backPressuredMs: 0 };
    for (let look = 0; look < TIME_LOOKS; look++) {
      const sinceMs = this.get(TaskGauge.SINCE_MS);
      const activity = this.get(TaskGauge.ACTIVITY);
      times.busyMs = this.get(TaskGauge.BUSY_MS);
      times.idleMs = this.get(TaskGauge.IDLE_MS);
      times.backPressuredMs = this.get(TaskGauge.BACK_PRESSURED_MS);
      if (sinceMs !== this.get(TaskGauge.SINCE_MS)) continue;
      const lastsMs = nowMs === undefined ? 0 : Math.max(0, nowMs - sinceMs);
      if (activity === TaskActivity.BUSY) times.busyMs += lastsMs;
      else if (activity === TaskActivity.IDLE) times.idleMs += lastsMs;
      else if (activity === TaskActivity.BACK_PRESSURED) times.backPressuredMs += lastsMs;
      break;
    }
    return times;
  }

  /** Asks for all numbers; the task has to be woken if it sleeps. What it takes to ask {@link hasAnswered}. */
  ask(): number {
    return (Atomics.add(this.#words, MetricWord.ASKED, 1) + 1) | 0;
  }

  hasAnswered(asked: number): boolean {
    return ((Atomics.load(this.#words, MetricWord.ANSWERED) - asked) | 0) >= 0;
  }

  metrics(): TaskMetric[] {
    this.#readDescriptors();
    let place = 0;
    return this.#descriptors.map((descriptor) => {
      const from = place;
      place += numbersOf(descriptor.kind);
      return { descriptor, numbers: [...this.#numbers.subarray(from, place)] };
    });
  }

  #readDescriptors(): void {
    const described = Atomics.load(this.#words, MetricWord.DESCRIBED);
    if (described === this.#read) return;
    // A copy: the text is shared, and is decoded only where it is not.
    const text = decodeUtf8(this.#text.slice(this.#read, described));
    invariant(text !== undefined, 'what a task describes is text');
    this.#read = described;
    for (const line of text.split('\n')) if (line !== '') this.#descriptors.push(descriptorOf(line));
  }
}
