/** The door of core for users: the API to describe jobs with, and the contracts of sources and sinks. */

export { AllWindowedStream } from './api/all-windowed-stream.js';
export { AsyncDataStream } from './api/async-data-stream.js';
export {
  type AsyncIterableOptions,
  AsyncIterableSource,
  type IterableResumption,
  type OpenIterable,
} from './api/async-iterable-source.js';
export {
  BroadcastConnectedStream,
  BroadcastStream,
  KeyedBroadcastConnectedStream,
} from './api/broadcast-stream.js';
export {
  CoGroupedStreams,
  type CoGroupedStreamsEqualTo,
  type CoGroupedStreamsWhere,
  type CoGroupFunction,
  type RichCoGroupFunction,
  type TaggedUnion,
  type WindowedCoGroup,
} from './api/co-grouped-streams.js';
export { type CollectedBatch, CollectSink } from './api/collect-sink.js';
export { CollectionSource } from './api/collection-source.js';
export { ConnectedStreams, KeyedConnectedStreams } from './api/connected-streams.js';
export {
  type DataGeneratorOptions,
  DataGeneratorSource,
  type GeneratorFunction,
} from './api/data-generator-source.js';
export { DataStream } from './api/data-stream.js';
export { DataStreamSink } from './api/data-stream-sink.js';
export type { JobBuilder, JobDefinition } from './api/define-job.js';
export { DiscardingSink } from './api/discarding-sink.js';
export { HybridSource, HybridSourceBuilder } from './api/hybrid-source.js';
export { type InterleavedReading, InterleavedSourceReader } from './api/interleaved-source-reader.js';
export { IntervalJoin, IntervalJoined } from './api/interval-join.js';
export { type JobParameterInput, JobParameters } from './api/job-parameters.js';
export {
  JoinedStreams,
  type JoinedStreamsEqualTo,
  type JoinedStreamsWhere,
  type JoinFunction,
  type RichJoinFunction,
  type WindowedJoin,
} from './api/joined-streams.js';
export { KeyedStream } from './api/keyed-stream.js';
export {
  type MalformedInputOptions,
  type MalformedRecord,
  malformedRecordType,
  type OnMalformedInput,
} from './api/malformed-record.js';
export { NumberSequenceSource } from './api/number-sequence-source.js';
export {
  KeyedStateTransformation,
  OneInputStateTransformation,
  OperatorTransformation,
} from './api/operator-transformation.js';
export { OutputTag } from './api/output-tag.js';
export { PacedSource } from './api/paced-source.js';
export {
  type MapPartitionFunction,
  PartitionWindowedStream,
  type RichMapPartitionFunction,
  type SortOrder,
} from './api/partition-windowed-stream.js';
export { PrintSink } from './api/print-sink.js';
export { reinterpretAsKeyedStream } from './api/reinterpreted-stream.js';
export { SequentialSourceReader, type SplitReader } from './api/sequential-source-reader.js';
export { SingleOutputStreamOperator } from './api/single-output-stream-operator.js';
export type { Committer, Sink, SinkWriter, SinkWriterContext, StandardStream } from './api/sink.js';
export { SlotSharingGroup, SlotSharingGroupBuilder } from './api/slot-sharing-group.js';
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
export { StateBootstrapTransformation } from './api/state-bootstrap-transformation.js';
export { type ConfigurationValue, StreamExecutionEnvironment } from './api/stream-execution-environment.js';
export { type BootstrapRecords, WindowedStateTransformation } from './api/windowed-state-transformation.js';
export { WindowedStream } from './api/windowed-stream.js';
export type { Duration } from './base/duration.js';
export type { ErrorCode } from './base/error-table.js';
export { isMillraceError, MillraceError } from './base/millrace-error.js';
export { Watermark } from './element/watermark.js';
export type { RuntimeExecutionMode } from './graph/runtime-mode.js';
export type { FailureContext, FailureEnricher } from './job/failure-enricher.js';
export type { JobExecutionResult } from './job/job-execution-result.js';
export type { Holder, JobExplanation, OperatorExplanation } from './job/job-explanation.js';
export type { JobStatusSnapshot } from './job/job-protocol.js';
export type { MetricsQuery, MetricValue } from './metrics/metric-values.js';
export {
  type Accumulator,
  AverageAccumulator,
  DoubleCounter,
  DoubleMaximum,
  DoubleMinimum,
  Histogram,
  IntCounter,
  ListAccumulator,
  LongCounter,
} from './operator/accumulator.js';
export type {
  AsyncFunction,
  AsyncInvoke,
  AsyncResults,
  ResultFuture,
  RichAsyncFunction,
} from './operator/async-function.js';
export {
  type AsyncRetryPredicates,
  AsyncRetryStrategies,
  type AsyncRetryStrategy,
  RetryPredicates,
} from './operator/async-retry-strategy.js';
export type {
  ApplyToKeyedState,
  BroadcastContext,
  BroadcastProcessFunction,
  BroadcastReader,
  BroadcastReadOnlyContext,
  BroadcastWriter,
  KeyedBroadcastContext,
  KeyedBroadcastOnTimerContext,
  KeyedBroadcastProcessFunction,
  KeyedBroadcastReadOnlyContext,
} from './operator/broadcast-process-function.js';
export type {
  CoFlatMapFunction,
  CoMapFunction,
  CoProcessFunction,
  KeyedCoProcessFunction,
} from './operator/co-process-function.js';
export type { Collector } from './operator/collector.js';
export type { CachedFile, DistributedCache } from './operator/distributed-cache.js';
export type { FieldAt, FieldPath, FieldPathTo } from './operator/field-path.js';
export type { FilterFunction, FlatMapFunction, KeySelector, MapFunction } from './operator/functions.js';
export type {
  KeyedProcessContext,
  KeyedProcessFunction,
  KeyedRuntimeContext,
  KeyedStates,
  OnTimerContext,
  TimeDomain,
} from './operator/keyed-process-function.js';
export type { KeyedReaderContext, KeyedStateReaderFunction } from './operator/keyed-state-reader-function.js';
export type { ProcessContext, ProcessFunction } from './operator/process-function.js';
export type { ProcessJoinContext, ProcessJoinFunction } from './operator/process-join-function.js';
export type {
  CheckpointedFunction,
  CheckpointListener,
  FunctionInitializationContext,
  FunctionSnapshotContext,
  RichFunction,
} from './operator/rich-function.js';
export type {
  RichFilterFunction,
  RichFlatMapFunction,
  RichMapFunction,
  RichReduceFunction,
} from './operator/rich-functions.js';
export type { Comparable } from './operator/rolling-aggregation.js';
export type { RuntimeContext } from './operator/runtime-context.js';
export type {
  KeyedBootstrapContext,
  KeyedStateBootstrapFunction,
  StateBootstrapFunction,
} from './operator/state-bootstrap-function.js';
export type { TimerService, TimeService } from './operator/timer-service.js';
export type { WindowReaderContext, WindowReaderFunction } from './operator/window-reader-function.js';
export type { Clock } from './ports/clock.js';
export type { FileSystem } from './ports/file-system.js';
export type { LogFields, Logger } from './ports/logger.js';
export type {
  Counter,
  Meter,
  MetricGroup,
  MetricHistogram,
  MetricHistogramOptions,
} from './ports/metrics.js';
export type { Infer, TypeDescriptor } from './serde/type-descriptor.js';
export { types } from './serde/types.js';
export type { AggregateFunction, ReduceFunction } from './state/aggregate-function.js';
export type { AggregatingState } from './state/aggregating-state.js';
export type { BroadcastState, ReadOnlyBroadcastState } from './state/broadcast-state.js';
export type { ListState } from './state/list-state.js';
export type { MapState } from './state/map-state.js';
export type { OperatorStateStore } from './state/operator-state-store.js';
export type { ReducingState } from './state/reducing-state.js';
export {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from './state/state-descriptor.js';
export type { StateOptions, StateTtlConfig } from './state/state-ttl.js';
export type { ValueState } from './state/value-state.js';
export type { WatermarkGenerator, WatermarkOutput } from './watermark/watermark-generator.js';
export { type TimestampAssigner, WatermarkStrategy } from './watermark/watermark-strategy.js';
export { ContinuousEventTimeTrigger } from './window/continuous-event-time-trigger.js';
export { ContinuousProcessingTimeTrigger } from './window/continuous-processing-time-trigger.js';
export { CountEvictor } from './window/count-evictor.js';
export { CountTrigger } from './window/count-trigger.js';
export { DeltaEvictor } from './window/delta-evictor.js';
export { type DeltaFunction, DeltaTrigger } from './window/delta-trigger.js';
export { EventTimeSessionWindows } from './window/event-time-session-windows.js';
export { EventTimeTrigger } from './window/event-time-trigger.js';
export type { Evictor, EvictorContext, TimestampedValue } from './window/evictor.js';
export { GlobalWindow } from './window/global-window.js';
export { GlobalWindows } from './window/global-windows.js';
export { NeverTrigger } from './window/never-trigger.js';
export type { ProcessAllWindowFunction } from './window/process-all-window-function.js';
export type { ProcessWindowContext, ProcessWindowFunction } from './window/process-window-function.js';
export { ProcessingTimeSessionWindows } from './window/processing-time-session-windows.js';
export { ProcessingTimeTrigger } from './window/processing-time-trigger.js';
export { ProcessingTimeoutTrigger } from './window/processing-timeout-trigger.js';
export { PurgingTrigger } from './window/purging-trigger.js';
export type {
  AllWindowApply,
  RichAllWindowFunction,
  RichWindowFunction,
  WindowApply,
} from './window/rich-window-functions.js';
export type { SessionWindowTimeGapExtractor } from './window/session-gap.js';
export { SlidingEventTimeWindows } from './window/sliding-event-time-windows.js';
export { SlidingProcessingTimeWindows } from './window/sliding-processing-time-windows.js';
export { TimeEvictor } from './window/time-evictor.js';
export { type MergeCallback, TimeWindow } from './window/time-window.js';
export {
  type MergeableStateDescriptor,
  type OnMergeContext,
  type Trigger,
  type TriggerContext,
  TriggerResult,
} from './window/trigger.js';
export { TumblingEventTimeWindows } from './window/tumbling-event-time-windows.js';
export { TumblingProcessingTimeWindows } from './window/tumbling-processing-time-windows.js';
export type {
  MergingWindowAssigner,
  WindowAssigner,
  WindowAssignerContext,
} from './window/window-assigner.js';
export { WindowStagger } from './window/window-stagger.js';
