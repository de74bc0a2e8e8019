import type { Sink, SinkWriter } from '../../core/internal.js';

/** A record as it came out. */
export interface OutputRecord<T> {
  readonly value: T;
  /** Event time, ms; undefined where the record has none. */
  readonly timestamp: number | undefined;
}

/** What has come out at one place and was not taken yet, in order. */
export class HarnessOutlet {
  #records: OutputRecord<unknown>[] = [];
  #watermarks: number[] = [];

  addRecord(value: unknown, timestamp: number | undefined): void {
    this.#records.push({ value, timestamp });
  }

  addWatermark(timestamp: number): void {
    this.#watermarks.push(timestamp);
  }

  takeRecords(): OutputRecord<unknown>[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  takeWatermarks(): number[] {
    const watermarks = this.#watermarks;
    this.#watermarks = [];
    return watermarks;
  }
}

/** Shows at once what is written to it. */
export class HarnessSink<T> implements Sink<T, never, never> {
  readonly parallelism = 1;
  readonly #outlet: HarnessOutlet;

  constructor(outlet: HarnessOutlet) {
    this.#outlet = outlet;
  }

  createWriter(): SinkWriter<T, never, never> {
    const outlet = this.#outlet;
    return {
      write: (value, { timestamp }) => outlet.addRecord(value, timestamp),
      writeWatermark: (timestamp) => outlet.addWatermark(timestamp),
      flush: () => {},
    };
  }
}
