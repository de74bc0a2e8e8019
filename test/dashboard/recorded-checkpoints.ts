import type {
  Checkpoint,
  CheckpointConfig,
  CheckpointStatistics,
  CheckpointSubtasks,
  SubtaskCheckpoint,
} from '../../actors/dashboard/model/flink-json.js';

/** The recorded job's checkpoints: ten, the last of which expired, one subtask being too busy for its barrier. */
export const FAILED_ID = 42;
const KEPT = 10;
const INTERVAL_MS = 10_000;
const TIMEOUT_MS = 60_000;
const SUBTASKS = 11;
const MESSAGE = 'Checkpoint expired before completing.';

export function checkpointStatistics(nowMs: number): CheckpointStatistics {
  const completed = Array.from({ length: KEPT - 1 }, (_, back) =>
    completedCheckpoint(FAILED_ID - 1 - back, nowMs),
  );
  const failed = withoutTasks(failedCheckpoint(nowMs));
  return {
    counts: { restored: 1, total: FAILED_ID, in_progress: 0, completed: FAILED_ID - 1, failed: 1 },
    latest: {
      completed: completed[0] ?? null,
      failed,
      savepoint: null,
      restored: {
        id: 17,
        restore_timestamp: nowMs - 300_000,
        is_savepoint: false,
        external_path: 'checkpoints/17',
      },
    },
    history: [failed, ...completed],
  };
}

export function failedCheckpoint(nowMs: number): Checkpoint {
  return {
    ...checkpoint(FAILED_ID, nowMs),
    status: 'FAILED',
    latest_ack_timestamp: nowMs - TIMEOUT_MS,
    end_to_end_duration: TIMEOUT_MS,
    num_acknowledged_subtasks: SUBTASKS - 1,
    failure_timestamp: nowMs - 5000,
    failure_message: MESSAGE,
    tasks: {
      ['a'.repeat(32)]: { id: FAILED_ID, num_subtasks: 2, num_acknowledged_subtasks: 2 },
      ['c'.repeat(32)]: { id: FAILED_ID, num_subtasks: 4, num_acknowledged_subtasks: 3 },
    },
  };
}

/** As in Flink's lists. */
function withoutTasks(one: Checkpoint): Checkpoint {
  return { ...one, tasks: {} };
}

function completedCheckpoint(id: number, nowMs: number): Checkpoint {
  const durationMs = 320 + ((id * 37) % 11) * 90;
  return {
    ...checkpoint(id, nowMs),
    status: 'COMPLETED',
    latest_ack_timestamp: triggeredMs(id, nowMs) + durationMs,
    end_to_end_duration: durationMs,
    num_acknowledged_subtasks: SUBTASKS,
    external_path: `checkpoints/${id}`,
    discarded: false,
  };
}

function triggeredMs(id: number, nowMs: number): number {
  return nowMs - 5000 - TIMEOUT_MS - (FAILED_ID - id) * INTERVAL_MS;
}

function checkpoint(id: number, nowMs: number): Checkpoint {
  return {
    id,
    status: 'IN_PROGRESS',
    is_savepoint: false,
    checkpoint_type: 'CHECKPOINT',
    trigger_timestamp: triggeredMs(id, nowMs),
    latest_ack_timestamp: -1,
    checkpointed_size: 1_400_000 + ((id * 53) % 17) * 130_000,
    state_size: 88_000_000 + id * 9000,
    end_to_end_duration: 0,
    processed_data: 0,
    persisted_data: 0,
    num_subtasks: SUBTASKS,
    num_acknowledged_subtasks: 0,
    tasks: {},
  };
}

/** In each checkpoint subtask 2 of the slow vertex is the last; in the failed one it never came. */
export function checkpointSubtasks(
  checkpointId: number,
  { name, parallelism }: { readonly name: string; readonly parallelism: number },
  nowMs: number,
): CheckpointSubtasks {
  const slow = name === 'mean-delay';
  const source = name.startsWith('Source');
  const subtask = (index: number): SubtaskCheckpoint => {
    if (slow && index === 2 && checkpointId === FAILED_ID) return { index, status: 'pending_or_failed' };
    const startDelayMs = source ? 2 : slow ? (index === 2 ? 480 : 140) : 60;
    const alignmentMs = source ? 0 : 35 + index * 6;
    const [sync, async] = slow ? [4, 120] : [1, 18];
    return {
      index,
      status: 'completed',
      ack_timestamp: triggeredMs(checkpointId, nowMs) + startDelayMs + alignmentMs + sync + async,
      end_to_end_duration: startDelayMs + alignmentMs + sync + async,
      checkpointed_size: slow ? 340_000 : 2000,
      state_size: slow ? 22_000_000 : 2000,
      checkpoint: { sync, async },
      alignment: { processed: 0, persisted: 0, duration: alignmentMs },
      start_delay: startDelayMs,
      unaligned_checkpoint: false,
    };
  };
  return {
    id: checkpointId,
    status: checkpointId === FAILED_ID ? 'FAILED' : 'COMPLETED',
    subtasks: Array.from({ length: parallelism }, (_, index) => subtask(index)),
  };
}

export function checkpointConfig(): CheckpointConfig {
  return {
    mode: 'EXACTLY_ONCE',
    interval: INTERVAL_MS,
    timeout: TIMEOUT_MS,
    min_pause: 0,
    max_concurrent: 1,
    externalization: { enabled: true, delete_on_cancellation: false },
    state_backend: 'lmdb',
    checkpoint_storage: 'filesystem',
    unaligned_checkpoints: false,
    tolerable_failed_checkpoints: 0,
    aligned_checkpoint_timeout: 0,
  };
}
