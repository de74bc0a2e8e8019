import type { Collector } from './collector.js';

/**
 * What user functions have in common: they are synchronous, called on the thread of their subtask, never two
 * at a time, and must not change the records they are given, which others may hold too.
 */

/** One result for each record. */
export type MapFunction<T, R> = (value: T) => R;

/** True to keep the record. */
export type FilterFunction<T> = (value: T) => boolean;

/**
 * Any number of results for each record; they get its timestamp.
 *
 * @example
 * ```ts
 * const split: FlatMapFunction<string, string> = (line, out) => {
 *   for (const word of line.split(' ')) out.collect(word);
 * };
 * ```
 */
export type FlatMapFunction<T, R> = (value: T, out: Collector<R>) => void;

/** The key of a record; asked on both sides of the exchange, it must give the same key each time. */
export type KeySelector<T, K> = (value: T) => K;
