import {
  type CheckpointHistory,
  type CheckpointRecord,
  type JobConfiguration,
  type JobGraph,
  type SubtaskCheckpoint,
  summarizeValues,
  type VertexCheckpoint,
} from '../../core/internal.js';
import { statsJson, sumOf } from './quantiles.js';
import { vertexIdOf } from './vertex-id.js';

type Json = Readonly<Record<string, unknown>>;
type Vertices = JobGraph['vertices'];

const CLASS_NAMES = { IN_PROGRESS: 'in_progress', COMPLETED: 'completed', FAILED: 'failed' } as const;

/** `/jobs/:jobid/checkpoints`. */
export function checkpointStatistics(history: CheckpointHistory, vertices: Vertices): Json {
  const { counts, restored, summary } = history;
  const told = (record: CheckpointRecord | undefined) =>
    record === undefined ? null : checkpointJson(record, vertices, false);
  return {
    counts: {
      restored: counts.restored,
      total: counts.total,
      in_progress: counts.inProgress,
      completed: counts.completed,
      failed: counts.failed,
    },
    summary: {
      checkpointed_size: statsJson(summary.checkpointedBytes),
      state_size: statsJson(summary.stateBytes),
      end_to_end_duration: statsJson(summary.durationMs),
      alignment_buffered: statsJson(summarizeValues([0])),
      processed_data: statsJson(summary.processedBytes),
      persisted_data: statsJson(summary.persistedBytes),
    },
    latest: {
      completed: told(history.latestCompleted),
      savepoint: told(history.latestSavepoint),
      failed: told(history.latestFailed),
      restored:
        restored === undefined
          ? null
          : {
              id: restored.checkpointId,
              restore_timestamp: restored.restoredMs,
              is_savepoint: restored.isSavepoint,
              external_path: restored.externalPath ?? null,
            },
    },
    history: history.history.map((record) => checkpointJson(record, vertices, false)),
  };
}

/** `/jobs/:jobid/checkpoints/details/:checkpointid`; in lists Flink leaves the tasks out. */
export function checkpointJson(record: CheckpointRecord, vertices: Vertices, withTasks: boolean): Json {
  const isSavepoint = record.type === 'SAVEPOINT' || record.type === 'SYNC_SAVEPOINT';
  const tasks = withTasks
    ? record.tasks.map((task) => [vertexIdOf(vertices[task.vertexId]?.uid ?? ''), taskJson(record, task)])
    : [];
  return {
    className: CLASS_NAMES[record.status],
    id: record.checkpointId,
    status: record.status,
    is_savepoint: isSavepoint,
    savepointFormat: isSavepoint ? 'CANONICAL' : null,
    trigger_timestamp: record.triggerMs,
    latest_ack_timestamp: record.latestAckMs ?? -1,
    checkpointed_size: record.checkpointedBytes,
    state_size: record.stateBytes,
    end_to_end_duration: Math.round(record.durationMs),
    alignment_buffered: 0,
    processed_data: record.processedBytes,
    persisted_data: record.persistedBytes,
    num_subtasks: sumOf(record.tasks.map(({ subtasks }) => subtasks.length)),
    num_acknowledged_subtasks: sumOf(record.tasks.map(({ subtasks }) => acknowledged(subtasks).length)),
    checkpoint_type: record.type,
    tasks: Object.fromEntries(tasks),
    ...endOf(record),
  };
}

function endOf({ status, externalPath, discarded, failure, triggerMs }: CheckpointRecord): Json {
  if (status === 'COMPLETED') return { external_path: externalPath ?? null, discarded };
  if (status === 'IN_PROGRESS') return {};
  return {
    failure_timestamp: failure?.failedMs ?? triggerMs,
    failure_message: failure?.message ?? null,
  };
}

function taskJson(record: CheckpointRecord, { subtasks }: VertexCheckpoint): Json {
  const acks = acknowledged(subtasks);
  const all = acks.length === subtasks.length;
  return {
    id: record.checkpointId,
    status: all ? 'COMPLETED' : record.status === 'FAILED' ? 'FAILED' : 'IN_PROGRESS',
    latest_ack_timestamp: Math.max(-1, ...acks.map(({ ackMs }) => ackMs)),
    checkpointed_size: sumOf(acks.map(({ checkpointedBytes }) => checkpointedBytes)),
    state_size: sumOf(acks.map(({ stateBytes }) => stateBytes)),
    end_to_end_duration: Math.max(-1, ...acks.map(({ ackMs }) => ackMs - record.triggerMs)),
    alignment_buffered: 0,
    processed_data: sumOf(acks.map(({ processedBytes }) => processedBytes)),
    persisted_data: sumOf(acks.map(({ persistedBytes }) => persistedBytes)),
    num_subtasks: subtasks.length,
    num_acknowledged_subtasks: acks.length,
  };
}

/** `/jobs/:jobid/checkpoints/details/:checkpointid/subtasks/:vertexid`. */
export function taskCheckpointJson(record: CheckpointRecord, task: VertexCheckpoint): Json {
  const acks = acknowledged(task.subtasks);
  const summary = (of: (subtask: SubtaskCheckpoint) => number) => statsJson(summarizeValues(acks.map(of)));
  return {
    ...taskJson(record, task),
    summary: {
      checkpointed_size: summary(({ checkpointedBytes }) => checkpointedBytes),
      state_size: summary(({ stateBytes }) => stateBytes),
      end_to_end_duration: summary(({ ackMs }) => ackMs - record.triggerMs),
      checkpoint_duration: {
        sync: summary(({ syncMs }) => syncMs),
        async: summary(({ asyncMs }) => asyncMs),
      },
      alignment: {
        buffered: summary(() => 0),
        processed: summary(({ processedBytes }) => processedBytes),
        persisted: summary(({ persistedBytes }) => persistedBytes),
        duration: summary(({ alignmentMs }) => alignmentMs),
      },
      start_delay: summary(({ startDelayMs }) => startDelayMs),
    },
    subtasks: task.subtasks.map((subtask, index) => subtaskJson(record, subtask, index)),
  };
}

function subtaskJson(record: CheckpointRecord, subtask: SubtaskCheckpoint | undefined, index: number): Json {
  if (subtask === undefined) return { className: 'pending', index, status: 'pending_or_failed' };
  return {
    className: 'completed',
    index,
    ack_timestamp: subtask.ackMs,
    end_to_end_duration: subtask.ackMs - record.triggerMs,
    checkpointed_size: subtask.checkpointedBytes,
    state_size: subtask.stateBytes,
    checkpoint: { sync: Math.round(subtask.syncMs), async: Math.round(subtask.asyncMs) },
    alignment: {
      buffered: 0,
      processed: subtask.processedBytes,
      persisted: subtask.persistedBytes,
      duration: Math.round(subtask.alignmentMs),
    },
    start_delay: Math.round(subtask.startDelayMs),
    unaligned_checkpoint: subtask.unaligned,
    aborted: false,
    status: 'completed',
  };
}

function acknowledged(subtasks: VertexCheckpoint['subtasks']): readonly SubtaskCheckpoint[] {
  return subtasks.filter((subtask) => subtask !== undefined);
}

/** `/jobs/:jobid/checkpoints/config`. */
export function checkpointConfig({ options }: JobConfiguration): Json {
  const key = (name: string): unknown => options[`execution.checkpointing.${name}`]?.value;
  const ms = (name: string, unset: number): number =>
    typeof key(name) === 'number' ? Number(key(name)) : unset;
  return {
    mode: key('mode') === 'AT_LEAST_ONCE' ? 'AT_LEAST_ONCE' : 'EXACTLY_ONCE',
    interval: ms('interval', 0),
    timeout: ms('timeout', 600_000),
    min_pause: ms('min-pause', 0),
    max_concurrent: ms('max-concurrent-checkpoints', 1),
    externalization: {
      enabled: key('storage') !== 'jobmanager',
      delete_on_cancellation: key('externalized-checkpoint-retention') === 'DELETE_ON_CANCELLATION',
    },
    state_backend: String(options['state.backend.type']?.value ?? 'hashmap'),
    checkpoint_storage: String(key('storage') ?? 'filesystem'),
    unaligned_checkpoints: key('unaligned.enabled') === true,
    tolerable_failed_checkpoints: ms('tolerable-failed-checkpoints', 0),
    aligned_checkpoint_timeout: ms('aligned-checkpoint-timeout', 0),
    checkpoints_after_tasks_finish: true,
    state_changelog_enabled: false,
    changelog_periodic_materialization_interval: 600_000,
    changelog_storage: 'none',
  };
}
