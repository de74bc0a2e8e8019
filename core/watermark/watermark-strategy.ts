import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { BoundedOutOfOrdernessWatermarks } from './bounded-out-of-orderness-watermarks.js';
import type { WatermarkAlignmentParams } from './watermark-alignment.js';
import type { WatermarkGenerator } from './watermark-generator.js';

/** Event time of a record in ms; `recordTimestamp` is what it had before, if anything. Synchronous. */
export type TimestampAssigner<T> = (element: T, recordTimestamp: number | undefined) => number;

/**
 * How records get their timestamps, and how far event time has come. Immutable: each `with...` gives a new
 * strategy.
 *
 * @example
 * ```ts
 * WatermarkStrategy.forBoundedOutOfOrderness<Flight>('29 h')
 *   .withTimestampAssigner((flight) => flight.time)
 *   .withIdleness('1 min');
 * ```
 */
export class WatermarkStrategy<T> {
  /** Undefined where no watermarks are made. */
  readonly createGenerator: (() => WatermarkGenerator<T>) | undefined;
  /** Undefined: a record keeps the timestamp that the source gave it. */
  readonly timestampAssigner: TimestampAssigner<T> | undefined;
  /** Time without a record after which the stream is idle, ms. */
  readonly idlenessMs: number | undefined;
  /** Undefined: it waits for no other source. */
  readonly alignment: WatermarkAlignmentParams | undefined;
  /** Of a batch: nothing is told of event time but its end, whatever the source says. */
  readonly isTimeless: boolean;

  private constructor(
    createGenerator: (() => WatermarkGenerator<T>) | undefined,
    timestampAssigner?: TimestampAssigner<T>,
    idlenessMs?: number,
    alignment?: WatermarkAlignmentParams,
    isTimeless = false,
  ) {
    this.createGenerator = createGenerator;
    this.timestampAssigner = timestampAssigner;
    this.idlenessMs = idlenessMs;
    this.alignment = alignment;
    this.isTimeless = isTimeless;
  }

  /** The same timestamps, and no watermark before the end: event time of bounded input that is run as a batch. */
  withoutWatermarks(): WatermarkStrategy<T> {
    return new WatermarkStrategy<T>(undefined, this.timestampAssigner, undefined, undefined, true);
  }

  /** Timestamps never decrease within a subtask: the watermark follows the newest one. */
  static forMonotonousTimestamps<T>(): WatermarkStrategy<T> {
    return new WatermarkStrategy(() => new BoundedOutOfOrdernessWatermarks<T>(0));
  }

  /**
   * Records may be up to `bound` older than the newest one seen.
   *
   * @throws MillraceError MR1001 if the bound is negative
   */
  static forBoundedOutOfOrderness<T>(bound: Duration): WatermarkStrategy<T> {
    const boundMs = durationMs(bound, 'bound of disorder');
    if (boundMs < 0)
      throw new MillraceError('MR1001', `The bound of disorder is ${boundMs} ms, which is negative.`);
    return new WatermarkStrategy(() => new BoundedOutOfOrdernessWatermarks<T>(boundMs));
  }

  /** No watermarks, for streams that need no event time. It comes to its end when bounded input does. */
  static noWatermarks<T>(): WatermarkStrategy<T> {
    return new WatermarkStrategy<T>(undefined);
  }

  /**
   * A generator of one's own; `create` is called once for each subtask.
   *
   * @example
   * ```ts
   * // A watermark for each record that says that its day is over.
   * const strategy = WatermarkStrategy.forGenerator<{ endOf?: number }>(() => ({
   *   onEvent(event, _timestamp, output) {
   *     if (event.endOf !== undefined) output.emitWatermark(event.endOf);
   *   },
   * }));
   * ```
   */
  static forGenerator<T>(create: () => WatermarkGenerator<T>): WatermarkStrategy<T> {
    if (typeof create !== 'function') {
      throw new MillraceError(
        'MR1001',
        'WatermarkStrategy.forGenerator takes a function that makes a generator.',
      );
    }
    return new WatermarkStrategy(create);
  }

  /**
   * Takes the timestamp from the record: ms since the epoch. It overrides what the source says.
   *
   * @example
   * ```ts
   * WatermarkStrategy.forMonotonousTimestamps<Click>().withTimestampAssigner((click) => click.time);
   * ```
   */
  withTimestampAssigner(assigner: TimestampAssigner<T>): WatermarkStrategy<T> {
    if (typeof assigner !== 'function') {
      throw new MillraceError('MR1001', 'A timestamp assigner is a function from a record to milliseconds.');
    }
    return new WatermarkStrategy(this.createGenerator, assigner, this.idlenessMs, this.alignment);
  }

  /**
   * A subtask that has seen no record for `timeout` holds the watermark of its consumers back no longer.
   *
   * @throws MillraceError MR1001 if the timeout is not positive
   *
   * @example
   * ```ts
   * WatermarkStrategy.forBoundedOutOfOrderness<Click>('5 s').withIdleness('1 min');
   * ```
   */
  withIdleness(timeout: Duration): WatermarkStrategy<T> {
    const timeoutMs = durationMs(timeout, 'idleness timeout');
    if (timeoutMs <= 0)
      throw new MillraceError('MR1001', `The idleness timeout is ${timeoutMs} ms; it must be positive.`);
    return new WatermarkStrategy(this.createGenerator, this.timestampAssigner, timeoutMs, this.alignment);
  }

  /**
   * Sources of one group advance together: a subtask of a source, or a split that it reads, rests while it is
   * more than `maxDrift` ahead of the least watermark of the group. Each tells its own every `updateInterval`;
   * idle and finished ones hold nobody back. Watermarks are looked at as they are emitted, so that what is
   * read between two of them comes on top of the drift.
   *
   * @example
   * ```ts
   * const aligned = WatermarkStrategy.forMonotonousTimestamps<Click>()
   *   .withTimestampAssigner((click) => click.time)
   *   .withWatermarkAlignment('clicks and orders', '20 s');
   * ```
   *
   * @throws MillraceError MR1001 if the group has no name, the drift is negative, or the interval not positive
   */
  withWatermarkAlignment(
    group: string,
    maxDrift: Duration,
    updateInterval: Duration = '1 s',
  ): WatermarkStrategy<T> {
    const maxDriftMs = durationMs(maxDrift, 'drift of an alignment group');
    const updateIntervalMs = durationMs(updateInterval, 'update interval of an alignment group');
    if (typeof group !== 'string' || group === '' || maxDriftMs < 0 || updateIntervalMs <= 0) {
      throw new MillraceError(
        'MR1001',
        `Watermark alignment of group ${JSON.stringify(group)}, drift ${maxDriftMs} ms, interval ${updateIntervalMs} ms.`,
        { hint: 'Give the group a name, a drift of at least 0, and a positive interval.' },
      );
    }
    const alignment = { group, maxDriftMs, updateIntervalMs };
    return new WatermarkStrategy(this.createGenerator, this.timestampAssigner, this.idlenessMs, alignment);
  }
}
