import t from 'tap';
import { ClusterMetrics, type MeasuredJob } from '../../../actors/boot/cluster-metrics.js';
import { SYSTEM_CLOCK } from '../../../actors/boot/system-clock.js';
import { NO_CHECKPOINTS } from '../../../core/checkpoint/checkpoint-statistics.js';
import type { JobDetails, JobStatusSnapshot } from '../../../core/internal.js';
import { JobRecord } from '../../../core/job/job-record.js';
import { modelGraph } from '../../model-graph.js';

/** A job without tasks that has ended at that time, or not. */
function job(jobId: string, endMs: number | undefined): MeasuredJob {
  const graph = { ...modelGraph({ name: 'source', parallelism: 1 }), name: `job-${jobId}` };
  const { details: begun } = new JobRecord({ jobId, graph, acceptedMs: 0 });
  const details: JobDetails = { ...begun, status: endMs === undefined ? 'RUNNING' : 'FINISHED', endMs };
  const status: JobStatusSnapshot = {
    ...details,
    rescales: 0,
    latestRescale: undefined,
    tasksRunning: 0,
    tasksFinished: 0,
    tasks: 1,
    checkpoints: NO_CHECKPOINTS,
    restoredCheckpointId: undefined,
    lastFailure: undefined,
  };
  return {
    view: { details: () => details, status: () => status, checkpoints: () => undefined },
    attempts: [],
  };
}

t.test('of jobs that have ended long ago only who asks for them is told', async (t) => {
  const now = SYSTEM_CLOCK.wallMs();
  const jobs = [job('running', undefined), job('ended', now - 60_000), job('old', now - 600_000)];
  const metrics = new ClusterMetrics(
    () => jobs,
    () => [],
  );
  const text = await metrics.prometheus();
  const shown = ['running', 'ended', 'old'].filter((id) => text.includes(`job_name="job-${id}"`));
  t.same(shown, ['running', 'ended']);
  for (const jobId of ['running', 'ended', 'old']) {
    const values = await metrics.values({ type: 'job', jobId });
    t.ok(
      values.some(({ id }) => id === 'uptime'),
      jobId,
    );
  }
  t.same(await metrics.values({ type: 'job', jobId: 'nobody' }), []);
});
