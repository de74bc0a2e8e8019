import type { TaskMetrics } from '../../core/internal.js';
import { TaskActivity, TaskGauge, type TaskMetricWriter } from '../../memory/index.js';
import type { RunnableTask, TaskTime } from '../runner/thread-runner.js';
import type { ChannelMeasures } from './channel-measures.js';

/** A task that can be measured. */
export interface MeasuredTask extends RunnableTask {
  /** Records written to edges. */
  readonly recordsOut: number;
  readonly registry: TaskMetrics;
  measureChannels(): ChannelMeasures;
  measureBarriers(): BarrierMeasures;
}

/** Of the newest checkpoint that has come to a task, ms. */
export interface BarrierMeasures {
  /** From its first barrier to its last, or until now. */
  readonly alignmentMs: number;
  /** From its trigger to its first word here. */
  readonly startDelayMs: number;
}

/** What is known of the thread itself. */
export interface ThreadMeasures {
  readonly heapUsed: number;
  readonly heapCommitted: number;
  readonly heapMax: number;
  readonly gcCount: number;
  readonly gcMs: number;
}

const ACTIVITIES = {
  nothing: TaskActivity.NONE,
  busy: TaskActivity.BUSY,
  idle: TaskActivity.IDLE,
  backPressured: TaskActivity.BACK_PRESSURED,
} as const;

/**
 * Puts the numbers of one task into shared memory: a few at each beat, all others when somebody has asked for them,
 * so that metrics nobody looks at cost nothing.
 *
 * hot path: `beat`, once a millisecond of work
 */
export class MetricPublisher {
  readonly #task: MeasuredTask;
  readonly #writer: TaskMetricWriter;
  readonly #measureThread: () => ThreadMeasures;
  readonly #originMs: number;

  /** `originMs`: the zero of the thread's monotonic clock on that of the process. */
  constructor(
    task: MeasuredTask,
    writer: TaskMetricWriter,
    measureThread: () => ThreadMeasures,
    originMs: number,
  ) {
    this.#task = task;
    this.#writer = writer;
    this.#measureThread = measureThread;
    this.#originMs = originMs;
  }

  beat(time: TaskTime): void {
    const writer = this.#writer;
    const task = this.#task;
    writer.set(TaskGauge.RECORDS, task.records);
    writer.set(TaskGauge.WATERMARK, task.watermark);
    this.turnsTo(time);
    if (writer.isAsked) this.#answer();
  }

  /** So that what lasts long is seen while it lasts. */
  turnsTo(time: TaskTime): void {
    const writer = this.#writer;
    writer.set(TaskGauge.BUSY_MS, time.busyMs);
    writer.set(TaskGauge.IDLE_MS, time.idleMs);
    writer.set(TaskGauge.BACK_PRESSURED_MS, time.backPressuredMs);
    writer.set(TaskGauge.ACTIVITY, ACTIVITIES[time.doing]);
    writer.set(TaskGauge.SINCE_MS, time.sinceMs + this.#originMs);
  }

  /** The task has ended: these numbers stay. */
  last(time: TaskTime): void {
    this.beat(time);
    this.#answer();
  }

  #answer(): void {
    const writer = this.#writer;
    const channels = this.#task.measureChannels();
    writer.set(TaskGauge.RECORDS_OUT, this.#task.recordsOut);
    writer.set(TaskGauge.BYTES_IN, channels.bytesIn);
    writer.set(TaskGauge.BYTES_OUT, channels.bytesOut);
    writer.set(TaskGauge.BUFFERS_IN, channels.buffersIn);
    writer.set(TaskGauge.BUFFERS_OUT, channels.buffersOut);
    writer.set(TaskGauge.INPUT_QUEUE_LENGTH, channels.inputQueueLength);
    writer.set(TaskGauge.IN_POOL_USAGE, channels.inPoolUsage);
    writer.set(TaskGauge.OUTPUT_QUEUE_LENGTH, channels.outputQueueLength);
    writer.set(TaskGauge.OUT_POOL_USAGE, channels.outPoolUsage);
    const barriers = this.#task.measureBarriers();
    writer.set(TaskGauge.ALIGNMENT_MS, barriers.alignmentMs);
    writer.set(TaskGauge.START_DELAY_MS, barriers.startDelayMs);
    const thread = this.#measureThread();
    writer.set(TaskGauge.HEAP_USED, thread.heapUsed);
    writer.set(TaskGauge.HEAP_COMMITTED, thread.heapCommitted);
    writer.set(TaskGauge.HEAP_MAX, thread.heapMax);
    writer.set(TaskGauge.GC_COUNT, thread.gcCount);
    writer.set(TaskGauge.GC_MS, thread.gcMs);
    writer.answer(this.#task.registry.registered);
  }
}
