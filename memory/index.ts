/** The door of memory: the calculator and the budgets that follow from it, and the data plane. */
export {
  type ChannelHandle,
  createPartition,
  type PartitionHandle,
  type PartitionPlan,
} from './channel-handle.js';
export { ChannelReader } from './channel-reader.js';
export { ChannelWriter } from './channel-writer.js';
export type { CheckpointAnnouncement } from './checkpoint-announcement.js';
export { ThreadCodecFactory } from './codec-factory.js';
export { createDoorbells, Doorbell, type DoorbellHandle } from './doorbell.js';
export type { ElementBytes } from './element-bytes.js';
export { ElementReader } from './element-reader.js';
export { createHeartbeats, Heartbeat, type HeartbeatMemory, HeartbeatMonitor } from './heartbeat.js';
export { IdleAction, IdleStrategy } from './idle-strategy.js';
export { jobManagerMemory, withJobManagerDefaultSize } from './job-manager-memory.js';
export { KillLock, type KillLockMemory } from './kill-lock.js';
export { type BufferUsage, LocalBufferPool } from './local-buffer-pool.js';
export type { MemoryConfiguration } from './memory-configuration.js';
export { MemorySize } from './memory-size.js';
export {
  type JobManagerMemory,
  jvmFlags,
  type MemoryConfigurationFields,
  type MemoryRemark,
  type MemoryRole,
  memoryConfigurationOf,
  type ProcessMemorySpec,
  type SlotMemory,
  slotMemory,
  type TaskManagerMemory,
} from './memory-spec.js';
export {
  type BufferDemand,
  bufferDemand,
  DEFAULT_NETWORK_BUFFER_OPTIONS,
  type GateBuffers,
  gateBuffers,
  type NetworkBufferOptions,
  networkBufferOptions,
  type PartitionBuffers,
  partitionBuffers,
  requireBuffers,
  segmentCount,
  type TaskChannels,
} from './network-buffers.js';
export { type FittedMemory, raiseProcessSizeUntilFits } from './process-size.js';
export { ReplySignal, type ReplySignalMemory } from './reply-signal.js';
export { createSegmentPool, SegmentAllocator, SegmentPool, type SegmentPoolHandle } from './segment-pool.js';
export { RecordedSegments } from './segment-queue.js';
export { SegmentReader } from './segment-reader.js';
export { shareBytes } from './shared-bytes.js';
export { dynamicConfiguration, forLocalExecution, taskExecutorResource } from './task-executor-resource.js';
export { taskManagerMemory, withTaskManagerDefaultSize } from './task-manager-memory.js';
export { TaskActivity, TaskGauge } from './task-metric-layout.js';
export {
  createTaskMetrics,
  type TaskMetric,
  type TaskMetricMemory,
  TaskMetricReader,
  TaskMetricWriter,
} from './task-metric-memory.js';
export {
  configuredControlHeap,
  controlHeapLimits,
  type GroupDemand,
  type GroupPlan,
  heapClassFor,
  type JobDemand,
  planRuntime,
  type RuntimePlan,
  resourceOf,
  type SlotDemand,
  STATE_WRITER_HEAP,
  TASK_HEAP_FLOOR_MB,
  threadsThatFit,
  tooSmallToRun,
  type V8HeapLimits,
  type VertexDemand,
} from './v8-mapping.js';
