import { isMillraceError, MillraceError } from '../base/millrace-error.js';
import type { BuiltJob } from '../graph/job-graph.js';
import { generateJobGraph, type JobGraphSettings } from '../graph/job-graph-generator.js';
import { parseRuntimeMode } from '../graph/runtime-mode.js';
import { expectNoPromise } from '../operator/synchronous.js';
import { type JobDefinition, jobNameOf } from './define-job.js';
import type { JobParameters } from './job-parameters.js';
import {
  type ConfigurationValue,
  type EnvironmentDescription,
  StreamExecutionEnvironment,
} from './stream-execution-environment.js';

/** What a job is started with. Plain data. */
export interface JobBuildOptions {
  /** Without it `pipeline.name`, or the job file's base name. */
  readonly name?: string;
  /** For the operators that set none, where the job does not either. */
  readonly parallelism?: number;
  readonly maxParallelism?: number;
  /** By uid of a vertex's head: what it was rescaled to. */
  readonly vertexParallelism?: Readonly<Record<string, number>>;
  /** Values that stand above those of the job. */
  readonly configuration?: Readonly<Record<string, ConfigurationValue>>;
}

/**
 * Builds the graph of a job: the plain part and the part that runs. Pure; the same arguments give the same
 * graph in every thread.
 *
 * @throws MillraceError MR1009 if the job's function threw, or what the API found wrong
 */
export function buildJob(
  definition: Pick<JobDefinition, 'url' | 'build'>,
  params: JobParameters,
  options: JobBuildOptions = {},
): BuiltJob {
  const env = new StreamExecutionEnvironment();
  describeJob(definition, env, params);
  return generateJobGraph(...settle(definition.url, env.describe(), params, options));
}

function describeJob(
  definition: Pick<JobDefinition, 'url' | 'build'>,
  env: StreamExecutionEnvironment,
  parameters: JobParameters,
): void {
  let returned: unknown;
  try {
    returned = definition.build(env, parameters);
  } catch (error) {
    if (isMillraceError(error)) throw error;
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new MillraceError('MR1009', `Building the job of ${definition.url} threw ${text}.`, {
      cause: error,
    });
  }
  expectNoPromise(returned, 'The function given to defineJob');
}

function settle(
  url: string,
  said: EnvironmentDescription,
  params: JobParameters,
  options: JobBuildOptions,
): [EnvironmentDescription['graph'], JobGraphSettings] {
  const configuration = { ...said.configuration, ...options.configuration };
  const maxParallelism = count(configuration['pipeline.max-parallelism']);
  return [
    said.graph,
    {
      name: options.name ?? text(configuration['pipeline.name']) ?? jobNameOf(url),
      parallelism:
        said.parallelism ?? options.parallelism ?? count(configuration['parallelism.default']) ?? 1,
      maxParallelism: said.maxParallelism ?? options.maxParallelism ?? maxParallelism,
      vertexParallelism: options.vertexParallelism ?? {},
      runtimeMode: parseRuntimeMode(
        said.runtimeMode ?? configuration['execution.runtime-mode'] ?? 'STREAMING',
      ),
      chainingEnabled: said.chaining ?? !isFalse(configuration['pipeline.operator-chaining.enabled']),
      generatesUids: !isFalse(configuration['pipeline.auto-generate-uids']),
      bufferTimeoutMs: said.bufferTimeoutMs,
      configuration: said.configuration,
      cachedFiles: said.cachedFiles,
      globalJobParameters: said.globalJobParameters ?? params,
    },
  ];
}

/** -1 and absent values leave the choice to others. */
function count(value: ConfigurationValue | undefined): number | undefined {
  return value === undefined || Number(value) === -1 ? undefined : Number(value);
}

function text(value: ConfigurationValue | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : String(value);
}

function isFalse(value: ConfigurationValue | undefined): boolean {
  return value === false || (typeof value === 'string' && value.toLowerCase() === 'false');
}
