import fc from 'fast-check';
import t from 'tap';
import type { MetricDescriptor, RegisteredMetric } from '../../core/internal.js';
import { HISTOGRAM_STATISTICS, numbersOf } from '../../core/metrics/metric-descriptor.js';
import {
  createTaskMetrics,
  TaskActivity,
  TaskGauge,
  TaskMetricReader,
  TaskMetricWriter,
} from '../../memory/index.js';
import { check } from '../check.js';

const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
const descriptor: fc.Arbitrary<MetricDescriptor> = fc.record(
  {
    uid: fc.oneof(fc.constant(''), name),
    groups: fc.array(
      fc.record({ name, value: fc.option(name, { nil: undefined }) }, { noNullPrototype: true }),
      { maxLength: 3 },
    ),
    name,
    kind: fc.constantFrom('counter', 'gauge', 'meter', 'histogram'),
  },
  { noNullPrototype: true },
);

/** A metric whose numbers are `value`, `value + 1`, ... */
function metricOf(described: MetricDescriptor, value: () => number): RegisteredMetric {
  return {
    descriptor: described,
    write: (into, at) => {
      for (let i = 0; i < numbersOf(described.kind); i++) into[at + i] = value() + i;
    },
  };
}

t.test('what a task does is in its times while it lasts, and not after its end', async (t) => {
  const memory = createTaskMetrics();
  const writer = new TaskMetricWriter(memory);
  const reader = new TaskMetricReader(memory);
  t.strictSame(reader.times(500), { busyMs: 0, idleMs: 0, backPressuredMs: 0 }, 'it has not begun');
  writer.set(TaskGauge.BUSY_MS, 10);
  writer.set(TaskGauge.IDLE_MS, 20);
  writer.set(TaskGauge.BACK_PRESSURED_MS, 30);
  writer.set(TaskGauge.SINCE_MS, 100);
  writer.set(TaskGauge.ACTIVITY, TaskActivity.BACK_PRESSURED);
  t.strictSame(reader.times(105), { busyMs: 10, idleMs: 20, backPressuredMs: 35 });
  t.strictSame(reader.times(undefined), { busyMs: 10, idleMs: 20, backPressuredMs: 30 });
  writer.set(TaskGauge.ACTIVITY, TaskActivity.IDLE);
  t.strictSame(reader.times(99), { busyMs: 10, idleMs: 20, backPressuredMs: 30 }, 'time does not go back');
  writer.set(TaskGauge.ACTIVITY, TaskActivity.BUSY);
  t.strictSame(reader.times(200), { busyMs: 110, idleMs: 20, backPressuredMs: 30 });
  writer.set(TaskGauge.ACTIVITY, TaskActivity.NONE);
  t.strictSame(reader.times(1e9), { busyMs: 10, idleMs: 20, backPressuredMs: 30 });
});

t.test('what a task registers and counts is what others read, whenever they look', async (t) => {
  await check(
    'task metrics in shared memory',
    fc.property(fc.array(fc.array(descriptor, { maxLength: 8 }), { maxLength: 6 }), (rounds) => {
      const memory = createTaskMetrics();
      const writer = new TaskMetricWriter(memory);
      const readers = [new TaskMetricReader(memory)];
      const registered: RegisteredMetric[] = [];
      let value = 0;
      for (const added of rounds) {
        for (const described of added) registered.push(metricOf(described, () => value));
        value += 1000;
        const reader = new TaskMetricReader(memory);
        readers.push(reader);
        const asked = reader.ask();
        t.ok(writer.isAsked);
        t.notOk(reader.hasAnswered(asked));
        writer.set(TaskGauge.RECORDS, value);
        writer.answer(registered);
        t.notOk(writer.isAsked);
        for (const each of readers) {
          t.ok(each.hasAnswered(asked));
          t.equal(each.get(TaskGauge.RECORDS), value);
          const expected = registered.map((metric) => ({
            descriptor: metric.descriptor,
            numbers: Array.from({ length: numbersOf(metric.descriptor.kind) }, (_, i) => value + i),
          }));
          t.strictSame(each.metrics(), expected);
        }
      }
    }),
    { runs: 50 },
  );
});

t.test('metrics without room are left out and counted, and one that throws keeps its numbers', (t) => {
  const memory = createTaskMetrics();
  const writer = new TaskMetricWriter(memory);
  const reader = new TaskMetricReader(memory);
  let breaks = false;
  const gauge = metricOf({ uid: 'a', groups: [], name: 'gauge', kind: 'gauge' }, () => {
    if (breaks) throw new Error('no number now');
    return 5;
  });
  const many = Array.from({ length: 300 }, (_, i) =>
    metricOf({ uid: 'a', groups: [], name: `h${i}`, kind: 'histogram' }, () => i),
  );
  writer.answer([gauge, ...many]);
  breaks = true;
  writer.answer([gauge, ...many]);
  const kept = Math.floor((2048 - 1) / HISTOGRAM_STATISTICS.length);
  t.equal(reader.metrics().length, kept + 1);
  t.strictSame(reader.metrics()[0]?.numbers, [5]);
  t.equal(reader.get(TaskGauge.METRICS_LEFT_OUT), 300 - kept);
  t.end();
});
