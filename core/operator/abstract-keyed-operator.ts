import { invariant } from '../base/invariant.js';
import { KeyedStateAccess } from '../state/keyed-state-access.js';
import { OneInputOperator } from './abstract-stream-operator.js';
import type { KeySelector } from './functions.js';
import type { ChainedOperatorContext, OperatorContext, OperatorSnapshot, Output } from './stream-operator.js';

/** The keyed state that the task opened for an operator. */
export function keyedStateOf(context: OperatorContext): KeyedStateAccess {
  invariant(context.keyedState !== undefined, 'a keyed operator has a state store', { uid: context.uid });
  const { keyedState, codecs, maxParallelism, clock } = context;
  return new KeyedStateAccess(keyedState, codecs, maxParallelism, () => clock.wallMs());
}

/** An operator on a keyed stream: its state is in the store that the task opened for it. */
export abstract class AbstractKeyedOperator<K, IN, OUT> extends OneInputOperator<IN, OUT> {
  protected readonly keySelector: KeySelector<IN, K>;
  protected readonly access: KeyedStateAccess;

  constructor(context: ChainedOperatorContext, output: Output<OUT>, keySelector: KeySelector<IN, K>) {
    super(context, output);
    this.keySelector = keySelector;
    this.access = keyedStateOf(context);
  }

  override snapshotState(checkpointId: number): OperatorSnapshot {
    return { keyed: this.access.store.snapshot(checkpointId), lists: {} };
  }

  override notifyCheckpointComplete(checkpointId: number): void {
    this.access.store.notifyCheckpointComplete(checkpointId);
  }

  override notifyCheckpointAborted(checkpointId: number): void {
    this.access.store.notifyCheckpointAborted(checkpointId);
  }
}
