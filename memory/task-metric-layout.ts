/**
 * The metrics of one task in shared memory: written by the task, read by anybody who has the handle.
 *
 * ```
 *   byte 0       +----------------------------------------+
 *                | int32 version                          |
 *                | int32 asked      counted up by readers |
 *                | int32 answered   by the task           |
 *                | int32 described  bytes of the text     |
 *   byte 128     +----------------------------------------+
 *                | float64 × 32     by TaskGauge          |
 *   byte 384     +----------------------------------------+
 *                | float64 × 2048   numbers of metrics    |
 *                +----------------------------------------+
 *                | 128 KiB of text  a line a metric       |
 *                +----------------------------------------+
 * ```
 *
 * A line of the text is a `MetricDescriptor`; the numbers of the metrics follow one another in the order of the
 * lines, as many for each as its kind has. The text only grows. What was never written takes no memory.
 *
 * Numbers are single words: one is never seen half written, but those beside it may be of another moment. Those of
 * {@link TaskGauge} up to BACK_PRESSURED_MS, and what the task does and since when, are written at every beat of the
 * task and around its sleeps, all others when they are asked for: `answered` follows `asked`.
 */
export const METRIC_FORMAT = 1;

export const MetricWord = { VERSION: 0, ASKED: 1, ANSWERED: 2, DESCRIBED: 3 } as const;

export const GAUGES_OFFSET = 128;
export const GAUGES = 32;
export const NUMBERS_OFFSET = GAUGES_OFFSET + GAUGES * 8;
export const NUMBERS = 2048;
export const TEXT_OFFSET = NUMBERS_OFFSET + NUMBERS * 8;
export const TEXT_BYTES = 128 * 1024;
export const METRIC_BYTES = TEXT_OFFSET + TEXT_BYTES;

/** What the engine knows of every task. */
export const TaskGauge = {
  /** Records taken from channels; of a source, records emitted. */
  RECORDS: 0,
  /** Of the inputs; of a source, what it has sent. */
  WATERMARK: 1,
  /** Time since the start, ms, by what the task did. */
  BUSY_MS: 2,
  IDLE_MS: 3,
  BACK_PRESSURED_MS: 4,
  /** Records written to edges. */
  RECORDS_OUT: 5,
  BYTES_IN: 6,
  BYTES_OUT: 7,
  /** Segments that were taken up, and shown to consumers. */
  BUFFERS_IN: 8,
  BUFFERS_OUT: 9,
  /** Segments in the channels, unread; and their share of what the rings hold. */
  INPUT_QUEUE_LENGTH: 10,
  IN_POOL_USAGE: 11,
  /** Segments of the outputs in use, and their share of those that there are. */
  OUTPUT_QUEUE_LENGTH: 12,
  OUT_POOL_USAGE: 13,
  /** Of the thread, bytes. */
  HEAP_USED: 14,
  HEAP_COMMITTED: 15,
  HEAP_MAX: 16,
  /** Collections of garbage in the thread since somebody asked first, and how long they took, ms. */
  GC_COUNT: 17,
  GC_MS: 18,
  /** Metrics for which there was no room. */
  METRICS_LEFT_OUT: 19,
  /** A {@link TaskActivity}, and since when, on the process's monotonic clock, ms: the time after it is in no sum. */
  ACTIVITY: 20,
  SINCE_MS: 21,
  /** Number of the thread in the process; 0: there is none yet. */
  THREAD_ID: 22,
  /** Of the newest checkpoint, ms: how long its barriers are waited for, and how long the first one was on its way. */
  ALIGNMENT_MS: 23,
  START_DELAY_MS: 24,
} as const;

export type TaskGauge = (typeof TaskGauge)[keyof typeof TaskGauge];

/** What a task does. NONE: it has not begun, or it has ended. */
export const TaskActivity = { NONE: 0, BUSY: 1, IDLE: 2, BACK_PRESSURED: 3 } as const;

export type TaskActivity = (typeof TaskActivity)[keyof typeof TaskActivity];
