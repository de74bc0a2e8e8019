import { isDeepStrictEqual } from 'node:util';
import type { StreamTask } from '../../../actors/task/stream-task.js';
import {
  descriptorOf,
  descriptorText,
  JobSpans,
  type JobView,
  jobReadings,
  MetricRates,
  metricValues,
  numbersOf,
  operatorReadings,
  prometheusText,
  Redaction,
  type ScopedReadings,
  type TaskNumbers,
  type TaskScope,
  taskReadings,
  telemetryPoints,
} from '../../../core/internal.js';
import type { MetricReading } from '../../../core/metrics/metric-reading.js';
import type { DescribedNumbers } from '../../../core/metrics/task-readings.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import type { SeenAt, SeenJob } from '../world-watcher.js';

/** What an operator may register, each record once: see topology/measured-events.ts. */
const SEEN = 'seen';
const SAMPLE = /^[a-zA-Z_][a-zA-Z0-9_]*\{.*\} (NaN|[+-]Inf|-?\d[\d.e+-]*)$/;
const RATES_WINDOW_MS = 5;
/** Stands in what failures say, and is nobody's business. */
const SECRET = 'killed';

/**
 * Reads the metrics of jobs as those who ask for them do. They must agree with what tasks have taken, with each
 * other, and in all forms in which they are told.
 *
 * Invariant: of one task no count goes down.
 */
export class MetricChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #rates = new MetricRates(RATES_WINDOW_MS);
  readonly #spans = new Map<number, JobSpans>();
  readonly #told = new Set<string>();
  readonly #counts = new WeakMap<StreamTask, number>();
  readonly #redaction = new Redaction([SECRET]);

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onJobSeen(job: SeenJob, at: SeenAt): void {
    const scopes = this.#scopesOf(job, at);
    this.#rates.mark(at.monotonicMs);
    this.#checkTexts(scopes);
    this.#checkFailures(job.view);
    this.#checkSpans(job);
  }

  #scopesOf({ view, tasks }: SeenJob, at: SeenAt): ScopedReadings[] {
    const details = view.details();
    const { jobId, jobName, graph } = details;
    const readings = jobReadings(details, view.status().checkpoints, view.checkpoints(), at.wallMs);
    this.#checkJob(view, readings, at);
    const scopes: ScopedReadings[] = [{ scope: { type: 'job', jobId, jobName }, readings }];
    for (const { address, task } of tasks) {
      const { vertexId, subtask, attempt } = address;
      const vertex = graph.vertices[vertexId];
      const taskManagerId = `taskmanager-${subtask % 2}`;
      const taskName = vertex?.name ?? '';
      const scope: TaskScope = {
        type: 'task',
        jobId,
        jobName,
        vertexId,
        taskName,
        subtask,
        attempt,
        taskManagerId,
      };
      const key = `${jobId}/${attempt}/${vertexId}/${subtask}/`;
      const rateOf = (name: string, count: number): number =>
        this.#rates.perSecond(key + name, count, 0, at.monotonicMs);
      const names = {
        operatorName: (uid: string) => vertex?.operators.find((one) => one.uid === uid)?.name ?? uid,
        sourceUid: (id: number) => graph.vertices[id]?.uid ?? String(id),
      };
      const own = { scope, readings: taskReadings(numbersOfTask(task), rateOf) };
      const ofOperators = operatorReadings(scope, this.#registered(task), names, rateOf);
      this.#checkTask(own, ofOperators, task);
      scopes.push(own, ...ofOperators);
    }
    return scopes;
  }

  /** As a task puts them into shared memory. */
  #registered({ registry }: StreamTask): DescribedNumbers[] {
    return registry.registered.map(({ descriptor, write }) => {
      const numbers = new Float64Array(numbersOf(descriptor.kind));
      write(numbers, 0);
      const told = descriptorOf(descriptorText(descriptor));
      this.#verdict.check(
        isDeepStrictEqual(told, descriptor),
        () => `The metric ${descriptorText(descriptor)} is told as ${descriptorText(told)}.`,
      );
      return { descriptor: told, numbers: [...numbers] };
    });
  }

  #checkJob(view: JobView, readings: readonly MetricReading[], { completed }: SeenAt): void {
    const { restarts, status } = view.details();
    const { checkpoints } = view.status();
    const own = metricOf(readings, 'numberOfCompletedCheckpoints') ?? 0;
    this.#verdict.check(
      own === checkpoints.completed && own <= completed && metricOf(readings, 'numRestarts') === restarts,
      () => `A job tells of ${own} checkpoints after ${completed}, and restarts ${restarts} times.`,
    );
    const inStates = readings.filter(
      ({ name, value }) => name !== 'deployingState' && /^[a-z]+State$/.test(name) && value === 1,
    );
    this.#verdict.check(
      inStates.length <= 1,
      () => `A job that is ${status} is in ${inStates.length} states.`,
    );
  }

  #checkTask(own: ScopedReadings, operators: readonly ScopedReadings[], task: StreamTask): void {
    const { records } = task;
    const before = this.#counts.get(task) ?? 0;
    this.#counts.set(task, records);
    this.#verdict.check(
      records >= before && metricOf(own.readings, 'numRecordsIn') === records,
      () => `A task has taken ${records} records, and ${before} before.`,
    );
    for (const { readings } of [own, ...operators])
      for (const { name, value } of readings)
        this.#verdict.check(
          !name.endsWith('PerSecond') || Number(value) >= 0,
          () => `There are ${value} of ${name}.`,
        );
    if (task.phase !== 'running') return;
    for (const { readings } of operators) this.#checkOperator(readings);
  }

  #checkOperator(readings: readonly MetricReading[]): void {
    const seen = metricOf(readings, SEEN);
    if (seen === undefined) return;
    const came = metricOf(readings, 'numRecordsIn');
    const { statistics } = readings.find(({ kind }) => kind === 'histogram') ?? {};
    const byKind = readings
      .filter(({ groups, kind }) => groups.length > 0 && kind === 'counter')
      .reduce((sum, { value }) => sum + Number(value), 0);
    this.#verdict.check(
      seen === came && byKind === seen && statistics?.count === seen,
      () =>
        `An operator has seen ${seen} records of ${came}, ${byKind} by kind, ${statistics?.count} measured.`,
    );
    const { min = 0, p50 = 0, p99 = 0, max = 0, mean = 0 } = statistics ?? {};
    this.#verdict.check(
      min <= p50 && p50 <= p99 && p99 <= max && min <= mean && mean <= max,
      () => `Of a histogram ${min} is the least, ${p50} the middle, ${p99} near the greatest, ${max}.`,
    );
  }

  /** The same numbers in the form of each reporter. */
  #checkTexts(scopes: readonly ScopedReadings[]): void {
    const lines = prometheusText(scopes, 'host').trimEnd().split('\n');
    const samples = lines.filter((line) => !line.startsWith('#'));
    const names = new Set(samples.map((line) => line.slice(0, line.lastIndexOf(' '))));
    this.#verdict.check(
      names.size === samples.length,
      () => `Of ${samples.length} samples ${names.size} have other names than the others.`,
    );
    for (const line of samples) this.#verdict.check(SAMPLE.test(line), () => `'${line}' is no sample.`);
    const points = telemetryPoints(scopes, 'host').length;
    const numbers = scopes
      .flatMap(({ readings }) => readings)
      .reduce((sum, reading) => sum + pointsOf(reading), 0);
    this.#verdict.check(points === numbers, () => `Of ${numbers} numbers ${points} are points.`);
    for (const { scope, readings } of scopes) {
      if (scope.type !== 'task') continue;
      const { jobId, vertexId, subtask } = scope;
      const values = metricValues(scopes, { type: 'vertex', jobId, vertexId });
      const told = values.find(({ id }) => id === `${subtask}.numRecordsIn`)?.value;
      this.#verdict.check(
        told === metricOf(readings, 'numRecordsIn'),
        () => `A task is told to have taken ${told} records.`,
      );
    }
  }

  #checkFailures(view: JobView): void {
    const failures = view.failures().map((failure) => this.#redaction.failure(failure));
    const history = view.checkpoints();
    const told = JSON.stringify([
      failures,
      history && this.#redaction.checkpoints(history),
      this.#redaction.fields({ failures, password: SECRET, error: new Error(SECRET, { cause: failures }) }),
    ]);
    this.#verdict.check(!told.includes(SECRET), () => 'What is secret is told.');
  }

  #checkSpans({ process, view }: SeenJob): void {
    const spans = this.#spans.get(process) ?? new JobSpans();
    this.#spans.set(process, spans);
    for (const { name, attributes } of spans.collect(view.details(), view.checkpoints())) {
      const told = `${process} ${name} ${attributes.attempt ?? attributes.checkpointId}`;
      this.#verdict.check(!this.#told.has(told), () => `The span ${told} is told twice.`);
      this.#told.add(told);
    }
  }
}

function metricOf(readings: readonly MetricReading[], metric: string): number | undefined {
  const reading = readings.find(({ groups, name }) => groups.length === 0 && name === metric);
  return reading === undefined ? undefined : Number(reading.value);
}

function pointsOf({ statistics, value }: MetricReading): number {
  if (statistics !== undefined) return Object.keys(statistics).length;
  return typeof value === 'number' && Number.isFinite(value) ? 1 : 0;
}

/** What a task says of itself; a simulated one has no thread that could be measured. */
function numbersOfTask(task: StreamTask): TaskNumbers {
  return {
    recordsIn: task.records,
    recordsOut: task.recordsOut,
    watermark: task.watermark,
    ...task.measureChannels(),
    ...task.measureBarriers(),
    busyMs: 0,
    idleMs: 0,
    backPressuredMs: 0,
    heapUsed: 0,
    heapCommitted: 0,
    heapMax: 0,
    gcCount: 0,
    gcMs: 0,
    metricsLeftOut: 0,
  };
}
