import { MillraceError } from '../base/millrace-error.js';
import type {
  Counter,
  Meter,
  MetricGroup,
  MetricHistogram,
  MetricHistogramOptions,
} from '../ports/metrics.js';
import { HistogramWindow } from './histogram-window.js';
import {
  type MetricDescriptor,
  type MetricGroupName,
  type MetricKind,
  metricPath,
} from './metric-descriptor.js';

/** A metric of a task together with the way to its numbers. */
export interface RegisteredMetric {
  readonly descriptor: MetricDescriptor;
  /** Writes as many numbers as its kind has, from `at` on; it may run user code, and throw. On the task's thread. */
  write(into: Float64Array, at: number): void;
}

const NAME_MAX = 255;

/**
 * The metrics of one task: what its operators register by their groups, and what the engine measures of them.
 *
 * Invariants: a name of a group stands for one metric; the order of {@link registered} is that of registration,
 * and nothing leaves it.
 */
export class TaskMetrics {
  readonly #groups = new Map<string, OperatorMetricGroup>();
  readonly #registered: RegisteredMetric[] = [];

  /** `uid` as of {@link MetricDescriptor}. */
  groupOf(uid: string): MetricGroup {
    let group = this.#groups.get(uid);
    if (group === undefined) {
      group = new OperatorMetricGroup(this.#registered, uid, []);
      this.#groups.set(uid, group);
    }
    return group;
  }

  /** What the engine knows without counting; `uid` as of {@link MetricDescriptor}. */
  measure(uid: string, kind: 'counter' | 'gauge', name: string, read: () => number): void {
    this.#registered.push({
      descriptor: { uid, groups: [], name, kind },
      write: (into, at) => {
        into[at] = read();
      },
    });
  }

  /** All of them, of both kinds. */
  get registered(): readonly RegisteredMetric[] {
    return this.#registered;
  }

  /** The present values of what operators have registered, `<uid>.<name>`; gauges are read now. */
  read(): Record<string, number> {
    const values: Record<string, number> = {};
    for (const group of this.#groups.values()) {
      for (const [name, metric] of group.entries()) {
        if (metric instanceof TaskCounter) values[name] = metric.value;
        else if (metric instanceof TaskGauge) values[name] = metric.read();
      }
    }
    return values;
  }

  /** The counters that have counted something, `<uid>.<name>`. */
  counters(): Record<string, number> {
    const values: Record<string, number> = {};
    for (const group of this.#groups.values()) {
      for (const [name, metric] of group.entries()) {
        if (metric instanceof TaskCounter && metric.value > 0) values[name] = metric.value;
      }
    }
    return values;
  }
}

interface NamedMetric {
  readonly kind: MetricKind;
  write(into: Float64Array, at: number): void;
}

class OperatorMetricGroup implements MetricGroup {
  readonly #registered: RegisteredMetric[];
  readonly #uid: string;
  readonly #path: readonly MetricGroupName[];
  readonly #metrics = new Map<string, NamedMetric>();
  readonly #groups = new Map<string, OperatorMetricGroup>();

  constructor(registered: RegisteredMetric[], uid: string, path: readonly MetricGroupName[]) {
    this.#registered = registered;
    this.#uid = uid;
    this.#path = path;
  }

  counter(name: string): Counter {
    const metric = this.#metric(name, 'counter', () => new TaskCounter());
    return metric as TaskCounter;
  }

  gauge(name: string, read: () => number): void {
    const metric = this.#metric(name, 'gauge', () => new TaskGauge(read)) as TaskGauge;
    metric.read = read;
  }

  meter(name: string): Meter {
    return this.#metric(name, 'meter', () => new TaskMeter()) as TaskMeter;
  }

  histogram(name: string, { windowSize }: MetricHistogramOptions = {}): MetricHistogram {
    return (this.#metric(name, 'histogram', () => new TaskHistogram(windowSize)) as TaskHistogram).window;
  }

  addGroup(name: string, value?: string): MetricGroup {
    checkName(name);
    if (value !== undefined) checkName(value);
    const key = JSON.stringify([name, value]);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new OperatorMetricGroup(this.#registered, this.#uid, [...this.#path, { name, value }]);
      this.#groups.set(key, group);
    }
    return group;
  }

  /** By `<uid>.<name>`, those of the groups below too. */
  *entries(): Iterable<readonly [string, NamedMetric]> {
    for (const [name, metric] of this.#metrics) {
      yield [`${this.#uid}.${metricPath({ groups: this.#path, name })}`, metric];
    }
    for (const group of this.#groups.values()) yield* group.entries();
  }

  #metric(name: string, kind: MetricKind, make: () => NamedMetric): NamedMetric {
    const known = this.#metrics.get(name);
    if (known !== undefined) {
      if (known.kind === kind) return known;
      throw new MillraceError('MR1001', `The metric '${name}' is a ${known.kind}, and no ${kind}.`, {
        where: { uid: this.#uid },
        hint: 'Give one of them another name, or a group of its own.',
      });
    }
    checkName(name);
    const metric = make();
    this.#metrics.set(name, metric);
    const descriptor = { uid: this.#uid, groups: this.#path, name, kind };
    this.#registered.push({ descriptor, write: (into, at) => metric.write(into, at) });
    return metric;
  }
}

/** @throws MillraceError MR1001 */
function checkName(name: unknown): void {
  if (typeof name === 'string' && name.length > 0 && name.length <= NAME_MAX && !/\p{Cc}/u.test(name)) return;
  throw new MillraceError('MR1001', `${JSON.stringify(name) ?? String(name)} is no name for a metric.`, {
    hint: `A name has 1 to ${NAME_MAX} characters, and no control characters among them.`,
  });
}

class TaskCounter implements Counter, NamedMetric {
  readonly kind = 'counter';
  value = 0;

  add(count: number): void {
    this.value += count;
  }

  inc(count = 1): void {
    this.value += count;
  }

  dec(count = 1): void {
    this.value -= count;
  }

  write(into: Float64Array, at: number): void {
    into[at] = this.value;
  }
}

class TaskGauge implements NamedMetric {
  readonly kind = 'gauge';
  read: () => number;

  constructor(read: () => number) {
    this.read = read;
  }

  write(into: Float64Array, at: number): void {
    into[at] = Number(this.read());
  }
}

class TaskMeter implements Meter, NamedMetric {
  readonly kind = 'meter';
  count = 0;

  markEvent(events = 1): void {
    this.count += events;
  }

  write(into: Float64Array, at: number): void {
    into[at] = this.count;
  }
}

class TaskHistogram implements NamedMetric {
  readonly kind = 'histogram';
  readonly window: HistogramWindow;

  constructor(windowSize: number | undefined) {
    this.window = new HistogramWindow(windowSize);
  }

  write(into: Float64Array, at: number): void {
    this.window.write(into, at);
  }
}
