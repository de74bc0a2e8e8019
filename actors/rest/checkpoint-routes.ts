import {
  type CheckpointRecord,
  type CheckpointType,
  fromWireError,
  MillraceError,
} from '../../core/internal.js';
import {
  checkpointConfig,
  checkpointJson,
  checkpointStatistics,
  taskCheckpointJson,
} from './checkpoint-json.js';
import { asynchronousResult } from './operation-json.js';
import { accepted, ok, type RestAnswer, type RestRequest } from './rest-message.js';
import { place, type Route } from './rest-router.js';
import {
  countOf,
  jobIdOf,
  jobOf,
  optionalFieldsOf,
  type RestServices,
  vertexNamed,
} from './rest-services.js';

const CHECKPOINTS = '/jobs/:jobid/checkpoints';
const TYPES: readonly unknown[] = ['CONFIGURED', 'FULL', 'INCREMENTAL'] satisfies CheckpointType[];

/** The checkpoints of a job: which there were, how they went, and a new one. */
export function checkpointRoutes(services: RestServices): readonly Route[] {
  return [
    { method: 'GET', pattern: CHECKPOINTS, handle: (request) => statistics(services, request) },
    { method: 'POST', pattern: CHECKPOINTS, handle: (request) => trigger(services, request) },
    { method: 'GET', pattern: `${CHECKPOINTS}/config`, handle: (request) => config(services, request) },
    {
      method: 'GET',
      pattern: `${CHECKPOINTS}/:triggerid`,
      handle: async (request) => outcome(services, request),
    },
    {
      method: 'GET',
      pattern: `${CHECKPOINTS}/details/:checkpointid`,
      handle: (request) => details(services, request),
    },
    {
      method: 'GET',
      pattern: `${CHECKPOINTS}/details/:checkpointid/subtasks/:vertexid`,
      handle: (request) => subtasks(services, request),
    },
  ];
}

async function historyOf(services: RestServices, request: RestRequest) {
  const job = await jobOf(services, request);
  const history = await services.cluster.checkpoints(job.jobId);
  if (history === undefined) throw new MillraceError('MR7002', 'Checkpointing has not been enabled.');
  return { job, history };
}

async function statistics(services: RestServices, request: RestRequest): Promise<RestAnswer> {
  const { job, history } = await historyOf(services, request);
  return ok(checkpointStatistics(history, job.graph.vertices));
}

async function config(services: RestServices, request: RestRequest): Promise<RestAnswer> {
  const { jobId } = await jobOf(services, request);
  const configuration = await services.cluster.jobConfiguration(jobId);
  if (configuration?.options['execution.checkpointing.interval']?.value === undefined) {
    throw new MillraceError('MR7002', `Checkpointing is not enabled for this job (${jobId}).`);
  }
  return ok(checkpointConfig(configuration));
}

async function recordOf(services: RestServices, request: RestRequest) {
  const { job, history } = await historyOf(services, request);
  const id = countOf(place(request, 'checkpointid'), 'id of a checkpoint');
  const { latestCompleted, latestSavepoint, latestFailed } = history;
  const record = [...history.history, latestCompleted, latestSavepoint, latestFailed].find(
    (known): known is CheckpointRecord => known?.checkpointId === id,
  );
  if (record === undefined) {
    throw new MillraceError('MR7002', `Could not find checkpointing statistics for checkpoint ${id}.`);
  }
  return { job, record };
}

async function details(services: RestServices, request: RestRequest): Promise<RestAnswer> {
  const { job, record } = await recordOf(services, request);
  return ok(checkpointJson(record, job.graph.vertices, true));
}

async function subtasks(services: RestServices, request: RestRequest): Promise<RestAnswer> {
  const { job, record } = await recordOf(services, request);
  const vertex = vertexNamed(job.graph, place(request, 'vertexid'));
  const task = record.tasks.find(({ vertexId }) => vertexId === vertex.id);
  if (task === undefined)
    throw new MillraceError('MR7002', `There is no checkpoint of the vertex ${vertex.name}.`);
  return ok(taskCheckpointJson(record, task));
}

async function trigger(services: RestServices, request: RestRequest): Promise<RestAnswer> {
  const { jobId } = await jobOf(services, request);
  const { checkpointType, triggerId } = optionalFieldsOf(request.body);
  const type = checkpointType ?? 'CONFIGURED';
  if (!isCheckpointType(type)) {
    throw new MillraceError('MR7003', 'A checkpointType is CONFIGURED, FULL or INCREMENTAL.');
  }
  const id = services.operations.start(subjectOf(jobId), triggerId, async () => {
    const answer = await services.cluster.checkpoint(jobId, type);
    if (answer.type === 'failed') throw fromWireError(answer.error);
    return answer.checkpointId;
  });
  return accepted({ 'request-id': id });
}

function isCheckpointType(value: unknown): value is CheckpointType {
  return TYPES.includes(value);
}

function outcome({ operations }: RestServices, request: RestRequest): RestAnswer {
  const ended = operations.outcome(subjectOf(jobIdOf(request)), place(request, 'triggerid'));
  return ok(asynchronousResult(ended, 'checkpointId', 'failureCause'));
}

function subjectOf(jobId: string): string {
  return `checkpoints/${jobId}`;
}
