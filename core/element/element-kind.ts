/**
 * What travels in a channel, in order. The numbers are part of the channel format and never change.
 *
 * A channel carries: (record | watermark | status | barrier | latency marker)* end-of-data barrier* end-of-partition.
 * END_OF_DATA: no more records or watermarks, but barriers may follow (the final checkpoint).
 * END_OF_PARTITION: the producer has finished; nothing follows.
 */
export const ElementKind = {
  /** No element is there now. */
  NONE: 0,
  RECORD: 1,
  WATERMARK: 2,
  /** The channel went idle: it holds no watermark back until ACTIVE. */
  IDLE: 3,
  ACTIVE: 4,
  BARRIER: 5,
  END_OF_DATA: 6,
  END_OF_PARTITION: 7,
  /** Sent by a source at intervals, and handed on past user code: what it takes is how long a record waits. */
  LATENCY_MARKER: 8,
} as const;

export type ElementKind = (typeof ElementKind)[keyof typeof ElementKind];
