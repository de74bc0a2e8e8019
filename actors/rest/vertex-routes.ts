import { MillraceError, type SubtaskDetails } from '../../core/internal.js';
import { BackPressureSampler } from './back-pressure.js';
import { ok, type RestRequest } from './rest-message.js';
import { place, type Route } from './rest-router.js';
import { countOf, type RestServices, vertexOf } from './rest-services.js';
import { vertexIdOf } from './vertex-id.js';
import {
  attemptOf,
  endpointOf,
  type SeenVertex,
  subtaskDetails,
  subtasksOf,
  subtaskTimes,
  vertexDetails,
  vertexTaskManagers,
} from './vertex-json.js';

const VERTEX = '/jobs/:jobid/vertices/:vertexid';

/** One vertex of a job and its subtasks. */
export function vertexRoutes(services: RestServices): readonly Route[] {
  const sampler = new BackPressureSampler(services.clock);
  const get = (below: string, answer: (seen: SeenVertex, request: RestRequest) => unknown): Route => ({
    method: 'GET',
    pattern: `${VERTEX}${below}`,
    handle: async (request) => ok(answer(await vertexOf(services, request), request)),
  });
  return [
    get('', vertexDetails),
    get('/subtasktimes', subtaskTimes),
    get('/taskmanagers', vertexTaskManagers),
    get('/backpressure', (seen) => sampler.backPressure(seen)),
    get('/accumulators', ({ vertex }) => ({ id: vertexIdOf(vertex.uid), 'user-accumulators': [] })),
    get('/subtasks/accumulators', subtaskAccumulators),
    get('/subtasks/:subtaskindex', (seen, request) => subtaskDetails(seen, subtaskOf(seen, request))),
    get('/subtasks/:subtaskindex/attempts/:attempt', (seen, request) =>
      subtaskDetails(seen, attemptNamed(seen, request)),
    ),
    get('/subtasks/:subtaskindex/attempts/:attempt/accumulators', (seen, request) => {
      const subtask = attemptNamed(seen, request);
      return {
        subtask: subtask.subtask,
        attempt: attemptOf(subtask),
        id: attemptIdOf(seen, subtask),
        'user-accumulators': [],
      };
    }),
  ];
}

/** Accumulators are told for the job as a whole: tasks bring theirs when they end, and they are summed then. */
function subtaskAccumulators(seen: SeenVertex) {
  return {
    id: vertexIdOf(seen.vertex.uid),
    parallelism: seen.vertex.parallelism,
    subtasks: subtasksOf(seen).map((subtask) => ({
      subtask: subtask.subtask,
      attempt: attemptOf(subtask),
      endpoint: endpointOf(subtask),
      'user-accumulators': [],
    })),
  };
}

function subtaskOf(seen: SeenVertex, request: RestRequest): SubtaskDetails {
  const index = countOf(place(request, 'subtaskindex'), 'subtask');
  const subtask = subtasksOf(seen)[index];
  if (subtask !== undefined) return subtask;
  throw new MillraceError('MR7002', `The vertex has no subtask ${index}.`);
}

/** Only of the present attempt is anything known. */
function attemptNamed(seen: SeenVertex, request: RestRequest): SubtaskDetails {
  const subtask = subtaskOf(seen, request);
  const attempt = countOf(place(request, 'attempt'), 'attempt');
  if (attempt === attemptOf(subtask)) return subtask;
  throw new MillraceError(
    'MR7002',
    `Attempt ${attempt} of subtask ${subtask.subtask} is not known any more.`,
  );
}

/** As Flink names one: the run of the graph, the vertex, the subtask, the attempt. */
function attemptIdOf({ job, vertex }: SeenVertex, subtask: SubtaskDetails): string {
  return `${job.jobId}_${vertexIdOf(vertex.uid)}_${subtask.subtask}_${attemptOf(subtask)}`;
}
