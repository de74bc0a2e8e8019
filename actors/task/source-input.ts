import {
  type Completions,
  InputStatus,
  invariant,
  MillraceError,
  type SourceCoordinator,
  type SourceStreamOperator,
} from '../../core/internal.js';
import type { TaskInput } from './task-input.js';

/**
 * The input of a source task: polls the head operator, sleeps while it has nothing, and on subtask 0 hosts
 * the split enumerator.
 *
 * Invariants: `isAvailable` is awaited at most once at a time; after END_OF_INPUT the head is not polled, and
 * given nothing, but for splits that were under way when it was drained; while it is suspended nothing is taken
 * from it.
 */
export class SourceInput implements TaskInput {
  readonly #head: SourceStreamOperator;
  readonly #completions: Completions;
  readonly #onEnded: (early: boolean) => void;
  readonly #onFailed: (error: unknown) => void;
  #available = true;
  #ended = false;
  #noMoreSplits = false;
  /** The checkpoint after whose snapshot nothing more is taken. */
  #suspendsWith: number | undefined;
  #suspended = false;
  #draining = false;

  /** `onEnded` is told whether the reader ended before it was told that no more splits follow. */
  constructor(
    head: SourceStreamOperator,
    completions: Completions,
    onEnded: (early: boolean) => void,
    onFailed: (error: unknown) => void,
  ) {
    this.#head = head;
    this.#completions = completions;
    this.#onEnded = onEnded;
    this.#onFailed = onFailed;
  }

  poll(budget: number): number {
    if (!this.hasInput()) return 0;
    const status = this.#draining ? InputStatus.END_OF_INPUT : this.#head.poll(budget);
    if (status === InputStatus.MORE_AVAILABLE) return budget;
    if (status === InputStatus.END_OF_INPUT) {
      this.#ended = true;
      this.#onEnded(!this.#noMoreSplits);
      return 1;
    }
    invariant(status === InputStatus.NOTHING_AVAILABLE, 'a source answers with a known status', { status });
    this.#available = false;
    this.#completions.watch(
      this.#head.isAvailable(),
      () => {
        this.#available = true;
      },
      this.#onFailed,
    );
    return 0;
  }

  /**
   * Splits as the enumerator sent them. A reader that was drained keeps them for its snapshot.
   *
   * @throws MillraceError MR6003 if the reader has ended: they would never be read
   */
  addSplits(splits: readonly unknown[]): void {
    if (this.#ended && !this.#draining) throw assignedTooLate();
    this.#head.addSplits(splits);
  }

  notifyNoMoreSplits(): void {
    if (this.#ended) return;
    this.#noMoreSplits = true;
    this.#head.notifyNoMoreSplits();
  }

  alignTo(groupWatermark: number): void {
    this.#head.alignTo(groupWatermark);
  }

  suspendAfter(checkpointId: number): void {
    this.#suspendsWith = checkpointId;
  }

  /** Nothing more is taken until `resume`, if this is the checkpoint to wait after. */
  suspend(checkpointId: number): void {
    if (checkpointId === this.#suspendsWith) this.#suspended = true;
  }

  /** After that checkpoint; undefined: after whatever it was. */
  resume(checkpointId: number | undefined): void {
    if (checkpointId !== undefined && checkpointId !== this.#suspendsWith) return;
    this.#suspendsWith = undefined;
    this.#suspended = false;
  }

  /** The input ends where it is. */
  drain(): void {
    this.#draining = true;
  }

  /** It has neither come to its end nor to a point at which it waits. */
  get isOpen(): boolean {
    return !this.#ended && !this.#suspended;
  }

  hasInput(): boolean {
    return (this.#available || this.#draining) && this.isOpen;
  }
}

function assignedTooLate(): MillraceError {
  return new MillraceError('MR6003', 'A split was assigned to a source reader that has ended.', {
    why: 'The reader returned END_OF_INPUT; nobody would read the split.',
    hint: 'Return END_OF_INPUT only when no split can follow: best after notifyNoMoreSplits.',
  });
}

/**
 * The split enumerator beside subtask 0.
 *
 * Invariant: the task of subtask 0 lives until every subtask has been told that no more splits follow, or has
 * ended by itself.
 */
export class EnumeratorHost {
  readonly coordinator: SourceCoordinator;
  /** Readers that get no more splits. */
  readonly #done: Set<number>;
  readonly #parallelism: number;

  constructor(coordinator: SourceCoordinator, parallelism: number, finishedSubtasks: readonly number[]) {
    this.coordinator = coordinator;
    this.#parallelism = parallelism;
    this.#done = new Set(finishedSubtasks);
  }

  get done(): boolean {
    return this.#done.size >= this.#parallelism;
  }

  noteReaderDone(subtask: number): void {
    this.#done.add(subtask);
  }
}
