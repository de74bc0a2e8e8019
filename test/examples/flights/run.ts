import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalCluster, type LocalJob, type TaskStatus } from 'millrace';
import { StorageOutage } from 'millrace/testing';
import { describeStatus } from '../../../actors/cli/progress-line.js';
import { Prng } from '../../../core/internal.js';
import flights from './flights.js';

const FLIGHTS = 3_000_000;
/** Paced so that a person sees it work: about twenty seconds. */
const RATE_PER_SECOND = 160_000;
const STATUS_EVERY_MS = 250;

export interface FlightsRequest {
  readonly input: string;
  readonly output: string;
  /** Folder of the checkpoints. */
  readonly folder: string;
  readonly bound: string;
  readonly parallelism: number;
  readonly fullSpeed: boolean;
  /** Draws when the two threads end. */
  readonly seed: number;
  say(line: string): void;
}

export interface FlightsRun {
  readonly records: number;
  readonly elapsedMs: number;
  readonly recordsPerSecond: number;
  readonly checkpoints: number;
  readonly failedCheckpoints: number;
  readonly recoveries: readonly { readonly cause: string; readonly ms: number }[];
}

/** Runs the job while two of its threads end and one of its checkpoints cannot be written. */
export async function runFlights(request: FlightsRequest): Promise<FlightsRun> {
  const prng = new Prng(request.seed);
  const crash = `1:${prng.between(350_000, 700_000)},2:${prng.between(350_000, 700_000)}`;
  await rm(join(request.folder, 'flights'), { recursive: true, force: true });
  const cluster = await LocalCluster.start({
    parallelism: request.parallelism,
    checkpointing: { interval: request.fullSpeed ? '400 ms' : '1 s', dir: request.folder },
    configuration: { 'execution.checkpointing.tolerable-failed-checkpoints': 2 },
  });
  try {
    const begin = performance.now();
    const job = await cluster.submit(
      flights,
      {
        input: request.input,
        output: request.output,
        bound: request.bound,
        crash,
        rate: request.fullSpeed ? 0 : RATE_PER_SECOND,
      },
      { start: 'fresh' },
    );
    const watch = new LiveLine(job, join(request.folder, 'flights'));
    const result = await job.result().finally(() => watch.close());
    const elapsedMs = performance.now() - begin;
    return {
      records: FLIGHTS,
      elapsedMs,
      recordsPerSecond: (FLIGHTS / elapsedMs) * 1000,
      checkpoints: result.checkpoints.completed,
      failedCheckpoints: result.checkpoints.failed,
      recoveries: result.failures.map(({ rootCause, recoveryMs }) => ({
        cause: rootCause.what,
        ms: recoveryMs ?? 0,
      })),
    };
  } finally {
    await cluster.close();
  }
}

/** Shows the job's state on a terminal, and takes its disk away for one checkpoint. */
class LiveLine {
  readonly #job: LocalJob;
  readonly #jobFolder: string;
  readonly #timer: NodeJS.Timeout;
  #outage: Promise<StorageOutage> | undefined;
  #done = false;
  #last = { at: performance.now(), records: 0 };

  constructor(job: LocalJob, jobFolder: string) {
    this.#job = job;
    this.#jobFolder = jobFolder;
    this.#timer = setInterval(() => {
      this.#look().catch((error: unknown) => {
        process.stderr.write(`\n${String(error)}\n`);
        clearInterval(this.#timer);
      });
    }, STATUS_EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#endOutage();
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K');
  }

  /** The outage begins in quiet running after the third checkpoint, and ends with the first that failed. */
  async #look(): Promise<void> {
    const [status, tasks] = await Promise.all([this.#job.status(), this.#job.tasks()]);
    if (status === undefined) return;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[2K${describeStatus(status)} | ${this.#flow(tasks)}`);
    }
    if (this.#done) return;
    const { completed, failed } = status.checkpoints;
    if (failed > 0 || status.status !== 'RUNNING') await this.#endOutage();
    else if (completed >= 3 && this.#outage === undefined)
      this.#outage = StorageOutage.begin(this.#jobFolder);
    if (failed > 0) this.#done = true;
  }

  /** Records a second, event time reached, and how much of its time the source waits for the windows. */
  #flow(tasks: readonly TaskStatus[]): string {
    const sources = tasks.filter(({ vertexId }) => vertexId === 0);
    const records = sources.reduce((sum, task) => sum + task.records, 0);
    const at = performance.now();
    const rate = Math.max(0, (records - this.#last.records) / (at - this.#last.at)) * 1000;
    this.#last = { at, records };
    const watermark = tasks.reduce((least, task) => Math.min(least, task.watermark), Number.MAX_SAFE_INTEGER);
    const when = Math.abs(watermark) < 8.64e15 ? new Date(watermark).toISOString().slice(0, 16) : '-';
    const waited = sources.reduce((sum, task) => sum + task.backPressuredMs, 0);
    const total = sources.reduce((sum, task) => sum + task.busyMs + task.idleMs + task.backPressuredMs, 0);
    const pressure = total === 0 ? 0 : Math.round((100 * waited) / total);
    return `${Math.round(rate).toLocaleString('en-US')}/s | watermark ${when} | back-pressure ${pressure} %`;
  }

  async #endOutage(): Promise<void> {
    const outage = this.#outage;
    this.#outage = undefined;
    await (await outage)?.end();
  }
}
