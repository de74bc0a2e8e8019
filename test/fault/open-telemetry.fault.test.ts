import { type Attributes, type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api';
import { LocalCluster } from 'millrace';
import t from 'tap';
import measured from './jobs/measured.js';

const GIVE_UP_MS = 60_000;
const COUNT = 1000;

/** What was told to the providers of a program. */
class Told {
  /** Newest by name. */
  readonly gauges = new Map<string, { readonly value: number; readonly attributes: Attributes }>();
  /** Sums by name. */
  readonly counters = new Map<string, number>();
  readonly spans: { readonly name: string; readonly attributes: Attributes; readonly ms: number }[] = [];

  readonly meters = {
    getMeter: () => ({
      createGauge: (name: string) => ({
        record: (value: number, attributes: Attributes) => this.gauges.set(name, { value, attributes }),
      }),
      createUpDownCounter: (name: string) => ({
        add: (more: number) => this.counters.set(name, (this.counters.get(name) ?? 0) + more),
      }),
    }),
  } as unknown as MeterProvider;

  readonly tracers = {
    getTracer: () => ({
      startSpan: (
        name: string,
        { startTime, attributes }: { startTime: number; attributes: Attributes },
      ) => ({
        setStatus: () => undefined,
        end: (endMs: number) => void this.spans.push({ name, attributes, ms: endMs - startTime }),
      }),
    }),
  } as unknown as TracerProvider;
}

t.test('metrics and spans go to what the program has registered with OpenTelemetry', async (t) => {
  const told = new Told();
  const cluster = await LocalCluster.start({
    configuration: {
      'metrics.reporter.otel.interval': '20 ms',
      'execution.checkpointing.storage': 'jobmanager',
    },
    checkpointing: { interval: '50 ms' },
  });
  t.teardown(() => cluster.close());
  const { jobId } = await cluster.submit(measured, { count: COUNT });
  t.equal(told.counters.size, 0, 'nobody is told before there is somebody');
  metrics.setGlobalMeterProvider(told.meters);
  trace.setGlobalTracerProvider(told.tracers);
  t.teardown(() => {
    metrics.disable();
    trace.disable();
  });
  const seen = 'flink.taskmanager.job.task.operator.even.seen';
  const giveUpMs = performance.now() + GIVE_UP_MS;
  const isTold = (name: string): boolean => told.spans.some((span) => span.name === name);
  while (
    (told.counters.get(seen) !== COUNT / 2 || !isTold('Checkpoint') || !isTold('JobInitialization')) &&
    performance.now() < giveUpMs
  )
    await cluster.readMetrics({ type: 'job-manager' });
  t.equal(told.counters.get(seen), COUNT / 2, 'once, however often it is reported');
  t.match(told.gauges.get('flink.jobmanager.job.uptime')?.attributes, { job_id: jobId });
  t.ok(Number(told.gauges.get('flink.taskmanager.job.task.operator.sizes')?.value) >= 0);
  t.match(told.spans.find(({ name }) => name === 'Checkpoint')?.attributes, {
    jobId,
    checkpointStatus: 'COMPLETED',
  });
  const checkpoints = told.spans.filter(({ name }) => name === 'Checkpoint');
  t.equal(new Set(checkpoints.map(({ attributes }) => attributes.checkpointId)).size, checkpoints.length);
  t.equal(told.spans.filter(({ name }) => name === 'JobInitialization').length, 1);
});
