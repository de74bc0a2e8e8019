import {
  type BuiltJob,
  checkOptionNames,
  FileCache,
  MillraceError,
  resolveOptions,
  Watermark,
} from '../../core/internal.js';
import { readCachedFiles } from '../../storage/index.js';
import { DescribedPipeline, type HarnessBuild, type HarnessOptions } from './described-pipeline.js';
import { HarnessCheckpoints, type StoredCheckpoint } from './harness-checkpoints.js';
import { HarnessPorts } from './harness-ports.js';
import { HarnessRun } from './harness-run.js';
import type { OutputRecord } from './harness-sink.js';
import { HarnessState } from './harness-state.js';
import { type JobObserver, observedJob } from './observed-job.js';
import { PipelineCounts } from './record-counts.js';
import { VirtualTime } from './virtual-time.js';

const OPTION_NAMES = [
  'parallelism',
  'maxParallelism',
  'stateBackend',
  'managedMemory',
  'configuration',
  'settleTimeoutMs',
];
const MANAGED_BYTES = 4 * 1024 * 1024;
const SETTLE_TIMEOUT_MS = 250;

/** A savepoint in memory: what {@link PipelineHarness.restore} takes. It does not change, and may be used often. */
export interface HarnessSnapshot {
  readonly checkpoint: StoredCheckpoint;
  /** Processing time at which it was taken. */
  readonly processingTime: number;
  /** Sources that had ended. */
  readonly ended: readonly string[];
}

/**
 * Tests a pipeline in milliseconds: the real graph, operators, channels, state and snapshots, on virtual time,
 * without a thread.
 *
 * `push`, `watermark`, `idle`, `endInput` and `advanceProcessingTime` run the pipeline until it is idle:
 * until nothing is left that can happen without more input or more time. Promises that the pipeline waits for
 * are given turns of the event loop as long as something in the process is under way that may settle them, at
 * most `settleTimeoutMs`; one that settles later is taken with the next call. Calls take effect in their
 * order, also where they are not awaited. After user code has thrown, they reject with the error that names
 * the operator.
 *
 * With the mode `BATCH` the inputs are bounded: results come when they have been ended.
 *
 * Processing time begins at 0, after a restore at that of the snapshot, and moves only by
 * `advanceProcessingTime`.
 *
 * @example
 * ```ts
 * const h = await PipelineHarness.create((env, io) => {
 *   const clicks = io.source<Click>('in').keyBy((click) => click.user);
 *   clicks.window(TumblingEventTimeWindows.of('2 s')).reduce(add).sinkTo(io.sink('out'));
 * });
 * await h.push('in', { user: 'a', n: 1 }, 500);
 * await h.watermark('in', 1999);
 * h.take('out'); // [{ value: { user: 'a', n: 1 }, timestamp: 1999 }]
 * await h.close();
 * ```
 */
export class PipelineHarness {
  /** What the graph had to say: stateful operators without a uid, event time without watermarks. */
  readonly warnings: readonly string[];
  readonly #ports: HarnessPorts;
  readonly #counts: PipelineCounts;
  readonly #run: HarnessRun;
  readonly #checkpoints: HarnessCheckpoints;
  readonly #time: VirtualTime;
  readonly #state: HarnessState;
  #previous: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  private constructor(parts: {
    readonly warnings: readonly string[];
    readonly ports: HarnessPorts;
    readonly counts: PipelineCounts;
    readonly run: HarnessRun;
    readonly checkpoints: HarnessCheckpoints;
    readonly time: VirtualTime;
    readonly state: HarnessState;
  }) {
    this.warnings = parts.warnings;
    this.#ports = parts.ports;
    this.#counts = parts.counts;
    this.#run = parts.run;
    this.#checkpoints = parts.checkpoints;
    this.#time = parts.time;
    this.#state = parts.state;
  }

  /**
   * Builds the pipeline and starts it.
   *
   * @throws MillraceError what the graph finds wrong, or what an operator threw in `open`
   */
  static create(build: HarnessBuild, options: HarnessOptions = {}): Promise<PipelineHarness> {
    return PipelineHarness.#start(build, options, undefined);
  }

  /**
   * Starts the pipeline from a snapshot, at any parallelism up to the maximum. State is found by the uids of
   * operators; function objects are made anew by `build`.
   *
   * @throws MillraceError MR2101 if the snapshot holds state of operators that there are not, MR2102 if the
   *   options name another maximum parallelism
   */
  static restore(
    snapshot: HarnessSnapshot,
    build: HarnessBuild,
    options: HarnessOptions = {},
  ): Promise<PipelineHarness> {
    return PipelineHarness.#start(build, options, snapshot);
  }

  /** A record for the source of that name; without a timestamp it has none until one is assigned. */
  push(source: string, value: unknown, timestamp?: number): Promise<void> {
    return this.#inTurn(() => {
      this.#ports.feed(source).push({ type: 'record', value, timestamp });
      return this.#run.untilIdle();
    });
  }

  /**
   * Event time of the source has come so far; from `Watermark.MAX` on, to its end. One that is not above the last
   * one changes nothing.
   */
  watermark(source: string, timestamp: number): Promise<void> {
    return this.#inTurn(() => {
      const isEnd = timestamp >= Watermark.MAX;
      if (!isEnd && !Number.isSafeInteger(timestamp)) {
        throw new MillraceError('MR1001', `The watermark is ${String(timestamp)}.`, {
          hint: 'Give whole milliseconds since the epoch, or Watermark.MAX.',
        });
      }
      this.#ports.feed(source).push({ type: 'watermark', timestamp: isEnd ? Watermark.MAX : timestamp });
      return this.#run.untilIdle();
    });
  }

  /** The source holds no watermark back until its next record or watermark. */
  idle(source: string): Promise<void> {
    return this.#inTurn(() => {
      this.#ports.feed(source).push({ type: 'idle' });
      return this.#run.untilIdle();
    });
  }

  /** Lets `ms` milliseconds pass; timers fire on the way, each at its time. */
  advanceProcessingTime(ms: number): Promise<void> {
    return this.#inTurn(() => {
      if (!Number.isSafeInteger(ms) || ms < 0) {
        throw new MillraceError('MR1001', `Processing time was to advance by ${String(ms)} ms.`, {
          hint: 'Give a whole number of milliseconds, 0 or more.',
        });
      }
      return this.#run.advance(ms);
    });
  }

  /** No record follows: event time comes to its end. When all sources have ended, so does the pipeline. */
  endInput(source: string): Promise<void> {
    return this.#inTurn(() => {
      this.#ports.feed(source).end();
      return this.#run.untilIdle();
    });
  }

  /** What reached the sink since the last call, in order. */
  take<T = unknown>(sink: string): OutputRecord<T>[] {
    return this.#ports.outlet(sink).takeRecords() as OutputRecord<T>[];
  }

  /** The watermarks that reached the sink since the last call; `Watermark.MAX` at the end of the input. */
  takeWatermarks(sink: string): number[] {
    return this.#ports.outlet(sink).takeWatermarks();
  }

  /** What went to side outputs of that tag since the last call, in order, consumed by the pipeline or not. */
  takeSide<T = unknown>(tagId: string): OutputRecord<T>[] {
    return this.#ports.side(tagId).takeRecords() as OutputRecord<T>[];
  }

  /**
   * The sum over all operators and subtasks that have a metric of this name, or that of one operator:
   * `<uid>.<name>`; 0 where nobody has it. Counted since the harness was created. All operators count
   * `numRecordsIn` and `numRecordsOut` and measure `currentInputWatermark` and `currentOutputWatermark`; of
   * watermarks the least is given.
   */
  metric(name: string): number {
    const values: number[] = [];
    for (const metrics of [this.#run.metrics(), this.#counts.metrics()]) {
      for (const [key, value] of metrics) if (key === name || key.endsWith(`.${name}`)) values.push(value);
    }
    if (name.endsWith('Watermark') && values.length > 0) return Math.min(...values);
    return values.reduce((sum, value) => sum + value, 0);
  }

  /**
   * Takes a savepoint. The pipeline goes on.
   *
   * @throws MillraceError MR3007 if it has ended, runs as a batch, or lets no barrier pass
   */
  snapshot(): Promise<HarnessSnapshot> {
    return this.#inTurn(async () => {
      const path = await this.#run.savepoint();
      const checkpoint = await this.#checkpoints.take(path);
      if (checkpoint === undefined) throw new MillraceError('MR9001', `There is no savepoint ${path}.`);
      return { checkpoint, processingTime: this.#time.nowMs, ended: this.#ports.ended };
    });
  }

  /** Ends the pipeline where it stands; its functions are closed. Idempotent, and never rejects. */
  close(): Promise<void> {
    this.#closed ??= this.#previous.then(async () => {
      await this.#run.close();
      this.#state.remove();
    });
    return this.#closed;
  }

  /** One call after another; one that failed does not keep the next one from its turn. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) {
      return Promise.reject(new MillraceError('MR1001', 'The harness is closed.'));
    }
    const result = this.#previous.then(work);
    this.#previous = result.catch(toldToTheCaller);
    return result;
  }

  static async #start(
    build: HarnessBuild,
    options: HarnessOptions,
    snapshot: HarnessSnapshot | undefined,
  ): Promise<PipelineHarness> {
    checkOptionNames(options, OPTION_NAMES, 'PipelineHarness');
    const restored = snapshot === undefined ? undefined : await HarnessCheckpoints.from(snapshot.checkpoint);
    const pipeline = new DescribedPipeline(build, options, restored?.manifest);
    const ports = new HarnessPorts(pipeline.boundedness(), snapshot?.ended ?? []);
    const counts = new PipelineCounts();
    const observer: JobObserver = {
      onSideOutput: (tag, value, timestamp) => ports.side(tag).addRecord(value, timestamp),
      countsOf: (uid) => counts.of(uid),
    };
    const job = (): BuiltJob =>
      observedJob(
        pipeline.job((env) => ports.ofBuild(env)),
        observer,
      );
    const { graph } = job();
    const takesCheckpoints = graph.runtimeMode === 'STREAMING';
    if (snapshot !== undefined && !takesCheckpoints) throw noBatchFromSnapshot();
    const { values } = resolveOptions([
      { origin: 'file', values: { ...graph.configuration, ...options.configuration } },
    ]);
    const checkpoints = restored?.checkpoints ?? HarnessCheckpoints.empty();
    const time = new VirtualTime(snapshot?.processingTime ?? 0);
    // A batch has the state of one key at a time.
    const state = new HarnessState(takesCheckpoints ? (options.stateBackend ?? 'heap') : 'heap');
    const surroundings = {
      time,
      checkpoints,
      takesCheckpoints,
      scratchFolder: takesCheckpoints ? '' : state.folder(),
      stateBackend: state.backend,
      autoWatermarkIntervalMs: values['pipeline.auto-watermark-interval'],
      managedBytes: options.managedMemory ?? MANAGED_BYTES,
      distributedCache: new FileCache(await readCachedFiles(graph.cachedFiles)),
      build: job,
      isIdle: (promise: Promise<unknown>) => ports.isIdle(promise),
    };
    const settleTimeoutMs = options.settleTimeoutMs ?? SETTLE_TIMEOUT_MS;
    const run = new HarnessRun(surroundings, graph, restored?.manifest, settleTimeoutMs);
    const harness = new PipelineHarness({
      warnings: graph.warnings,
      ports,
      counts,
      run,
      checkpoints,
      time,
      state,
    });
    try {
      await run.start();
    } catch (error) {
      await harness.close();
      throw error;
    }
    return harness;
  }
}

function noBatchFromSnapshot(): MillraceError {
  return new MillraceError(
    'MR1001',
    'A batch cannot begin from a snapshot: it reads its input from the start.',
    {
      hint: "Run the pipeline with the mode 'STREAMING'.",
    },
  );
}

/** Who called is given the rejection; the next call only waits for its turn. */
function toldToTheCaller(): void {}
