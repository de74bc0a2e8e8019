import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import type { CachedFileEntry } from '../graph/job-graph.js';
import { parseRuntimeMode, type RuntimeExecutionMode } from '../graph/runtime-mode.js';
import {
  StreamGraph,
  type StreamNode,
  type StreamNodeSpec,
  type StreamOrigin,
} from '../graph/stream-graph.js';
import type { KeySelector } from '../operator/functions.js';
import { sourceOperator } from '../operator/source-operator.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { WatermarkStrategy } from '../watermark/watermark-strategy.js';
import {
  type AsyncIterableOptions,
  AsyncIterableSource,
  type OpenIterable,
} from './async-iterable-source.js';
import { batchOperatorOf } from './batch-operator.js';
import { CollectionSource } from './collection-source.js';
import { type JobParameterInput, JobParameters } from './job-parameters.js';
import { KeyedStream } from './keyed-stream.js';
import { NumberSequenceSource } from './number-sequence-source.js';
import { checkBufferTimeout, checkCount, checkText } from './operator-settings.js';
import { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import type { Source } from './source.js';
import type { StreamFactory } from './stream-factory.js';

/** A value of a configuration key: durations and sizes may be texts such as `'5 s'` and `'64 mb'`. */
export type ConfigurationValue = string | number | boolean;

/**
 * Where a job is described: `defineJob` hands it to the function that builds the job. Sources are added
 * here, operators on the streams they give.
 *
 * @example
 * ```ts
 * export default defineJob(import.meta.url, (env) => {
 *   env.setParallelism(2);
 *   env.fromSequence(1, 1000).filter((n) => n % 7 === 0).print();
 * });
 * ```
 */
export class StreamExecutionEnvironment {
  readonly #graph: StreamGraph;
  readonly #factory: StreamFactory;
  readonly #configuration: Record<string, ConfigurationValue>;
  #parallelism: number | undefined;
  #maxParallelism: number | undefined;
  #chaining: boolean | undefined;
  #runtimeMode: RuntimeExecutionMode | undefined;
  #bufferTimeoutMs: number | undefined;
  readonly #cachedFiles: Map<string, CachedFileEntry>;
  #globalJobParameters: JobParameters | undefined;

  constructor() {
    this.#graph = new StreamGraph();
    this.#factory = new EnvironmentStreams(this.#graph);
    this.#configuration = {};
    this.#parallelism = undefined;
    this.#maxParallelism = undefined;
    this.#chaining = undefined;
    this.#runtimeMode = undefined;
    this.#bufferTimeoutMs = undefined;
    this.#cachedFiles = new Map();
    this.#globalJobParameters = undefined;
  }

  /**
   * Adds a source. The name also makes the source's uid, unless it is given one.
   *
   * @example `env.fromSource(new NumberSequenceSource(1, 9), WatermarkStrategy.noWatermarks(), 'numbers')`
   */
  fromSource<T, SplitT, StateT>(
    source: Source<T, SplitT, StateT>,
    watermarkStrategy: WatermarkStrategy<T>,
    name: string,
  ): SingleOutputStreamOperator<T> {
    checkSource(source, watermarkStrategy);
    checkText(name, 'name');
    return this.#factory.operator({
      kind: 'source',
      name: `Source: ${name}`,
      givenName: name,
      operator: {
        kind: 'source',
        factory: sourceOperator(source, watermarkStrategy),
        bounded: source.boundedness === 'bounded',
      },
      batchOperator: {
        kind: 'source',
        factory: sourceOperator(source, watermarkStrategy.withoutWatermarks()),
        bounded: true,
      },
      inputs: [],
      outputType: source.outputType as TypeDescriptor<unknown> | undefined,
      isStateful: true,
      isReplayable: source.isReplayable !== false,
      readersRestartAlone: source.readersRestartAlone === true,
      makesWatermarks: watermarkStrategy.createGenerator !== undefined,
    });
  }

  /**
   * The values, in order, from one subtask. Every thread makes them anew: the same each time.
   *
   * @example
   * ```ts
   * env.fromData(['to', 'be', 'or', 'not', 'to', 'be'], types.string).print();
   * ```
   */
  fromData<T>(values: Iterable<T>, type?: TypeDescriptor<T>): SingleOutputStreamOperator<T> {
    const source = new CollectionSource(values, type);
    return this.fromSource(source, WatermarkStrategy.noWatermarks<T>(), 'Collection').setParallelism(1);
  }

  /**
   * What a Node `Readable` or any (async) iterable gives, in order, from one subtask. It is opened when the job
   * runs, and cannot be read again: the job is at-most-once, and says so when it starts.
   *
   * @example
   * ```ts
   * env.fromAsyncIterable<string>(() => openLines(), { type: types.string }).print();
   * ```
   */
  fromAsyncIterable<T>(
    open: OpenIterable<T>,
    options: AsyncIterableOptions<T> = {},
    name = 'Async Iterable',
  ): SingleOutputStreamOperator<T> {
    const source = new AsyncIterableSource(open, options);
    return this.fromSource(source, WatermarkStrategy.noWatermarks<T>(), name).setParallelism(1);
  }

  /** The same as {@link fromData}. */
  fromCollection<T>(values: Iterable<T>, type?: TypeDescriptor<T>): SingleOutputStreamOperator<T> {
    return this.fromData(values, type);
  }

  /** The whole numbers from `from` to `to`, both included, spread over the subtasks. */
  fromSequence(from: number, to: number): SingleOutputStreamOperator<number> {
    return this.fromSource(new NumberSequenceSource(from, to), WatermarkStrategy.noWatermarks(), 'Sequence');
  }

  /** Of the operators that set none; it stands above what the job is started with. */
  setParallelism(parallelism: number): this {
    this.#parallelism = checkCount(parallelism, 'parallelism');
    return this;
  }

  /** Number of key groups of the operators that set none; fixed by the first checkpoint. */
  setMaxParallelism(maxParallelism: number): this {
    this.#maxParallelism = checkCount(maxParallelism, 'maximum parallelism');
    return this;
  }

  /**
   * How the job is run, see {@link RuntimeExecutionMode}; it stands above what the job is started with.
   * Without it `execution.runtime-mode`, which is STREAMING.
   *
   * @throws MillraceError MR1001 if it is no mode; when the job is built, if a source of a BATCH never ends
   * @example
   * ```ts
   * env.setRuntimeMode('BATCH');
   * env.fromData(['to', 'be', 'or', 'not', 'to', 'be'], types.string)
   *   .map((word) => ({ word, count: 1 }))
   *   .keyBy((v) => v.word)
   *   .sum('count')
   *   .print(); // each word once
   * ```
   */
  setRuntimeMode(mode: RuntimeExecutionMode): this {
    this.#runtimeMode = parseRuntimeMode(mode);
    return this;
  }

  /**
   * How long results may wait in a segment that is not full before they leave for another task, of the operators
   * that set none; it stands above `execution.buffer-timeout.interval`. 0 and -1 as for operators.
   *
   * @throws MillraceError MR1001 if it is less than -1
   */
  setBufferTimeout(timeout: Duration): this {
    this.#bufferTimeoutMs = checkBufferTimeout(timeout);
    return this;
  }

  /**
   * Takes checkpoints at this interval: the same as `execution.checkpointing.interval` and `.mode` of
   * {@link configure}.
   *
   * @throws MillraceError MR1001 if the interval is not positive
   * @example `env.enableCheckpointing('5 s')`
   */
  enableCheckpointing(interval: Duration, mode: 'EXACTLY_ONCE' | 'AT_LEAST_ONCE' = 'EXACTLY_ONCE'): this {
    const intervalMs = durationMs(interval, 'checkpoint interval');
    if (intervalMs <= 0) {
      throw new MillraceError('MR1001', `The checkpoint interval is ${intervalMs} ms.`, {
        hint: 'Without the call, no checkpoints are taken.',
      });
    }
    return this.configure({
      'execution.checkpointing.interval': `${intervalMs} ms`,
      'execution.checkpointing.mode': mode,
    });
  }

  /** Every operator runs in a task of its own. */
  disableOperatorChaining(): this {
    this.#chaining = false;
    return this;
  }

  /**
   * Sets configuration of the job, by Flink's keys. What the job is started with stands above it.
   *
   * @example `env.configure({ 'execution.checkpointing.interval': '5 s' })`
   */
  configure(values: Readonly<Record<string, ConfigurationValue>>): this {
    Object.assign(this.#configuration, values);
    return this;
  }

  /**
   * Has the file read when the job is started; functions ask for it by
   * `ctx.getDistributedCache().getFile(name)`. With `executable`, the job is refused if it may not be executed.
   *
   * @throws MillraceError MR1001 if the name is taken; when the job is started MR1010, if there is no such file
   * @example `env.registerCachedFile('data/airports.json', 'airports')`
   */
  registerCachedFile(path: string, name: string, executable = false): this {
    checkText(path, 'path', 'a cached file');
    checkText(name, 'name', 'a cached file');
    if (this.#cachedFiles.has(name)) {
      throw new MillraceError('MR1001', `There are two cached files of the name '${name}'.`);
    }
    this.#cachedFiles.set(name, { name, path, isExecutable: executable });
    return this;
  }

  /**
   * What `ctx.getGlobalJobParameters()` gives to functions. Without it, the parameters the job was started with.
   *
   * @example `env.setGlobalJobParameters(params.mergeWith({ bound: '29 h' }))`
   */
  setGlobalJobParameters(params: JobParameters | JobParameterInput): this {
    const parameters = params instanceof JobParameters ? params : new JobParameters(params);
    // Who asks for them is not known before the job runs.
    parameters.all();
    this.#globalJobParameters = parameters;
    return this;
  }

  /** What the job said of itself, for those who make its tasks. */
  describe(): EnvironmentDescription {
    this.#graph.close();
    return {
      graph: this.#graph,
      parallelism: this.#parallelism,
      maxParallelism: this.#maxParallelism,
      chaining: this.#chaining,
      runtimeMode: this.#runtimeMode,
      bufferTimeoutMs: this.#bufferTimeoutMs,
      configuration: { ...this.#configuration },
      cachedFiles: [...this.#cachedFiles.values()],
      globalJobParameters: this.#globalJobParameters,
    };
  }
}

/** What was said on an environment; undefined where nothing was. */
export interface EnvironmentDescription {
  readonly graph: StreamGraph;
  readonly parallelism: number | undefined;
  readonly maxParallelism: number | undefined;
  readonly chaining: boolean | undefined;
  readonly runtimeMode: RuntimeExecutionMode | undefined;
  readonly bufferTimeoutMs: number | undefined;
  readonly configuration: Readonly<Record<string, ConfigurationValue>>;
  readonly cachedFiles: readonly CachedFileEntry[];
  readonly globalJobParameters: JobParameters | undefined;
}

class EnvironmentStreams implements StreamFactory {
  readonly graph: StreamGraph;

  constructor(graph: StreamGraph) {
    this.graph = graph;
  }

  operator<T>(spec: StreamNodeSpec): SingleOutputStreamOperator<T> {
    return this.stream(this.graph.add({ ...spec, batchOperator: batchOperatorOf(spec) }));
  }

  stream<T>(node: StreamNode): SingleOutputStreamOperator<T> {
    return new SingleOutputStreamOperator<T>(this, node);
  }

  keyed<T, K>(
    origins: readonly StreamOrigin[],
    keySelector: KeySelector<T, K>,
    keyType: TypeDescriptor<K> | undefined,
  ): KeyedStream<T, K> {
    const typed = origins.map((origin) =>
      keyType === undefined || origin.partitioning === undefined
        ? origin
        : { ...origin, partitioning: { ...origin.partitioning, keyType } },
    );
    return new KeyedStream(this, typed, keySelector, keyType);
  }
}

function checkSource(source: unknown, watermarkStrategy: unknown): void {
  const { createReader, createEnumerator } = (source ?? {}) as Partial<Source<unknown>>;
  if (typeof createReader !== 'function' || typeof createEnumerator !== 'function') {
    throw new MillraceError(
      'MR1001',
      'fromSource takes a Source: an object with createEnumerator and createReader.',
    );
  }
  if (!(watermarkStrategy instanceof WatermarkStrategy)) {
    throw new MillraceError('MR1001', 'fromSource takes a WatermarkStrategy as its second argument.', {
      hint: 'Where event time does not matter: WatermarkStrategy.noWatermarks().',
    });
  }
}
