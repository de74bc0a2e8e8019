import type { Source, SplitEnumerator, SplitEnumeratorContext } from '../api/source.js';
import { invariant } from '../base/invariant.js';
import { NO_SPLITS_LEFT } from '../checkpoint/state-assignment.js';
import type { SourceCoordinator, SplitAssignments } from './source-stream-operator.js';
import { decodeValue, encodeValue, type StoredItems } from './stored-items.js';
import type { OperatorContext } from './stream-operator.js';

/** The state of the enumerator, as a source declares it. */
export function storedEnumerator<T, SplitT, StateT>(source: Source<T, SplitT, StateT>): StoredItems<StateT> {
  return { name: 'enumerator', what: 'state of the split enumerator', type: source.enumeratorStateType };
}

/**
 * Runs the split enumerator of a source, on the thread of the source's subtask 0.
 *
 * Invariants:
 * - the enumerator's calls do not overlap: none comes before `start` has settled; requests that arrive
 *   earlier wait in `#early`;
 * - what its asynchronous work throws fails the task;
 * - where it had ended before the checkpoint ({@link NO_SPLITS_LEFT}) there is none: readers are told so.
 */
export class SourceCoordinatorOperator<T, SplitT, StateT> implements SourceCoordinator {
  readonly #context: OperatorContext;
  readonly #assignments: SplitAssignments;
  readonly #source: Source<T, SplitT, StateT>;
  readonly #stored: StoredItems<StateT>;
  #enumerator: SplitEnumerator<StateT> | undefined;
  #started: boolean;
  #exhausted: boolean;
  #closed: boolean;
  #early: number[];

  constructor(context: OperatorContext, assignments: SplitAssignments, source: Source<T, SplitT, StateT>) {
    this.#context = context;
    this.#assignments = assignments;
    this.#source = source;
    this.#stored = storedEnumerator(source);
    this.#enumerator = undefined;
    this.#started = false;
    this.#exhausted = false;
    this.#closed = false;
    this.#early = [];
  }

  async start(state: Uint8Array | undefined): Promise<void> {
    this.#exhausted = state?.length === NO_SPLITS_LEFT.length;
    if (this.#exhausted) return;
    const context = this.#enumeratorContext();
    try {
      const enumerator =
        state === undefined
          ? this.#source.createEnumerator(context)
          : this.#source.restoreEnumerator(context, decodeValue(this.#stored, state, this.#context.codecs));
      this.#enumerator = enumerator;
      await enumerator.start();
    } catch (error) {
      throw this.#context.userError(error);
    }
    this.#started = true;
    const early = this.#early;
    this.#early = [];
    for (const subtask of early) this.handleSplitRequest(subtask);
  }

  handleSplitRequest(subtask: number): void {
    if (this.#exhausted) {
      this.#assignments.signalNoMoreSplits(subtask);
      return;
    }
    if (!this.#started) {
      this.#early.push(subtask);
      return;
    }
    this.#guard(() => this.#required().handleSplitRequest(subtask));
  }

  snapshotState(checkpointId: number): Uint8Array {
    if (this.#exhausted) return NO_SPLITS_LEFT;
    invariant(this.#started, 'an enumerator is snapshotted after it has started', { checkpointId });
    return encodeValue(this.#stored, this.#required().snapshotState(checkpointId), this.#context.codecs);
  }

  notifyCheckpointComplete(checkpointId: number): void {
    if (this.#started) this.#guard(() => this.#required().notifyCheckpointComplete?.(checkpointId));
  }

  close(): void | Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    return this.#enumerator?.close?.();
  }

  #enumeratorContext(): SplitEnumeratorContext<SplitT> {
    const { parallelism, fileSystem, clock, completions } = this.#context;
    return {
      parallelism,
      fileSystem,
      clock,
      assignSplit: (split, subtask) => {
        this.#checkSubtask(subtask);
        this.#assignments.assignSplits(subtask, [split]);
      },
      signalNoMoreSplits: (subtask) => {
        this.#checkSubtask(subtask);
        this.#assignments.signalNoMoreSplits(subtask);
      },
      setIsProcessingBacklog: (isProcessingBacklog) => this.#assignments.reportBacklog(isProcessingBacklog),
      callAsync: (work, handle) => {
        completions.watch(
          work(),
          (value) => {
            if (!this.#closed) this.#guard(() => handle(value));
          },
          (error) => {
            if (!this.#closed) this.#context.fail(this.#context.userError(error));
          },
        );
      },
    };
  }

  #checkSubtask(subtask: number): void {
    const { parallelism } = this.#context;
    invariant(
      Number.isInteger(subtask) && subtask >= 0 && subtask < parallelism,
      'splits go to a reader that exists',
      {
        subtask,
        parallelism,
      },
    );
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#context.fail(this.#context.userError(error));
    }
  }

  #required(): SplitEnumerator<StateT> {
    invariant(this.#enumerator !== undefined, 'the enumerator has been made');
    return this.#enumerator;
  }
}
