import { fromWireError, MillraceError, type RawValue } from '../../core/internal.js';
import type { FileSubmission } from '../cluster/session-gateway.js';
import { ok, type RestAnswer, type RestRequest } from './rest-message.js';
import { place, type Route } from './rest-router.js';
import { optionalFieldsOf, type RestServices } from './rest-services.js';

const CLAIM_MODE = 'execution.state-recovery.claim-mode';

/**
 * Starts a job of a file that lies on the server already, in the folder of its cluster: nothing is uploaded. In the
 * place of Flink's id of a jar stands the file's name there, and `programArgsList` is what follows it in a shell.
 */
export function submissionRoutes(services: RestServices): readonly Route[] {
  return [{ method: 'POST', pattern: '/jars/:jarid/run', handle: (request) => run(services, request) }];
}

async function run({ cluster }: RestServices, request: RestRequest): Promise<RestAnswer> {
  const fields = optionalFieldsOf(request.body);
  const answer = await cluster.submitFile(
    place(request, 'jarid'),
    listOfTexts(fields.programArgsList, 'programArgsList'),
    submissionOf(fields),
  );
  if (answer.type === 'refused') throw fromWireError(answer.error);
  if (answer.type === 'started') return ok({ jobid: answer.jobId });
  throw new MillraceError(
    'MR7005',
    `The job ${answer.jobName} has finished before; nothing is left to resume.`,
  );
}

function submissionOf(fields: Readonly<Record<string, unknown>>): FileSubmission {
  const { parallelism, claimMode, savepointPath, allowNonRestoredState, jobName, start } = fields;
  if (start !== undefined && start !== 'new' && start !== 'resume' && start !== 'fresh')
    throw malformed('start', 'new, resume or fresh');
  const configuration: Record<string, RawValue> = { ...configurationOf(fields.flinkConfiguration) };
  if (parallelism !== undefined && parallelism !== null)
    configuration['parallelism.default'] = numberOf(parallelism, 'parallelism');
  const mode = optionalText(claimMode, 'claimMode');
  if (mode !== undefined) configuration[CLAIM_MODE] = mode;
  return {
    jobName: optionalText(jobName, 'jobName'),
    start,
    fromSavepoint: optionalText(savepointPath, 'savepointPath'),
    allowNonRestoredState: allowNonRestoredState === true,
    configuration,
  };
}

function configurationOf(value: unknown): Readonly<Record<string, RawValue>> {
  const fields = optionalFieldsOf(value);
  for (const [key, each] of Object.entries(fields)) {
    if (!['string', 'number', 'boolean'].includes(typeof each))
      throw malformed(key, 'a text, number or boolean');
  }
  return fields as Readonly<Record<string, RawValue>>;
}

function listOfTexts(value: unknown, name: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw malformed(name, 'a list of texts');
}

function optionalText(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw malformed(name, 'a text');
}

function numberOf(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  throw malformed(name, 'a number');
}

function malformed(name: string, form: string): MillraceError {
  return new MillraceError('MR7003', `'${name}' is ${form}.`);
}
