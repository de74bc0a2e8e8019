import {
  fromWireError,
  type JobDetails,
  JobParameters,
  type ResolvedOptions,
  type WireError,
} from '../../core/internal.js';
import type {
  CheckpointAnswer,
  SavepointAnswer,
  SubmissionAnswer,
  TaskManagerAnswer,
} from '../cluster/cluster-gateway.js';
import type { RescaleAnswer } from '../cluster/rescale-request.js';
import type { SessionGateway } from '../cluster/session-gateway.js';
import type { RestCluster } from '../rest/rest-cluster.js';
import type { Remote } from './comlink/comlink-port.js';
import { restTaskManagers } from './rest-task-managers.js';
import type { ThreadEnd } from './threads/thread-end.js';

/** What is asked of the control thread; every call crosses to it. */
type RemoteCluster = Remote<SessionGateway>;

/** The cluster as REST asks it, on the main thread. `end`: of the control thread, which answers. */
export function restClusterOf(
  gateway: RemoteCluster,
  options: ResolvedOptions,
  end: ThreadEnd,
  shutDown: RestCluster['shutDown'],
): RestCluster {
  const asked = <T>(answer: Promise<T>): Promise<Awaited<T>> => end.orEnd(answer);
  const jobs = (): Promise<readonly JobDetails[]> => asked(gateway.jobs());
  const job = (jobId: string): Promise<JobDetails | undefined> => asked(gateway.job(jobId));
  return {
    shutDown,
    jobs,
    job,
    checkpoints: (jobId) => asked(gateway.checkpoints(jobId)),
    failures: (jobId) => asked(gateway.failures(jobId)),
    jobConfiguration: (jobId) => asked(gateway.jobConfiguration(jobId)),
    explain: (jobId) => asked(gateway.explain(jobId)),
    accumulators: (jobId) => asked(gateway.accumulators(jobId)),
    taskManagers: async () => restTaskManagers(options, await asked(gateway.taskManagers())),
    async startTaskManager() {
      const answer = await asked<TaskManagerAnswer>(gateway.startTaskManager());
      if (answer.type === 'failed') throw fromWireError(answer.error);
      return answer.taskManagerId;
    },
    async terminateTaskManager(id) {
      const error = await asked<WireError | undefined>(gateway.terminateTaskManager(id));
      if (error !== undefined) throw fromWireError(error);
    },
    tasks: (jobId) => asked(gateway.measuredTasks(jobId)),
    metrics: (query) => asked(gateway.readMetrics(query)),
    async sampleThreads(order) {
      const { threadSampler } = await import('./thread-sampler.js');
      return threadSampler.sample(order);
    },
    listLogs: (owner) => asked(gateway.listLogs(owner)),
    readLog: (owner, name) => asked(gateway.readLog(owner, name)),
    prometheus: () => asked(gateway.prometheus()),
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
      const requirements = await asked(gateway.resourceRequirements(jobId));
      if (requirements === undefined) return undefined;
      return Object.entries(requirements).map(([id, bounds]) => ({ vertexId: Number(id), ...bounds }));
    },
    rescale: async (jobId, wish, waits) => {
      const parallelism =
        typeof wish === 'number'
          ? wish
          : Object.fromEntries(wish.map(({ vertexId, ...bounds }) => [vertexId, bounds]));
      const answer = await asked<RescaleAnswer>(gateway.rescale(jobId, { parallelism, waits }));
      if (answer.type === 'failed') throw fromWireError(answer.error);
      return answer.type === 'rescaled' ? answer.rescale : undefined;
    },
  };
}
