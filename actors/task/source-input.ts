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
 * Invariants: `isAvailable` is awaited at most once at a time; after END_OF_INPUT the head is not polled.
 */
export class SourceInput implements TaskInput {
  readonly #head: SourceStreamOperator;
  readonly #completions: Completions;
  readonly #onEnded: () => void;
  readonly #onFailed: (error: unknown) => void;
  #available = true;
  #ended = false;
  #noMoreSplits = false;

  constructor(
    head: SourceStreamOperator,
    completions: Completions,
    onEnded: () => void,
    onFailed: (error: unknown) => void,
  ) {
    this.#head = head;
    this.#completions = completions;
    this.#onEnded = onEnded;
    this.#onFailed = onFailed;
  }

  poll(budget: number): number {
    if (!this.#available || this.#ended) return 0;
    const status = this.#head.poll(budget);
    if (status === InputStatus.MORE_AVAILABLE) return budget;
    if (status === InputStatus.END_OF_INPUT) {
      if (!this.#noMoreSplits) throw endedTooEarly();
      this.#ended = true;
      this.#onEnded();
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

  /** Splits as the enumerator sent them. */
  addSplits(splits: readonly unknown[]): void {
    this.#head.addSplits(splits);
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true;
    this.#head.notifyNoMoreSplits();
  }

  hasInput(): boolean {
    return this.#available && !this.#ended;
  }
}

/** The enumerator would wait for this reader for ever, and its task with it. */
function endedTooEarly(): MillraceError {
  return new MillraceError(
    'MR1001',
    'A source reader said END_OF_INPUT before it was told that no more splits follow.',
    {
      hint: 'Return END_OF_INPUT after notifyNoMoreSplits only; let the enumerator call signalNoMoreSplits.',
    },
  );
}

/**
 * The split enumerator beside subtask 0.
 *
 * Invariant: the task of subtask 0 lives until every subtask has been told that no more splits follow.
 */
export class EnumeratorHost {
  readonly coordinator: SourceCoordinator;
  readonly #told: Set<number>;
  readonly #parallelism: number;

  constructor(coordinator: SourceCoordinator, parallelism: number, finishedSubtasks: readonly number[]) {
    this.coordinator = coordinator;
    this.#parallelism = parallelism;
    this.#told = new Set(finishedSubtasks);
  }

  get done(): boolean {
    return this.#told.size >= this.#parallelism;
  }

  noteNoMoreSplits(subtask: number): void {
    this.#told.add(subtask);
  }
}
