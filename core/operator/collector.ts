/** Takes the results of a user function, in order. Valid only while the function runs. */
export interface Collector<T> {
  collect(value: T): void;
}
