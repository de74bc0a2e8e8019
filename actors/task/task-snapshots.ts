import {
  type BarrierAligner,
  type CheckpointKind,
  MillraceError,
  mayBeOvertaken,
  type OperatorChain,
  type TaskMessage,
  toWireError,
} from '../../core/internal.js';
import { InFlightRecording, numberedChannels } from './in-flight-recording.js';
import type { BarrierMeasures } from './metric-publisher.js';
import type { TaskAssembly } from './task-assembly.js';
import { TaskCheckpointer } from './task-checkpointer.js';
import { snapshotOwner, type TaskEnvironment, traceTask } from './task-environment.js';

type Trigger = Extract<TaskMessage, { type: 'trigger-checkpoint' }>;

/** What the snapshots of a task need of it. */
export interface SnapshotHost {
  /** The task takes nothing until `promise` has settled. */
  await(step: string, promise: Promise<void>, then: () => void): void;
  /** The state has been frozen. */
  onFrozen(checkpointId: number): void;
}

/**
 * Takes the snapshots of one task: decides when, with its aligner, freezes the operators, records what the
 * snapshot has overtaken, and has both written.
 *
 * Invariants:
 * - a snapshot is frozen only between two elements, after every earlier element has been fully processed;
 * - what is recorded of a channel begins where the frozen state ends, and ends at the barrier;
 * - at most one recording goes on: that of the checkpoint that was begun last.
 */
export class TaskSnapshots {
  readonly #environment: TaskEnvironment;
  readonly #aligner: BarrierAligner;
  readonly #parts: TaskAssembly;
  readonly #host: SnapshotHost;
  readonly #checkpointer: TaskCheckpointer;
  /** Its own inputs may be overtaken. */
  readonly #mayOvertake: boolean;
  #recording: InFlightRecording | undefined;
  #alignmentBegan = 0;
  /** Of the newest checkpoint whose barriers have all come, or were overtaken. */
  #alignmentMs = 0;
  /** From the trigger to the first word of the pending checkpoint, by the wall clock. */
  #startDelayMs = 0;
  /** What had been read by then. */
  #bytesBefore = 0;
  /** Monotonic time at which the pending checkpoint has waited long enough; Infinity: nothing waits for it. */
  #dueMs = Number.POSITIVE_INFINITY;
  #abortedId = -1;

  constructor(
    environment: TaskEnvironment,
    aligner: BarrierAligner,
    parts: TaskAssembly,
    host: SnapshotHost,
  ) {
    this.#environment = environment;
    this.#aligner = aligner;
    this.#parts = parts;
    this.#host = host;
    this.#checkpointer = new TaskCheckpointer(environment);
    this.#mayOvertake =
      this.servesWhileFull && environment.inputs.some(({ jobEdge }) => mayBeOvertaken(jobEdge.partitioner));
  }

  /** A trigger does not wait for room in the outputs. */
  get servesWhileFull(): boolean {
    const { checkpointing, exactlyOnce, alignedTimeoutMs } = this.#environment.settings;
    return checkpointing && exactlyOnce && alignedTimeoutMs !== Number.POSITIVE_INFINITY;
  }

  get pendingCount(): number {
    return this.#checkpointer.pendingCount;
  }

  /** Monotonic time at which a checkpoint stops waiting for its barriers. */
  get nextWakeMs(): number {
    return this.#aligner.isPending ? this.#dueMs : Number.POSITIVE_INFINITY;
  }

  /** Called at every step: looks for what has been announced, and records what has come. */
  lookAhead(): void {
    if (!this.#mayOvertake) return;
    this.#parts.lookAhead();
    this.#recording?.advance();
    if (this.#dueMs === Number.POSITIVE_INFINITY) return;
    if (this.#environment.clock.monotonicMs() < this.#dueMs) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#aligner.onDue();
  }

  /** A snapshot is to be taken ahead of barriers that are missing, as soon as nothing is half done. */
  get isOverdue(): boolean {
    return this.#aligner.overtakes && !this.#parts.isReplaying;
  }

  /** Takes that snapshot. */
  overtake(): void {
    const timestamp = this.#parts.lastBarrierMs;
    this.#aligner.overtake();
    this.begin(this.#aligner.currentCheckpointId, timestamp, 'checkpoint');
  }

  onAlignmentStarted(checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    const { clock, settings } = this.#environment;
    const now = clock.monotonicMs();
    traceTask(this.#environment, 'task.barrier-arrived', checkpointId);
    this.#beginAlignment(timestamp, now);
    this.#recording?.discard();
    this.#recording = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    if (!this.#mayOvertake || isSavepoint || checkpointId <= this.#abortedId) return;
    const left = Math.max(0, settings.alignedTimeoutMs - this.#startDelayMs);
    if (left === 0) this.#aligner.onDue();
    else this.#dueMs = now + left;
  }

  declineSubsumed(checkpointId: number): void {
    this.#environment.report({
      type: 'checkpoint-declined',
      checkpointId,
      reason: 'CHECKPOINT_DECLINED_SUBSUMED',
      error: toWireError(new MillraceError('MR3007', 'The checkpoint was subsumed by a newer barrier.')),
    });
  }

  /**
   * A trigger for a task that no barrier reaches. 'later': its inputs have not closed; who sent it knows that their
   * ends are on the way. 'begun': a snapshot has been.
   */
  trigger({ checkpointId, timestamp, kind, suspends }: Trigger): 'later' | 'begun' | 'done' {
    if (!this.#aligner.allClosed) {
      if (!this.#mayOvertake || kind === 'savepoint' || !this.#parts.isEnding) return 'later';
      this.#parts.onTriggered(checkpointId, timestamp);
      return 'done';
    }
    if (!this.#aligner.onTrigger(checkpointId)) return 'done';
    this.#beginAlignment(timestamp, this.#environment.clock.monotonicMs());
    if (suspends === true) this.#parts.suspendAfter(checkpointId);
    this.begin(checkpointId, timestamp, kind);
    return 'begun';
  }

  /** Everything in the chain is at rest. */
  begin(checkpointId: number, timestamp: number, kind: CheckpointKind): void {
    const aligned = this.#environment.clock.monotonicMs();
    traceTask(this.#environment, 'task.aligned', checkpointId);
    const freeze = (): void => this.#freeze(checkpointId, timestamp, kind, aligned);
    const prepared = this.#chain().prepareSnapshot(checkpointId);
    if (prepared === undefined) freeze();
    else this.#host.await('prepareSnapshot', prepared, freeze);
  }

  /** This checkpoint, and what is older, will not complete. */
  abort(checkpointId: number): void {
    this.#abortedId = Math.max(this.#abortedId, checkpointId);
    this.#aligner.abort(checkpointId);
    this.#checkpointer.abort(checkpointId);
    if (this.#recording !== undefined && this.#recording.checkpointId <= checkpointId) this.#endRecording();
  }

  measures(): BarrierMeasures {
    const alignmentMs = this.#aligner.isPending
      ? this.#environment.clock.monotonicMs() - this.#alignmentBegan
      : this.#alignmentMs;
    return { alignmentMs, startDelayMs: this.#startDelayMs };
  }

  /** Nothing is recorded or written any more when it resolves. */
  close(): Promise<void> {
    this.#endRecording();
    return this.#checkpointer.close();
  }

  /** The wall clock may have been set meanwhile. */
  #beginAlignment(timestamp: number, now: number): void {
    this.#alignmentBegan = now;
    this.#startDelayMs = Math.max(0, this.#environment.clock.wallMs() - timestamp);
    this.#bytesBefore = this.#parts.bytesRead;
  }

  #freeze(checkpointId: number, timestamp: number, kind: CheckpointKind, aligned: number): void {
    if (checkpointId < this.#aligner.currentCheckpointId || this.#aligner.isPending) return;
    // It was given up while its operators prepared for it.
    if (checkpointId <= this.#abortedId) return;
    this.#parts.outputs.writeBarrier(checkpointId, timestamp, kind === 'savepoint');
    const operators = this.#parts.freeze(checkpointId);
    const overtaken = this.#aligner.release();
    this.#parts.suspend(checkpointId);
    this.#host.onFrozen(checkpointId);
    const recording = this.#record(checkpointId, overtaken);
    const now = this.#environment.clock.monotonicMs();
    traceTask(this.#environment, 'task.snapshot-taken', checkpointId);
    this.#alignmentMs = aligned - this.#alignmentBegan;
    this.#checkpointer.write({
      checkpointId,
      kind,
      startDelayMs: this.#startDelayMs,
      alignmentMs: this.#alignmentMs,
      syncMs: now - aligned,
      processedBytes: this.#parts.bytesRead - this.#bytesBefore,
      unaligned: overtaken.length > 0,
      operators,
      ...(recording && { inFlight: { recording, owner: this.#owner() } }),
    });
  }

  /** Where data has ended there is nothing to record. */
  #record(checkpointId: number, overtaken: readonly number[]): InFlightRecording | undefined {
    const numbers = overtaken.filter((number) => !this.#parts.hasDataEnded(number));
    if (numbers.length === 0) return undefined;
    const { inputs } = this.#environment;
    const channels = numberedChannels(inputs, this.#parts.readers);
    const recording = new InFlightRecording(checkpointId, inputs, channels, numbers);
    this.#recording = recording;
    return recording;
  }

  #endRecording(): void {
    this.#recording?.discard();
    this.#recording = undefined;
  }

  #owner(): string {
    const [head] = this.#environment.vertex.nodes;
    return head === undefined ? '' : snapshotOwner(head, this.#environment.address.subtask);
  }

  #chain(): OperatorChain {
    return this.#parts.chain();
  }
}
