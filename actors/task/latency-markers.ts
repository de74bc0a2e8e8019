import type {
  ChainNode,
  LatencyMarker,
  LatencyTracking,
  MetricHistogram,
  TaskMetrics,
} from '../../core/internal.js';
import type { ResultPartition } from './result-partition.js';
import type { TaskEnvironment } from './task-environment.js';

/**
 * The latency markers of one task: a source sends them, every other operator notes how long they took and hands them
 * on, and where nothing follows they end. They wait in channels as records do, and pass by user code: what operators
 * hold back themselves, such as windows, is not in the time.
 *
 * Invariants: a marker goes behind all that its sender has sent; there is none of these objects unless latency is
 * measured, so that records pay nothing for it.
 */
export class LatencyMarkers {
  /** When a source sends the next one, monotonic. */
  nextMs: number;
  readonly #environment: TaskEnvironment;
  readonly #tracking: LatencyTracking;
  readonly #metrics: TaskMetrics;
  /** By edge id. */
  readonly #partitions: ReadonlyMap<number, ResultPartition>;
  readonly #histograms = new Map<string, MetricHistogram>();

  constructor(
    environment: TaskEnvironment,
    tracking: LatencyTracking,
    metrics: TaskMetrics,
    partitions: ReadonlyMap<number, ResultPartition>,
  ) {
    this.#environment = environment;
    this.#tracking = tracking;
    this.#metrics = metrics;
    this.#partitions = partitions;
    this.nextMs = environment.clock.monotonicMs();
  }

  /** A source sends one; the next follows an interval after `nowMs`, monotonic. */
  emit(nowMs: number): void {
    const { clock, address } = this.#environment;
    this.nextMs = nowMs + this.#tracking.intervalMs;
    const { vertexId, subtask } = address;
    this.#handOn(0, { markedMs: clock.wallMs(), sourceVertexId: vertexId, sourceSubtask: subtask });
  }

  /** One has come to the head of the chain. */
  pass(marker: LatencyMarker): void {
    this.#arrive(0, marker);
  }

  #arrive(index: number, marker: LatencyMarker): void {
    const node = this.#environment.vertex.nodes[index];
    if (node === undefined) return;
    // A wall clock that was set back must not make a way of less than no time.
    this.#histogramOf(node, marker).update(Math.max(0, this.#environment.clock.wallMs() - marker.markedMs));
    this.#handOn(index, marker);
  }

  #handOn(index: number, marker: LatencyMarker): void {
    for (const output of this.#environment.vertex.nodes[index]?.outputs ?? []) {
      if (output.kind === 'chained') this.#arrive(output.node, marker);
      else this.#partitions.get(output.edge.id)?.emitLatencyMarker(marker);
    }
  }

  /** Flink's name of it; the source is told by its vertex, whose name is not known here. */
  #histogramOf({ uid }: ChainNode, { sourceVertexId, sourceSubtask }: LatencyMarker): MetricHistogram {
    const { granularity, historySize } = this.#tracking;
    const vertex = granularity === 'single' ? '' : String(sourceVertexId);
    const subtask = granularity === 'subtask' ? String(sourceSubtask) : '';
    const key = `${uid}/${vertex}/${subtask}`;
    let histogram = this.#histograms.get(key);
    if (histogram === undefined) {
      let group = this.#metrics.groupOf('').addGroup('latency');
      if (vertex !== '') group = group.addGroup('source_id', vertex);
      if (subtask !== '') group = group.addGroup('source_subtask_index', subtask);
      histogram = group
        .addGroup('operator_id', uid)
        .addGroup('operator_subtask_index', String(this.#environment.address.subtask))
        .histogram('latency', { windowSize: historySize });
      this.#histograms.set(key, histogram);
    }
    return histogram;
  }
}
