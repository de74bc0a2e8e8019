import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type BuiltJob,
  buildJob,
  homeOf,
  isJobDefinition,
  isMillraceError,
  type JobBuildOptions,
  JobParameters,
  MillraceError,
} from '../../core/internal.js';
import { userStackLine } from '../task/user-stack-line.js';
import { ENGINE_HOME } from './engine-home.js';
import { syntaxErrorLine } from './syntax-error-line.js';

/** Which job to build, as every thread of a deployment is told. Plain data. */
export interface JobModule {
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  readonly options: JobBuildOptions;
}

/**
 * Imports a job's module and builds its graph in this thread.
 *
 * @throws MillraceError MR1003 if the module exports no job, MR1009 if it throws, or what the graph says
 */
export async function buildJobModule(
  module: JobModule,
): Promise<{ readonly job: BuiltJob; readonly unusedParams: readonly string[] }> {
  const imported = await importJob(module.url);
  const params = new JobParameters(module.params);
  try {
    const job = buildJob(imported, params, module.options);
    return { job, unusedParams: params.unused() };
  } catch (error) {
    if (isMillraceError(error)) throw atUserLine(error);
    throw new MillraceError('MR1009', `Building the graph of ${nameOf(module.url)} threw ${String(error)}`, {
      where: { at: userStackLine(error) ?? module.url },
      cause: error,
    });
  }
}

/**
 * SHA-256 of the module's own text, so that two threads of one deployment see a file that changed between.
 *
 * @throws MillraceError MR1009 if there is no such file
 */
export function moduleHash(url: string): string {
  if (!url.startsWith('file:')) return url;
  try {
    return createHash('sha256')
      .update(readFileSync(fileURLToPath(url)))
      .digest('hex');
  } catch (error) {
    throw new MillraceError('MR1009', `The job module ${nameOf(url)} cannot be read: ${String(error)}`, {
      where: { at: url },
      hint: 'Name the file of a job.',
      cause: error,
    });
  }
}

async function importJob(url: string) {
  let namespace: { readonly default?: unknown };
  try {
    namespace = (await import(url)) as { readonly default?: unknown };
  } catch (error) {
    if (isMillraceError(error)) throw atUserLine(error);
    throw importFailure(url, error);
  }
  if (isJobDefinition(namespace.default)) {
    refuseOtherCopy(url, homeOf(namespace.default));
    return namespace.default;
  }
  throw new MillraceError('MR1003', `${nameOf(url)} does not export a job.`, {
    where: { at: url },
    hint: 'End the module with: export default defineJob(import.meta.url, (env, params) => { ... }).',
  });
}

/** Classes of two copies are strangers to each other, so the graph would be refused for reasons nobody understands. */
function refuseOtherCopy(url: string, home: string): void {
  if (home === ENGINE_HOME) return;
  throw new MillraceError(
    'MR1003',
    `${nameOf(url)} imports the copy of millrace in ${pathOf(home)}; the one that runs is in ${pathOf(ENGINE_HOME)}.`,
    { where: { at: url }, hint: 'Start the program of the copy that the job imports.' },
  );
}

function pathOf(address: string): string {
  return address.startsWith('file:') ? fileURLToPath(address) : address;
}

function importFailure(url: string, error: unknown): MillraceError {
  const text = error instanceof Error ? error.message : String(error);
  const code = (error as { readonly code?: unknown } | null)?.code;
  const line = error instanceof SyntaxError ? syntaxErrorLine(url, error) : userStackLine(error);
  const details = { where: { at: line ?? url }, cause: error };
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return new MillraceError('MR1009', `The job module cannot be loaded: ${text}`, {
      ...details,
      hint: 'Check the path of the job file and of what it imports; imports of .js files need compiled ones.',
    });
  }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return new MillraceError('MR1009', `This Node.js cannot run ${nameOf(url)} without compiling it.`, {
      ...details,
      hint: 'Compile it with tsc and run the .js file, or use Node.js 22.18 or newer, which strips types.',
    });
  }
  return new MillraceError(
    'MR1009',
    `The job module ${nameOf(url)} threw while it was loaded: ${text}`,
    details,
  );
}

/** The error with the line of the job's module that threw it, or that called what threw it. */
function atUserLine(error: MillraceError): MillraceError {
  const at = userStackLine(error.cause) ?? userStackLine(error);
  return at === undefined ? error : error.located({ at });
}

function nameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
