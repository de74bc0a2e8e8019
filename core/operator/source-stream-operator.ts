import type { InputStatus } from '../api/source.js';
import type { HeldBackBy } from '../protocol/event-time-report.js';
import type { StoredItems } from './stored-items.js';
import type { ChainedOperatorContext, OperatorContext, Output, StreamOperator } from './stream-operator.js';

/** Head of a source's chain: reads splits, assigns timestamps, makes watermarks. It has no inputs. */
export interface SourceStreamOperator extends StreamOperator {
  /** Emits at most `budget` records. END_OF_INPUT once: afterwards the task ends its input. */
  poll(budget: number): InputStatus;
  /** Settles when `poll` has something to do; asked after NOTHING_AVAILABLE. */
  isAvailable(): Promise<void>;
  /** Splits as the enumerator's thread sent them (plain data). */
  addSplits(splits: readonly unknown[]): void;
  notifyNoMoreSplits(): void;
  /** The least watermark of its alignment group is known anew. */
  alignTo(groupWatermark: number): void;
  /** Why its watermark is not greater. */
  heldBackBy(): HeldBackBy[];
}

/** What a reader says to others of its job. */
export interface SourceReaderHost {
  /** It asks the enumerator for a split. */
  requestSplit(): void;
  /** Where it is in event time, for its alignment group; Watermark.MAX: it holds nobody back. */
  reportWatermark?(group: string, watermark: number): void;
}

/** The split enumerator of a source, on the thread of subtask 0. */
export interface SourceCoordinator {
  /** Creates (or restores, if `state` is given) and starts the enumerator. */
  start(state: Uint8Array | undefined): void | Promise<void>;
  handleSplitRequest(subtask: number): void;
  /** Encoded state of the enumerator. */
  snapshotState(checkpointId: number): Uint8Array;
  notifyCheckpointComplete(checkpointId: number): void;
  close(): void | Promise<void>;
}

/** How a coordinator's decisions leave it; delivered to the readers in this order. */
export interface SplitAssignments {
  assignSplits(subtask: number, splits: readonly unknown[]): void;
  signalNoMoreSplits(subtask: number): void;
  reportBacklog(isProcessingBacklog: boolean): void;
}

export interface SourceOperatorFactory {
  /** What its readers keep, and its enumerator. */
  readonly stored: readonly StoredItems[];
  readonly storedEnumerator: StoredItems;
  createReader(
    context: ChainedOperatorContext,
    output: Output<never>,
    host: SourceReaderHost,
  ): SourceStreamOperator;
  createCoordinator(context: OperatorContext, assignments: SplitAssignments): SourceCoordinator;
}
