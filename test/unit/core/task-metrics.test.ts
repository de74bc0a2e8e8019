import t from 'tap';
import { HistogramWindow } from '../../../core/metrics/histogram-window.js';
import { HISTOGRAM_STATISTICS } from '../../../core/metrics/metric-descriptor.js';
import { TaskMetrics } from '../../../core/metrics/task-metrics.js';

function numbersOf(metrics: TaskMetrics): Record<string, number> {
  const values: Record<string, number> = {};
  for (const { descriptor, write } of metrics.registered) {
    const into = new Float64Array(HISTOGRAM_STATISTICS.length);
    write(into, 0);
    const groups = descriptor.groups.map(
      ({ name, value }) => `${name}${value === undefined ? '' : `=${value}`}/`,
    );
    values[`${descriptor.uid}:${groups.join('')}${descriptor.name}:${descriptor.kind}`] =
      into[0] ?? Number.NaN;
  }
  return values;
}

function statisticsOf(histogram: HistogramWindow): Record<string, number> {
  const into = new Float64Array(HISTOGRAM_STATISTICS.length);
  histogram.write(into, 0);
  return Object.fromEntries(HISTOGRAM_STATISTICS.map((name, index) => [name, into[index] ?? Number.NaN]));
}

t.test('the same name is the same metric, and its numbers are those of the moment', (t) => {
  const metrics = new TaskMetrics();
  const group = metrics.groupOf('op');
  group.counter('seen').inc();
  group.counter('seen').inc(4);
  group.counter('seen').dec();
  group.meter('events').markEvent(3);
  group.gauge('size', () => 1);
  group.gauge('size', () => 2);
  group.histogram('sizes').update(7);
  group.addGroup('topic', 'a').counter('read').add(9);
  group.addGroup('topic', 'a').counter('read').add(1);
  group.addGroup('inner').counter('read').add(5);
  metrics.measure('', 'gauge', 'engine', () => 8);
  t.strictSame(numbersOf(metrics), {
    'op:seen:counter': 4,
    'op:events:meter': 3,
    'op:size:gauge': 2,
    'op:sizes:histogram': 1,
    'op:topic=a/read:counter': 10,
    'op:inner/read:counter': 5,
    ':engine:gauge': 8,
  });
  t.strictSame(metrics.counters(), { 'op.seen': 4, 'op.topic.a.read': 10, 'op.inner.read': 5 });
  t.end();
});

t.test('names that cannot stand anywhere are refused', (t) => {
  const group = new TaskMetrics().groupOf('op');
  group.counter('seen');
  t.throws(() => group.gauge('seen', () => 1), { code: 'MR1001', message: /is a counter, and no gauge/ });
  t.throws(() => group.counter(''), { code: 'MR1001' });
  t.throws(() => group.counter('a\nb'), { code: 'MR1001' });
  t.throws(() => group.addGroup('x'.repeat(256)), { code: 'MR1001' });
  t.throws(() => group.histogram('h', { windowSize: 0 }), { code: 'MR1001', message: /1 to 65536/ });
  t.end();
});

t.test('a histogram tells of its last values', (t) => {
  const histogram = new HistogramWindow(100);
  t.strictSame(statisticsOf(histogram), Object.fromEntries(HISTOGRAM_STATISTICS.map((name) => [name, 0])));
  for (let i = 1; i <= 1000; i++) histogram.update(i);
  const { count, min, max, mean, stddev, p50, p75, p99, p999 } = statisticsOf(histogram);
  t.strictSame([count, min, max, mean, p50, p75], [1000, 901, 1000, 950.5, 950.5, 975.75]);
  t.ok(Math.abs((stddev ?? 0) - 29.0115) < 0.001);
  t.ok(Math.abs((p99 ?? 0) - 999.99) < 1e-9);
  t.equal(p999, 1000);
  t.end();
});
