import {
  type JobDetails,
  JobParameters,
  MillraceError,
  type ResolvedOptions,
  Watermark,
} from '../../core/internal.js';
import type {
  CheckpointAnswer,
  SavepointAnswer,
  SubmissionAnswer,
  TaskStatus,
} from '../cluster/cluster-gateway.js';
import type { SessionGateway } from '../cluster/session-gateway.js';
import type {
  MetricScope,
  RestCluster,
  RestMetric,
  RestParallelism,
  RestTask,
} from '../rest/rest-cluster.js';
import type { Remote } from './comlink/comlink-port.js';
import { localTaskManager } from './local-task-manager.js';
import type { ThreadEnd } from './threads/thread-end.js';

/** Flink's word for none yet. */
const NO_WATERMARK = '-9223372036854775808';

/** What is asked of the control thread; every call crosses to it. */
type RemoteCluster = Remote<SessionGateway>;

/** The cluster as REST asks it, on the main thread. `end`: of the control thread, which answers. */
export function restClusterOf(gateway: RemoteCluster, options: ResolvedOptions, end: ThreadEnd): RestCluster {
  const asked = <T>(answer: Promise<T>): Promise<Awaited<T>> => end.orEnd(answer);
  const jobs = (): Promise<readonly JobDetails[]> => asked(gateway.jobs());
  const job = (jobId: string): Promise<JobDetails | undefined> => asked(gateway.job(jobId));
  const tasks = async (jobId: string): Promise<RestTask[]> =>
    (await asked(gateway.tasks(jobId))).map(restTask);
  return {
    jobs,
    job,
    checkpoints: (jobId) => asked(gateway.checkpoints(jobId)),
    failures: (jobId) => asked(gateway.failures(jobId)),
    jobConfiguration: (jobId) => asked(gateway.jobConfiguration(jobId)),
    explain: (jobId) => asked(gateway.explain(jobId)),
    accumulators: (jobId) => asked(gateway.accumulators(jobId)),
    taskManagers: async () => [localTaskManager(options, await jobs())],
    tasks,
    metrics: (scope) => metricsOf(scope, tasks),
    cancel: (jobId) => asked(gateway.cancel(jobId)),
    savepoint: (jobId, request) => asked<SavepointAnswer>(gateway.savepoint(jobId, request)),
    checkpoint: (jobId, type) => asked<CheckpointAnswer>(gateway.triggerCheckpoint(jobId, type)),
    async disposeSavepoint(path) {
      const { savepointTools } = await import('./savepoint-tools.js');
      await savepointTools.dispose(path);
    },
    submitFile: async (name, words, submission) =>
      asked<SubmissionAnswer>(gateway.submitFile(name, new JobParameters(words).all(), submission)),
    resourceRequirements: async (jobId) => {
      const known = await job(jobId);
      return known === undefined ? undefined : fixedParallelism(known);
    },
    rescale: () => Promise.reject(noRescaling()),
  };
}

function restTask({ records, ...status }: TaskStatus): RestTask {
  return { ...status, recordsIn: records, recordsOut: 0, bytesIn: 0, bytesOut: 0 };
}

async function metricsOf(
  scope: MetricScope,
  tasksOf: (jobId: string) => Promise<readonly RestTask[]>,
): Promise<RestMetric[]> {
  if (scope.type !== 'vertex') return [];
  const tasks = (await tasksOf(scope.jobId)).filter(({ vertexId }) => vertexId === scope.vertexId);
  return tasks.flatMap(({ subtask, recordsIn, watermark, busyMs, idleMs, backPressuredMs }) => [
    { id: `${subtask}.numRecordsIn`, value: recordsIn },
    { id: `${subtask}.currentInputWatermark`, value: watermark === Watermark.MIN ? NO_WATERMARK : watermark },
    { id: `${subtask}.accumulateBusyTimeMs`, value: Math.round(busyMs) },
    { id: `${subtask}.accumulateIdleTimeMs`, value: Math.round(idleMs) },
    { id: `${subtask}.accumulateBackPressuredTimeMs`, value: Math.round(backPressuredMs) },
  ]);
}

function fixedParallelism({ graph }: JobDetails): RestParallelism[] {
  return graph.vertices.map(({ id, parallelism }) => ({
    vertexId: id,
    lowerBound: parallelism,
    upperBound: parallelism,
  }));
}

function noRescaling(): MillraceError {
  return new MillraceError('MR5003', 'This cluster does not rescale jobs while they run.', {
    hint: 'Stop it with a savepoint, and start it from there with another parallelism.',
  });
}
