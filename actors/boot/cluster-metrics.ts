import { availableParallelism, hostname } from 'node:os';
import {
  type GraphNames,
  gaugeReading,
  JobSpans,
  type JobView,
  jobReadings,
  MetricRates,
  type MetricsQuery,
  type MetricValue,
  metricValues,
  operatorReadings,
  type ProcessNumbers,
  processReadings,
  prometheusText,
  type ScopedReadings,
  type TaskManagerSlots,
  type TaskNumbers,
  type TaskScope,
  taskReadings,
  telemetryPoints,
} from '../../core/internal.js';
import { TaskGauge, type TaskMetricReader } from '../../memory/index.js';
import type { Telemetry } from '../cluster/cluster-gateway.js';
import { MONOTONIC_ORIGIN_MS, SYSTEM_CLOCK } from './system-clock.js';
import { threadMeter } from './thread-measures.js';
import type { MeasuredThread } from './thread-task.js';

/** The TaskManager of a task that has not been told which one it is. */
const TASK_MANAGER = `taskmanager-${process.pid}`;

/** A job with what can be measured of it. */
export interface MeasuredJob {
  readonly view: Pick<JobView, 'details' | 'status' | 'checkpoints'>;
  /** The newest attempts at its regions, with their tasks that have ended too. */
  readonly attempts: readonly MeasuredAttempt[];
}

export interface MeasuredAttempt {
  /** Monotonic. */
  readonly launchedMs: number;
  readonly threads: readonly MeasuredThread[];
}

/** How long is waited for tasks that are in the middle of something: their numbers are as old as that. */
const ANSWER_MS = 50;
const LOOK_EVERY_MS = 1;
/** A job that has ended is measured for so long, for who looks now and then, and from then on if it is asked for. */
const ENDED_SHOWN_MS = 120_000;

/**
 * The metrics of the cluster, on the control thread. Tasks are asked when somebody asks, and at each interval for the
 * sake of rates, by a word in shared memory.
 *
 * Invariant: at most one round of questions is under way; who asks meanwhile is given what it brings.
 */
export class ClusterMetrics {
  readonly #jobs: () => Iterable<MeasuredJob>;
  readonly #taskManagers: () => readonly TaskManagerSlots[];
  readonly #measureThread = threadMeter();
  readonly #cpu = new CpuLoad();
  readonly #spans = new Map<string, JobSpans>();
  #rates: MetricRates;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #reading: Promise<ScopedReadings[]> | undefined;
  #text: Promise<string> | undefined;

  constructor(jobs: () => Iterable<MeasuredJob>, taskManagers: () => readonly TaskManagerSlots[]) {
    this.#jobs = jobs;
    this.#taskManagers = taskManagers;
    this.#rates = new MetricRates(1);
  }

  /** Rates are those of about the last `intervalMs`. Idempotent. */
  start(intervalMs: number): void {
    if (this.#timer !== undefined || intervalMs <= 0) return;
    this.#rates = new MetricRates(intervalMs);
    this.#timer = setInterval(() => void this.readings(), intervalMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async values(query: MetricsQuery): Promise<MetricValue[]> {
    const job = 'jobId' in query ? this.#unshown(query.jobId) : undefined;
    const readings = job ? this.#ofJob(job, SYSTEM_CLOCK.monotonicMs()) : await this.readings();
    return metricValues(readings, query);
  }

  #unshown(jobId: string): MeasuredJob | undefined {
    return [...this.#jobs()].find((job) => job.view.details().jobId === jobId && !isShown(job));
  }

  async prometheus(): Promise<string> {
    this.#text ??= this.readings()
      .then((readings) => prometheusText(readings, hostname()))
      .finally(() => {
        this.#text = undefined;
      });
    return this.#text;
  }

  /** Spans are told of once, to who asks first. */
  async telemetry(): Promise<Telemetry> {
    const points = telemetryPoints(await this.readings(), hostname());
    const jobs = [...this.#jobs()];
    const spans = jobs.flatMap(({ view }) => {
      const details = view.details();
      const known = this.#spans.get(details.jobId) ?? new JobSpans();
      this.#spans.set(details.jobId, known);
      return known.collect(details, view.checkpoints());
    });
    const ids = new Set(jobs.map(({ view }) => view.details().jobId));
    for (const id of this.#spans.keys()) if (!ids.has(id)) this.#spans.delete(id);
    return { points, spans };
  }

  /** All tasks have said what they do not say at every beat; who is in the middle of something does not count. */
  async refresh(): Promise<void> {
    this.#round ??= askAll([...this.#jobs()].filter(isShown)).finally(() => {
      this.#round = undefined;
    });
    await this.#round;
  }

  /** Everything that is known now; who asks meanwhile is given the same. */
  async readings(): Promise<ScopedReadings[]> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<ScopedReadings[]> {
    await this.refresh();
    const jobs = [...this.#jobs()].filter(isShown);
    const nowMs = SYSTEM_CLOCK.monotonicMs();
    const scopes = jobs.flatMap((job) => this.#ofJob(job, nowMs));
    this.#rates.mark(nowMs);
    return [...this.#ofProcess(jobs), ...scopes];
  }

  #ofJob({ view, attempts }: MeasuredJob, nowMs: number): ScopedReadings[] {
    const details = view.details();
    const { jobId, jobName, graph, vertices } = details;
    const { checkpoints } = view.status();
    const readings = jobReadings(details, checkpoints, view.checkpoints(), SYSTEM_CLOCK.wallMs());
    const scopes: ScopedReadings[] = [{ scope: { type: 'job', jobId, jobName }, readings }];
    const threads = attempts.flatMap((attempt) =>
      attempt.threads.map((thread) => ({ thread, launchedMs: attempt.launchedMs })),
    );
    for (const { thread, launchedMs } of threads) {
      const { address, metrics } = thread;
      const { vertexId, subtask } = address;
      const vertex = graph.vertices[vertexId];
      const scope: TaskScope = {
        type: 'task',
        jobId,
        jobName,
        vertexId,
        taskName: vertex?.name ?? '',
        subtask,
        attempt: address.attempt,
        taskManagerId: vertices[vertexId]?.subtasks[subtask]?.taskManagerId ?? TASK_MANAGER,
      };
      const task = `${jobId}/${address.attempt}/${vertexId}/${subtask}/`;
      const rateOf = (key: string, count: number): number =>
        this.#rates.perSecond(task + key, count, launchedMs, nowMs);
      const names: GraphNames = {
        operatorName: (uid) => vertex?.operators.find((operator) => operator.uid === uid)?.name ?? uid,
        sourceUid: (id) => graph.vertices[id]?.uid ?? String(id),
      };
      scopes.push({ scope, readings: taskReadings(taskNumbers(thread), rateOf) });
      scopes.push(...operatorReadings(scope, metrics.metrics(), names, rateOf));
    }
    return scopes;
  }

  #ofProcess(jobs: readonly MeasuredJob[]): ScopedReadings[] {
    const process = this.#cpu.read();
    const own = this.#measureThread();
    const registered = this.#taskManagers();
    const total = registered.reduce((sum, { slots }) => sum + slots, 0);
    const taken = registered.reduce((sum, { allocated }) => sum + allocated.length, 0);
    const ids = new Map(registered.map(({ id }): [string, TaskMetricReader[]] => [id, []]));
    let running = 0;
    for (const { view, attempts } of jobs) {
      const { status, vertices } = view.details();
      if (status === 'RUNNING' || status === 'RESTARTING') running++;
      for (const { address, metrics } of attempts.flatMap(({ threads }) => threads)) {
        const id = vertices[address.vertexId]?.subtasks[address.subtask]?.taskManagerId ?? TASK_MANAGER;
        ids.set(id, [...(ids.get(id) ?? []), metrics]);
      }
    }
    return [
      {
        scope: { type: 'job-manager' },
        readings: [
          gaugeReading('numRunningJobs', running),
          gaugeReading('numRegisteredTaskManagers', registered.length),
          gaugeReading('taskSlotsAvailable', total - taken),
          gaugeReading('taskSlotsTotal', total),
          ...processReadings({ ...process, ...own, threads: 1 }),
        ],
      },
      ...[...ids].map(([taskManagerId, tasks]): ScopedReadings => {
        const sum = (gauge: TaskGauge): number => tasks.reduce((total, task) => total + task.get(gauge), 0);
        const numbers: ProcessNumbers = {
          ...process,
          heapUsed: sum(TaskGauge.HEAP_USED),
          heapCommitted: sum(TaskGauge.HEAP_COMMITTED),
          heapMax: sum(TaskGauge.HEAP_MAX),
          gcCount: sum(TaskGauge.GC_COUNT),
          gcMs: sum(TaskGauge.GC_MS),
          threads: tasks.length,
        };
        return { scope: { type: 'task-manager', taskManagerId }, readings: processReadings(numbers) };
      }),
    ];
  }
}

function isShown({ view }: MeasuredJob): boolean {
  const { endMs } = view.details();
  return endMs === undefined || SYSTEM_CLOCK.wallMs() - endMs < ENDED_SHOWN_MS;
}

/** Asks every task for its numbers, and waits until all have answered, or for as long as it is worth. */
async function askAll(jobs: readonly MeasuredJob[]): Promise<void> {
  const threads = jobs.flatMap(({ attempts }) => attempts.flatMap((attempt) => attempt.threads));
  const open = threads.flatMap((thread) => {
    const asked = thread.askMetrics();
    return asked === undefined ? [] : [{ metrics: thread.metrics, asked }];
  });
  const untilMs = SYSTEM_CLOCK.monotonicMs() + ANSWER_MS;
  while (open.length > 0 && SYSTEM_CLOCK.monotonicMs() < untilMs) {
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_EVERY_MS);
    });
    for (let i = open.length - 1; i >= 0; i--) {
      const waiting = open[i];
      if (waiting?.metrics.hasAnswered(waiting.asked) === true) open.splice(i, 1);
    }
  }
}

function taskNumbers({ metrics, hasExited }: MeasuredThread): TaskNumbers {
  return {
    recordsIn: metrics.get(TaskGauge.RECORDS),
    recordsOut: metrics.get(TaskGauge.RECORDS_OUT),
    bytesIn: metrics.get(TaskGauge.BYTES_IN),
    bytesOut: metrics.get(TaskGauge.BYTES_OUT),
    buffersIn: metrics.get(TaskGauge.BUFFERS_IN),
    buffersOut: metrics.get(TaskGauge.BUFFERS_OUT),
    watermark: metrics.get(TaskGauge.WATERMARK),
    ...metrics.times(hasExited ? undefined : SYSTEM_CLOCK.monotonicMs() + MONOTONIC_ORIGIN_MS),
    alignmentMs: metrics.get(TaskGauge.ALIGNMENT_MS),
    startDelayMs: metrics.get(TaskGauge.START_DELAY_MS),
    inputQueueLength: metrics.get(TaskGauge.INPUT_QUEUE_LENGTH),
    inPoolUsage: metrics.get(TaskGauge.IN_POOL_USAGE),
    outputQueueLength: metrics.get(TaskGauge.OUTPUT_QUEUE_LENGTH),
    outPoolUsage: metrics.get(TaskGauge.OUT_POOL_USAGE),
    heapUsed: metrics.get(TaskGauge.HEAP_USED),
    heapCommitted: metrics.get(TaskGauge.HEAP_COMMITTED),
    heapMax: metrics.get(TaskGauge.HEAP_MAX),
    gcCount: metrics.get(TaskGauge.GC_COUNT),
    gcMs: metrics.get(TaskGauge.GC_MS),
    metricsLeftOut: metrics.get(TaskGauge.METRICS_LEFT_OUT),
  };
}

/** What the process takes of the machine's processors, between two looks. */
class CpuLoad {
  #atMs = SYSTEM_CLOCK.monotonicMs();
  #usage = process.cpuUsage();

  read(): Pick<ProcessNumbers, 'cpuLoad' | 'cpuNanos' | 'nonHeapUsed'> {
    const nowMs = SYSTEM_CLOCK.monotonicMs();
    const usage = process.cpuUsage();
    const spentMs = (usage.user + usage.system - this.#usage.user - this.#usage.system) / 1000;
    const cpuLoad = spentMs / Math.max(1, nowMs - this.#atMs) / availableParallelism();
    [this.#atMs, this.#usage] = [nowMs, usage];
    const { external, arrayBuffers } = process.memoryUsage();
    return {
      cpuLoad: Math.min(1, cpuLoad),
      cpuNanos: (usage.user + usage.system) * 1000,
      nonHeapUsed: external + arrayBuffers,
    };
  }
}
