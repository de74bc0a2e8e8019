import type { Counter, MetricGroup } from '../../core/internal.js';

/** Counters and gauges of one task, by operator uid. */
export class TaskMetrics {
  readonly #groups = new Map<string, OperatorMetrics>();

  groupOf(uid: string): MetricGroup {
    let group = this.#groups.get(uid);
    if (group === undefined) {
      group = new OperatorMetrics();
      this.#groups.set(uid, group);
    }
    return group;
  }

  /** All present values, `<uid>.<name>`; gauges are read now. */
  read(): Record<string, number> {
    const values = this.#each(() => true);
    for (const [uid, group] of this.#groups) {
      for (const [name, read] of group.gauges) values[`${uid}.${name}`] = read();
    }
    return values;
  }

  /** The counters that have counted something, `<uid>.<name>`. */
  counters(): Record<string, number> {
    return this.#each((value) => value > 0);
  }

  #each(isWanted: (value: number) => boolean): Record<string, number> {
    const values: Record<string, number> = {};
    for (const [uid, group] of this.#groups) {
      for (const [name, { value }] of group.counters) if (isWanted(value)) values[`${uid}.${name}`] = value;
    }
    return values;
  }
}

class OperatorMetrics implements MetricGroup {
  readonly counters = new Map<string, TaskCounter>();
  readonly gauges = new Map<string, () => number>();

  counter(name: string): Counter {
    let counter = this.counters.get(name);
    if (counter === undefined) {
      counter = new TaskCounter();
      this.counters.set(name, counter);
    }
    return counter;
  }

  gauge(name: string, read: () => number): void {
    this.gauges.set(name, read);
  }
}

class TaskCounter implements Counter {
  value = 0;

  add(count: number): void {
    this.value += count;
  }
}
