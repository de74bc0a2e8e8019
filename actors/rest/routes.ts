import { checkpointRoutes } from './checkpoint-routes.js';
import { clusterRoutes } from './cluster-routes.js';
import { jobRoutes } from './job-routes.js';
import { logRoutes } from './log-routes.js';
import { metricRoutes } from './metric-routes.js';
import { millraceRoutes } from './millrace-routes.js';
import { profilingRoutes } from './profiling-routes.js';
import { rescaleRoutes } from './rescale-routes.js';
import { RestRouter } from './rest-router.js';
import type { RestServices } from './rest-services.js';
import { savepointRoutes } from './savepoint-routes.js';
import { submissionRoutes } from './submission-routes.js';
import { taskManagerRoutes } from './task-manager-routes.js';
import { vertexRoutes } from './vertex-routes.js';

/** Flink's REST interface, as of its release 2.2. */
export function restRouter(services: RestServices, onDefect: (error: unknown) => void): RestRouter {
  const routes = [
    ...clusterRoutes(services),
    ...jobRoutes(services),
    ...rescaleRoutes(services),
    ...vertexRoutes(services),
    ...checkpointRoutes(services),
    ...savepointRoutes(services),
    ...submissionRoutes(services),
    ...taskManagerRoutes(services),
    ...metricRoutes(services),
    ...profilingRoutes(services),
    ...millraceRoutes(services),
    ...logRoutes(services),
  ];
  return new RestRouter(routes, onDefect);
}
