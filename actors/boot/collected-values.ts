import type { DataReport } from '../../core/internal.js';

/**
 * What the collecting sinks of a job have brought back and nobody has taken yet.
 *
 * Invariant: the values of one number of one writer of a sink are taken in once, however often a restarted
 * task commits them.
 */
export class CollectedValues {
  readonly #seen = new Map<string, number>();
  #values: unknown[] = [];

  add(report: Extract<DataReport, { type: 'collected' }>): void {
    const writer = `${report.uid}/${report.writer}`;
    if (report.sequence <= (this.#seen.get(writer) ?? 0)) return;
    this.#seen.set(writer, report.sequence);
    for (const value of report.values) this.#values.push(value);
  }

  take(): readonly unknown[] {
    const values = this.#values;
    this.#values = [];
    return values;
  }
}
