import { MillraceError } from '../base/millrace-error.js';
import type { JobExecutionResult } from '../job/job-execution-result.js';
import type { JobExecutor } from '../ports/job-executor.js';
import type { JobParameterInput, JobParameters } from './job-parameters.js';
import type { StreamExecutionEnvironment } from './stream-execution-environment.js';

/** Describes the job on `env`. Called in several threads: it must do the same each time, and no I/O. */
export type JobBuilder = (env: StreamExecutionEnvironment, params: JobParameters) => void;

/**
 * A job is a module: functions cannot cross threads, so each thread imports the module and builds the same
 * graph. The definition is the module's default export.
 *
 * @example
 * ```ts
 * const result = await delays.execute({ input: 'flights.jsonl', output: 'delays' }, { memory: '1 gb' });
 * console.log(result.attempts, result.netRuntimeMs);
 * ```
 */
export interface JobDefinition<OptionsT = unknown> {
  /** The copy of the library that made it. */
  readonly [JOB_BRAND]: string;
  /** `import.meta.url` of the module. */
  readonly url: string;
  readonly build: JobBuilder;
  /**
   * Starts a cluster for this job alone, runs it to its end, and stops the cluster. Rejects with the job's
   * failure.
   */
  execute(params?: JobParameterInput, options?: OptionsT): Promise<JobExecutionResult>;
  /**
   * As `execute`; resolves to the records that went into the job's `CollectSink`s, each exactly once, in no
   * order between subtasks. T is what the caller knows of them.
   *
   * @example
   * ```ts
   * const lines = await counts.executeAndCollect<{ word: string; count: number }>({ input: 'words.txt' });
   * ```
   */
  executeAndCollect<T>(params?: JobParameterInput, options?: OptionsT): Promise<readonly T[]>;
}

/** Known to every copy of the library that one process may have loaded. */
const JOB_BRAND: unique symbol = Symbol.for('millrace.job') as never;

/** Makes the `defineJob` of a package that can run jobs; `home` tells the copies of that package apart. */
export function createDefineJob<OptionsT>(
  executor: JobExecutor<OptionsT>,
  home: string,
): (url: string, build: JobBuilder) => JobDefinition<OptionsT> {
  return function defineJob(url: string, build: JobBuilder): JobDefinition<OptionsT> {
    if (typeof url !== 'string' || !/^[a-z][a-z0-9+.-]+:/i.test(url)) {
      throw new MillraceError(
        'MR1001',
        `defineJob got ${JSON.stringify(url)} as the address of its module.`,
        {
          hint: 'Write defineJob(import.meta.url, (env, params) => { ... }).',
        },
      );
    }
    if (typeof build !== 'function') {
      throw new MillraceError('MR1001', 'defineJob needs a function that builds the job.', {
        hint: 'Write defineJob(import.meta.url, (env, params) => { ... }).',
      });
    }
    const job: JobDefinition<OptionsT> = {
      [JOB_BRAND]: home,
      url,
      build,
      execute: (params = {}, options) => executor.execute(job, params, options),
      // What a job collects is plain data of whatever type its author knows it to have.
      executeAndCollect: async <T>(params: JobParameterInput = {}, options?: OptionsT) =>
        (await executor.executeAndCollect(job, params, options)) as readonly T[],
    };
    return Object.freeze(job);
  };
}

/** Whether a module's default export was made by `defineJob`. */
export function isJobDefinition(value: unknown): value is JobDefinition {
  return typeof value === 'object' && value !== null && JOB_BRAND in value;
}

/** The copy of the library that the module of the job imports. */
export function homeOf(job: JobDefinition): string {
  return job[JOB_BRAND];
}

/** The base name of a job file without its extension: the name of a job that was given none. */
export function jobNameOf(url: string): string {
  const path = url.split(/[?#]/, 1)[0] ?? '';
  const base = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  return base.replace(/\.[cm]?[jt]s$/, '') || 'job';
}
