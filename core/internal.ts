/** The door of core for the sibling rooms: what they may use and users need not see. */
export { buildJob, type JobBuildOptions } from './api/build-job.js';
export {
  createDefineJob,
  homeOf,
  isJobDefinition,
  type JobBuilder,
  type JobDefinition,
  jobNameOf,
} from './api/define-job.js';
export { InterleavedSourceReader } from './api/interleaved-source-reader.js';
export { type JobParameterInput, JobParameters, type JobParameterValue } from './api/job-parameters.js';
export {
  type MalformedInputOptions,
  type MalformedRecord,
  type OnMalformedInput,
  validateMalformedInputOptions,
} from './api/malformed-record.js';
export { checkCount } from './api/operator-settings.js';
export { checkOptionNames } from './api/option-names.js';
export { OutputTag } from './api/output-tag.js';
export { SequentialSourceReader, type SplitReader } from './api/sequential-source-reader.js';
export type { SingleOutputStreamOperator } from './api/single-output-stream-operator.js';
export type { Committer, Sink, SinkWriter, SinkWriterContext, StandardStream } from './api/sink.js';
export {
  type Boundedness,
  InputStatus,
  type ReaderOutput,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SplitEnumerator,
  type SplitEnumeratorContext,
} from './api/source.js';
export { SplitQueueEnumerator } from './api/split-queue-enumerator.js';
export type { StateBootstrap, StateBootstrapTransformation } from './api/state-bootstrap-transformation.js';
export { type ConfigurationValue, StreamExecutionEnvironment } from './api/stream-execution-environment.js';
export { Availability } from './base/availability.js';
export { decodeBase64, encodeBase64 } from './base/base64.js';
export { crc32c } from './base/crc32c.js';
export { type Duration, durationMs, formatDuration } from './base/duration.js';
export { ERROR_TABLE, type ErrorCode } from './base/error-table.js';
export type { Instant } from './base/instant.js';
export { invariant, unreachable } from './base/invariant.js';
export { parseIso8601 } from './base/iso-8601.js';
export {
  formatMemoryBytes,
  formatMemoryBytesShort,
  MAX_MEMORY_BYTES,
  parseMemoryBytes,
  printMemoryBytes,
} from './base/memory-bytes.js';
export { accountOf, type ErrorDetails, isMillraceError, MillraceError } from './base/millrace-error.js';
export { murmur3, murmurOfInt } from './base/murmur3.js';
export { levenshtein, nearest } from './base/nearest.js';
export { ownEntry } from './base/own-entry.js';
export { Prng } from './base/prng.js';
export { decodeUtf8, encodeUtf8, utf8Length, writeUtf8 } from './base/utf8.js';
export { Alignment, BarrierAligner } from './checkpoint/barrier-aligner.js';
export {
  alignedTimeoutMsFromOptions,
  type CheckpointConfig,
  checkpointConfigFromOptions,
  DEFAULT_CHECKPOINT_CONFIG,
} from './checkpoint/checkpoint-config.js';
export {
  CHECKPOINT_FAILURE_REASONS,
  type CheckpointFailureReason,
} from './checkpoint/checkpoint-failure-reason.js';
export type {
  CheckpointHistory,
  CheckpointRecord,
  StatsSummary,
  SubtaskCheckpoint,
  VertexCheckpoint,
} from './checkpoint/checkpoint-history.js';
export type { CheckpointType, SavepointOrder } from './checkpoint/checkpoint-request-decider.js';
export type { CheckpointStatistics, LatestCheckpoint } from './checkpoint/checkpoint-statistics.js';
export type { CheckpointStorage, StoredJobResult } from './checkpoint/checkpoint-storage.js';
export { percentile, summarizeValues } from './checkpoint/checkpoint-summary.js';
export type { CheckpointRequestOutcome } from './checkpoint/coordinator-protocol.js';
export { fallbackWarnings, type PassedOverCheckpoint } from './checkpoint/fallback-warning.js';
export {
  claimedInFlight,
  type InFlightPart,
  type InFlightRestore,
  mayBeOvertaken,
  unclaimedInFlight,
} from './checkpoint/in-flight-assignment.js';
export { decodeInFlightBlock, encodeInFlightBlock, IN_FLIGHT_FORMAT } from './checkpoint/in-flight-block.js';
export {
  decideRecovery,
  type HolderState,
  type JobFacts,
  type JobHolder,
  type RecoveryDecision,
  type StartMode,
} from './checkpoint/recovery-decision.js';
export { decideRetention, type LoggedSlot, type StoredDataFile } from './checkpoint/retention.js';
export type {
  CheckpointKind,
  CheckpointManifest,
  InFlightChannel,
  InFlightEdge,
  InFlightHandle,
  KeyedStateFile,
  KeyedStateHandle,
  OperatorListHandle,
  OperatorStateHandle,
  SubtaskSnapshot,
  VertexSnapshot,
} from './checkpoint/snapshot-handle.js';
export { assignState, operatorUids, unclaimedUids } from './checkpoint/state-assignment.js';
export { withTimeAgain } from './checkpoint/time-again.js';
export { ElementKind } from './element/element-kind.js';
export type { LatencyMarker } from './element/latency-marker.js';
export { NO_TIMESTAMP, Watermark } from './element/watermark.js';
export { graphDifference } from './graph/graph-fingerprint.js';
export {
  type BuiltJob,
  type CachedFileEntry,
  type ChainNode,
  type ExecutableEdge,
  type ExecutableVertex,
  isPointwise,
  type JobEdge,
  type JobGraph,
  type PartitionerKind,
} from './graph/job-graph.js';
export {
  defaultMaxParallelism,
  javaHashCode,
  keyGroupOf,
  keyGroupRangeOf,
  MAX_PARALLELISM_LIMIT,
  subtaskOfKeyGroup,
} from './graph/key-group.js';
export type { StreamPartitioner } from './graph/stream-partitioner.js';
export {
  type AccumulatorsByUid,
  AccumulatorTotals,
  type AccumulatorValue,
  type AccumulatorValues,
} from './job/accumulator-totals.js';
export { AdaptiveScaling, type ScalingFacts } from './job/adaptive-scaling.js';
export { isAdaptive, isReactive, scalingConfigFromOptions } from './job/adaptive-scheduler-options.js';
export {
  type ClusterState,
  EMPTY_CLUSTER,
  type RecordedResult,
  recordedJob,
  type SubmittedJob,
  taskManagersAtFirst,
  withJob,
  withoutJob,
  withResult,
} from './job/cluster-state.js';
export { type FailureContext, type FailureEnricher, TYPE_ENRICHER } from './job/failure-enricher.js';
export type { FailureCause, FailureHistorySettings, JobFailure } from './job/failure-history.js';
export {
  type ConfiguredOption,
  describeConfiguration,
  type JobConfiguration,
} from './job/job-configuration.js';
export type { JobDetails, SubtaskDetails, VertexDetails } from './job/job-details.js';
export type { JobExecutionResult, JobRunResult } from './job/job-execution-result.js';
export { type ExplainedTask, explainJob, type JobExplanation } from './job/job-explanation.js';
export { JobInitialization } from './job/job-initialization.js';
export { JobMaster } from './job/job-master.js';
export type {
  DataReport,
  JobEffect,
  JobEvent,
  JobOutcome,
  JobStatusSnapshot,
  JobTimer,
} from './job/job-protocol.js';
export type { AcceptedJob } from './job/job-record.js';
export type { ExecutionState, JobStatus } from './job/job-status.js';
export { JobStore, type JobStoreLimits } from './job/job-store.js';
export type { JobView } from './job/job-view.js';
export {
  type KeptRequirements,
  type RequirementsByUid,
  requirementsByUid,
  requirementsKept,
} from './job/kept-requirements.js';
export { type LatencyTracking, latencyTrackingFromOptions } from './job/latency-tracking.js';
export {
  type ElectionEffect,
  type ElectionEvent,
  type ElectionSurvey,
  type ElectionTimer,
  LeaderElection,
  type LeaderElectionConfig,
} from './job/leader-election.js';
export type { OptionDefinition, OptionRange, OptionType, OptionValue } from './job/option-definition.js';
export { parseBoolean, parseInteger } from './job/option-value.js';
export {
  CONFIG_OPTIONS,
  definitionOf,
  describeOptions,
  environmentName,
  isOptionKey,
  OPTION_KEYS,
  type OptionDescription,
  type OptionKey,
  type OptionValues,
  optionNames,
  renamedTo,
} from './job/options.js';
export { type FailoverStrategy, failoverStrategyFromOptions } from './job/pipelined-regions.js';
export { type RescaleConfig, rescaleConfigFromOptions } from './job/rescale-config.js';
export type { RescaleOutcome, RescaleRecord } from './job/rescale-record.js';
export {
  checkRequirements,
  declaredRequirements,
  limitWithin,
  mergedRequirements,
  parallelismWithin,
  type ResourceRequirements,
  reactiveRequirements,
  slotsWithin,
  uniformRequirements,
  type VertexParallelism,
} from './job/rescale-requirements.js';
export {
  environmentLayer,
  OPTION_ORIGINS,
  type OptionLayer,
  type OptionOrigin,
  type RawValue,
  type ResolvedOptions,
  resolveOptions,
} from './job/resolve-options.js';
export {
  type RegisteredTaskManager,
  ResourceManager,
  type SlotGrant,
  type TaskManagerSlots,
} from './job/resource-manager.js';
export { createRestartStrategy, type RestartStrategy } from './job/restart-strategy.js';
export {
  defaultRestartStrategy,
  type RestartStrategyConfig,
  restartStrategyFromOptions,
} from './job/restart-strategy-config.js';
export type { SlotConfig } from './job/slot-claim.js';
export { loadBalanceMode, slotConfigFromOptions, TASK_MANAGERS_MAX } from './job/slot-options.js';
export { equalShare, excessOf, type SlotResource, withoutResource } from './job/slot-resource.js';
export {
  type GrantedSlot,
  type LoadBalanceMode,
  type SlotRequirement,
  sharedSlots,
  slotCount,
  slotRequirements,
  type TaskPlacement,
} from './job/slot-sharing.js';
export { isLogged } from './log/log-level.js';
export { OperatorLogger } from './log/operator-logger.js';
export { isSecretName, Redaction, withoutUserInfo } from './log/redaction.js';
export { traceRecord } from './log/trace-record.js';
export { jobReadings } from './metrics/job-readings.js';
export { type JobSpan, JobSpans } from './metrics/job-spans.js';
export {
  descriptorOf,
  descriptorText,
  type MetricDescriptor,
  numbersOf,
} from './metrics/metric-descriptor.js';
export { MetricRates } from './metrics/metric-rates.js';
export { gaugeReading, type ScopedReadings, type TaskScope } from './metrics/metric-reading.js';
export { type MetricsQuery, type MetricValue, metricValues } from './metrics/metric-values.js';
export { type ProcessNumbers, processReadings } from './metrics/process-readings.js';
export { prometheusText } from './metrics/prometheus-text.js';
export { type RegisteredMetric, TaskMetrics } from './metrics/task-metrics.js';
export {
  type GraphNames,
  operatorReadings,
  type TaskNumbers,
  taskReadings,
} from './metrics/task-readings.js';
export { type TelemetryPoint, telemetryPoints } from './metrics/telemetry-points.js';
export { NO_OUTPUT } from './operator/chain-output.js';
export type { Collector } from './operator/collector.js';
export { type CachedFileContent, type DistributedCache, FileCache } from './operator/distributed-cache.js';
export type { KeyedStateReaderFunction } from './operator/keyed-state-reader-function.js';
export { type OfflinePorts, offlineContext } from './operator/offline-context.js';
export { type ChainHost, OperatorChain } from './operator/operator-chain.js';
export { decodePlain, encodePlain } from './operator/operator-list.js';
export type {
  SourceCoordinator,
  SourceStreamOperator,
  SplitAssignments,
} from './operator/source-stream-operator.js';
export {
  type StateSurvey,
  type StoredStates,
  type SurveyedState,
  surveyState,
} from './operator/state-survey.js';
export { isStateless } from './operator/stateless-operator.js';
export { storedValueType } from './operator/stored-items.js';
export type { Input, OperatorContext, OperatorSnapshot, Output } from './operator/stream-operator.js';
export { checkFunctionObject, expectNoPromise } from './operator/synchronous.js';
export { WatermarkTrace } from './operator/watermark-trace.js';
export type { WindowReaderFunction } from './operator/window-reader-function.js';
export type { Clock } from './ports/clock.js';
export type { Completions } from './ports/completions.js';
export type {
  AppendableFile,
  FileEntry,
  FileStatus,
  FileSystem,
  ReadableFile,
} from './ports/file-system.js';
export type { JobExecutor } from './ports/job-executor.js';
export type {
  KeyedSnapshot,
  KeyedStateBackend,
  KeyedStateRequest,
  KeyedStateStore,
  KeyGroupRange,
  RowBatch,
  RowKey,
  RowMigration,
  RowVisitor,
  SnapshotFile,
  SnapshotWriter,
  StateFileHandle,
  StateFileReader,
  StateTable,
  TableOptions,
} from './ports/keyed-state-store.js';
export { RowForm } from './ports/keyed-state-store.js';
export { type LogFields, type LogLevel, type LogRecord, type LogSink, NO_LOG } from './ports/logger.js';
export type { MetricGroup, MetricHistogram } from './ports/metrics.js';
export type {
  AttemptDescription,
  AttemptRestore,
  PipelinedRegion,
  RunningAttempt,
  TaskEvent,
  TaskLauncher,
} from './ports/task-launcher.js';
export { Progress, type Tasklet } from './ports/tasklet.js';
export type { Timers } from './ports/timers.js';
export { NO_TRACE, type Trace, type TraceEvent } from './ports/trace.js';
export type { TaskAddress, TaskMessage, TaskReport } from './protocol/control-message.js';
export type { HeldBackBy, OperatorEventTime } from './protocol/event-time-report.js';
export { fromWireError, toWireError, type WireError } from './protocol/wire-error.js';
export { ByteReader } from './serde/byte-reader.js';
export { ByteWriter } from './serde/byte-writer.js';
export { interpretedCodec, noVariant, pathTo, placeOf } from './serde/interpreted-codec.js';
export { fromJson, toJson } from './serde/json-conversion.js';
export { jsonText } from './serde/json-text.js';
export { decodeKey } from './serde/key-decoding.js';
export { encodeKey } from './serde/key-encoding.js';
export { INT_KEY_BYTES, intKeyWord0, intKeyWord1 } from './serde/key-layout.js';
export { primitiveCodec, tooLong, utf16Text } from './serde/primitive-codecs.js';
export type { CodecFactory, RecordCodec } from './serde/record-codec.js';
export {
  fixedBytesOf,
  presenceBytes,
  STRING_BYTES_MAX,
  STRING_FORM_BITS,
  StringForm,
} from './serde/record-layout.js';
export {
  type ArrayNode,
  type FieldNode,
  type Infer,
  type MapNode,
  type ObjectNode,
  type PrimitiveNode,
  type TypeDescriptor,
  type TypeNode,
  typeId,
  type UnionNode,
} from './serde/type-descriptor.js';
export { mismatch, showValue, wantedBy } from './serde/type-mismatch.js';
export { leastBytes, validateType } from './serde/type-validation.js';
export { types } from './serde/types.js';
export { badBytes, endsEarly, need, readCount, readLength, readVarint, writeVarint } from './serde/varint.js';
export { StateNamespace } from './state/key-context.js';
export { KEY_TIMER_TYPE, KeyTimers, USER_TIMERS } from './state/key-timers.js';
export { KeyedStateAccess } from './state/keyed-state-access.js';
export { keyedStatesOver, keyedTimers } from './state/keyed-states-over.js';
export { LOOK_AHEAD_RECORDS } from './state/look-ahead.js';
export { OperatorStates, operatorStateOf } from './state/operator-state-store.js';
export { intRowHash, rowHash } from './state/row-hash.js';
export { ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor } from './state/state-descriptor.js';
export { STATE_TABLE_PREFIX, StateEntryDecoder, stateTableType } from './state/state-entry.js';
export { checkStoredKeys, KEYS_TABLE, keysText } from './state/state-evolution.js';
export { StateRow, TIMER_PREFIX_BYTES, TIMER_TABLE_PREFIX } from './state/state-row.js';
export { WatermarkStrategy } from './watermark/watermark-strategy.js';
export { WatermarkValve, type WatermarkValveOutput } from './watermark/watermark-valve.js';
export { TimeWindow } from './window/time-window.js';
export { WINDOW_CONTENTS } from './window/window-contents.js';
