/**
 * How a step that cannot wait learns that something asynchronous has settled. `watch` registers a promise;
 * when it settles, exactly one of the callbacks runs later as a turn of the same task, never inside
 * `watch`, and never after the task has ended. The simulator draws the order in which settled promises
 * are delivered.
 */
export interface Completions {
  watch<T>(promise: Promise<T>, settled: (value: T) => void, failed: (error: unknown) => void): void;
}
