import { alignedTimeoutMsFromOptions, latencyTrackingFromOptions } from '../../core/internal.js';
import type { ClusterSlots } from '../cluster/cluster-slots.js';
import { backendOf } from './deployment.js';
import type { JobHome } from './job-home.js';
import type { JobPlan } from './job-plan.js';
import type { TaskLogReceiver } from './thread-task.js';
import type { LauncherSettings } from './thread-task-launcher.js';

/** What the attempts of a job have in common. */
export function launcherSettings(
  plan: JobPlan,
  home: JobHome,
  log: TaskLogReceiver,
  slots: ClusterSlots,
): LauncherSettings {
  const { values } = plan.options;
  return {
    moduleHash: plan.moduleHash,
    cachedFiles: plan.cachedFiles,
    task: {
      checkpointing: values['execution.checkpointing.interval'] !== undefined,
      commitsWithJob: plan.graph.runtimeMode === 'BATCH',
      exactlyOnce: values['execution.checkpointing.mode'] === 'EXACTLY_ONCE',
      alignedTimeoutMs: alignedTimeoutMsFromOptions(values),
      autoWatermarkIntervalMs: values['pipeline.auto-watermark-interval'],
      latency: latencyTrackingFromOptions(values),
      bufferTimeoutMs: bufferTimeoutMs(values['execution.buffer-timeout.interval']),
    },
    heartbeatTimeoutMs: values['heartbeat.timeout'],
    heartbeatIntervalMs: values['heartbeat.interval'],
    cancellation: {
      intervalMs: values['task.cancellation.interval'],
      timeoutMs: values['task.cancellation.timeout'],
    },
    state: {
      backend: backendOf(plan),
      runFolder: home.folder,
      s3: home.s3,
      localFolder: home.localFolder,
      backup: home.backup,
      quotaBytes: values['state.backend.lmdb.max-size'],
      snapshotTimeoutMs: values['execution.checkpointing.timeout'],
    },
    hostedStore: home.hostedStore,
    log,
    hasTaskManager: (id) => slots.has(id),
  };
}

/** Flink's -1: a segment is only published when it is full (or its task has nothing to do). */
function bufferTimeoutMs(configured: number): number {
  return configured < 0 ? Number.POSITIVE_INFINITY : configured;
}
