import type { Sink, SinkWriter } from './sink.js';

/**
 * Takes records and forgets them.
 *
 * @example
 * ```ts
 * stream.sinkTo(new DiscardingSink(), 'nowhere');
 * ```
 */
export class DiscardingSink<T> implements Sink<T, never, never> {
  createWriter(): SinkWriter<T, never, never> {
    return { write: () => {}, flush: () => {} };
  }
}
