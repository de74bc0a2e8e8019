import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import { OperatorStates } from '../state/operator-state-store.js';
import type { KeyedStates } from './keyed-process-function.js';
import { refuseWithoutKey } from './keyless-use.js';
import type { OperatorPart } from './operator-part.js';
import type { RichFunction } from './rich-function.js';
import type { ChainedOperatorContext } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

/**
 * The life of a user function in its operator: operator state, open, checkpoints, close.
 *
 * Invariant: `close` reaches the function at most once, and only if its life has begun.
 */
export class FunctionLife<C> implements OperatorPart {
  /** State that belongs to no key. */
  readonly states: OperatorStates;
  readonly #context: ChainedOperatorContext;
  readonly #fn: RichFunction<C>;
  /** `a process function`, for messages. */
  readonly #what: string;
  #begun: boolean;

  constructor(context: ChainedOperatorContext, fn: RichFunction<C>, what: string) {
    this.states = new OperatorStates(context.codecs, context.restored?.lists ?? {});
    this.#context = context;
    this.#fn = fn;
    this.#what = what;
    this.#begun = false;
  }

  open(runtime: C): void {
    const { restoredCheckpointId } = this.#context;
    this.#begun = true;
    this.#enter();
    const initialized: unknown = this.#fn.initializeState?.({
      isRestored: restoredCheckpointId !== undefined,
      restoredCheckpointId,
      getOperatorStateStore: () => this.states,
      getKeyedStateStore: () => keyedStatesOf(runtime),
    });
    expectNoPromise(initialized, `initializeState of ${this.#what}`);
    expectNoPromise(this.#fn.open?.(runtime), `open of ${this.#what}`);
  }

  /** The operator state, after the function has brought it up to date. */
  snapshotState(checkpointId: number): Record<string, OperatorListHandle> {
    this.#enter();
    expectNoPromise(this.#fn.snapshotState?.({ checkpointId }), `snapshotState of ${this.#what}`);
    return this.states.snapshot();
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#enter();
    const returned: unknown = this.#fn.notifyCheckpointComplete?.(checkpointId);
    expectNoPromise(returned, `notifyCheckpointComplete of ${this.#what}`);
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#enter();
    const returned: unknown = this.#fn.notifyCheckpointAborted?.(checkpointId);
    expectNoPromise(returned, `notifyCheckpointAborted of ${this.#what}`);
  }

  close(): void {
    if (!this.#begun) return;
    this.#begun = false;
    this.#enter();
    this.#fn.close?.();
  }

  #enter(): void {
    this.#context.userCode.node = this.#context.chainIndex;
  }
}

/** The context of a function with keys is where its state comes from. */
function keyedStatesOf(runtime: unknown): KeyedStates {
  const { getState } = runtime as Partial<KeyedStates>;
  return getState === undefined ? refuseWithoutKey('Keyed state') : (runtime as KeyedStates);
}
