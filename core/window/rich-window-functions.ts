import type { Collector } from '../operator/collector.js';
import type { KeyedRuntimeContext } from '../operator/keyed-process-function.js';
import type { RichFunction } from '../operator/rich-function.js';
import type { TimeWindow } from './time-window.js';

/** Makes results of all records of a window of a key. */
export type WindowApply<K, IN, OUT> = (
  key: K,
  window: TimeWindow,
  elements: readonly IN[],
  out: Collector<OUT>,
) => void;

/** A {@link WindowApply} with a life; its state is that of the key, which no window ends. */
export interface RichWindowFunction<K, IN, OUT> extends RichFunction<KeyedRuntimeContext> {
  apply(key: K, window: TimeWindow, elements: readonly IN[], out: Collector<OUT>): void;
}

/** Makes results of all records of a window of a whole stream. */
export type AllWindowApply<IN, OUT> = (
  window: TimeWindow,
  elements: readonly IN[],
  out: Collector<OUT>,
) => void;

/** An {@link AllWindowApply} with a life. */
export interface RichAllWindowFunction<IN, OUT> extends RichFunction<KeyedRuntimeContext> {
  apply(window: TimeWindow, elements: readonly IN[], out: Collector<OUT>): void;
}
