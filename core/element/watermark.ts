/**
 * A watermark `t` says: no record with a timestamp <= t follows. Times are milliseconds since the epoch.
 * Flink's Long.MIN_VALUE and Long.MAX_VALUE are the ends of the safe integers.
 *
 * @example
 * ```ts
 * const begun = (watermark: number): boolean => watermark !== Watermark.MIN;
 * ```
 */
export const Watermark = {
  /** Before any event: nothing is known. */
  MIN: Number.MIN_SAFE_INTEGER,
  /** The end of event time: sent when bounded input ends; fires every event-time timer. */
  MAX: Number.MAX_SAFE_INTEGER,
} as const;

/** The timestamp of a record that has none, inside the engine; users see `undefined`. */
export const NO_TIMESTAMP: number = Number.MIN_SAFE_INTEGER;
