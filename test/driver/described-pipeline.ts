import {
  type Boundedness,
  type BuiltJob,
  buildJob,
  type CheckpointManifest,
  type ConfigurationValue,
  isMillraceError,
  JobParameters,
  type StreamExecutionEnvironment,
} from '../../core/internal.js';
import { type HarnessIO, HarnessPorts } from './harness-ports.js';

/** Describes the pipeline, as the function given to `defineJob` does; closures are welcome. */
export type HarnessBuild = (env: StreamExecutionEnvironment, io: HarnessIO) => void;

/** How the pipeline of a harness runs. */
export interface HarnessOptions {
  /** Of the operators that set none; sources and sinks of the harness have 1. Default 1. */
  readonly parallelism?: number;
  /** Number of key groups. Default: derived from the parallelism; after a restore, that of the snapshot. */
  readonly maxParallelism?: number;
  /** Default 'heap'. */
  readonly stateBackend?: 'heap' | 'lmdb';
  /** Bytes for the keyed state of a task, beyond which LMDB is used. Default 4 MiB. */
  readonly managedMemory?: number;
  /** As `env.configure` sets it, and above that. */
  readonly configuration?: Readonly<Record<string, ConfigurationValue>>;
  /**
   * How long promises of the pipeline (an asynchronous function, a sink that flushes) are waited for, in
   * milliseconds of real time, before the harness goes on without them. Default 250.
   */
  readonly settleTimeoutMs?: number;
}

/** The function that describes a pipeline, with what it is run with. */
export class DescribedPipeline {
  readonly #build: HarnessBuild;
  readonly #options: HarnessOptions;
  readonly #maxParallelism: number | undefined;

  constructor(build: HarnessBuild, options: HarnessOptions, restored: CheckpointManifest | undefined) {
    this.#build = build;
    this.#options = options;
    this.#maxParallelism = options.maxParallelism ?? keyGroupsOf(restored);
  }

  /**
   * Of a pipeline that is to run as a batch the inputs are bounded; of others they are not, for nobody knows
   * whether they will be ended.
   */
  boundedness(): Boundedness {
    try {
      this.job((env) => new HarnessPorts('continuous-unbounded', []).ofBuild(env));
    } catch (error) {
      if (isMillraceError(error) && error.where.at === 'execution.runtime-mode') return 'bounded';
    }
    return 'continuous-unbounded';
  }

  /**
   * Built anew for each task.
   *
   * @throws MillraceError what the API found wrong
   */
  job(ioOf: (env: StreamExecutionEnvironment) => HarnessIO): BuiltJob {
    const { parallelism, configuration } = this.#options;
    const maxParallelism = this.#maxParallelism;
    const build = this.#build;
    const definition = {
      url: 'harness:pipeline',
      build: (env: StreamExecutionEnvironment) => build(env, ioOf(env)),
    };
    return buildJob(definition, new JobParameters({}), {
      name: 'pipeline',
      ...(parallelism === undefined ? {} : { parallelism }),
      ...(maxParallelism === undefined ? {} : { maxParallelism }),
      ...(configuration === undefined ? {} : { configuration }),
    });
  }
}

/** The number of key groups of a snapshot is for good; undefined where it has no keyed state. */
function keyGroupsOf(manifest: CheckpointManifest | undefined): number | undefined {
  const counts = (manifest?.vertices ?? [])
    .filter(({ subtasks }) =>
      subtasks.some(
        (subtask) =>
          subtask !== 'finished' && Object.values(subtask.operators).some(({ keyed }) => keyed !== undefined),
      ),
    )
    .map(({ maxParallelism }) => maxParallelism);
  return counts.length === 0 ? undefined : Math.max(...counts);
}
