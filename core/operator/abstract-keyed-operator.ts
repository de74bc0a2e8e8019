import { invariant } from '../base/invariant.js';
import { KeyedStateAccess } from '../state/keyed-state-access.js';
import { OneInputOperator } from './abstract-stream-operator.js';
import type { KeySelector } from './functions.js';
import type { ChainedOperatorContext, OperatorContext, Output, StreamOperator } from './stream-operator.js';

/** The keyed state that the task opened for an operator. */
export function keyedStateOf(context: OperatorContext): KeyedStateAccess {
  invariant(context.keyedState !== undefined, 'a keyed operator has a state store', { uid: context.uid });
  const { keyedState, codecs, maxParallelism, clock } = context;
  return new KeyedStateAccess(keyedState, codecs, maxParallelism, () => clock.wallMs());
}

/** An operator that may be given its records a key at a time, as in BATCH. */
export interface KeyedOperator extends StreamOperator {
  /**
   * Nothing more comes for the current key: event time ends for it, and its timers fire. False: called again
   * when there is room. Event time begins anew when it has returned true; the caller forgets the state.
   */
  endKey(): boolean;
}

/** An operator on a keyed stream: its state is in the store that the task opened for it. */
export abstract class AbstractKeyedOperator<K, IN, OUT>
  extends OneInputOperator<IN, OUT>
  implements KeyedOperator
{
  protected readonly keySelector: KeySelector<IN, K>;
  protected readonly access: KeyedStateAccess;

  constructor(context: ChainedOperatorContext, output: Output<OUT>, keySelector: KeySelector<IN, K>) {
    super(context, output);
    this.keySelector = keySelector;
    this.access = keyedStateOf(context);
  }

  get wantsLookAhead(): boolean {
    return this.access.ahead.pays;
  }

  lookAhead(values: readonly IN[], count: number): void {
    this.access.ahead.touch(values, count, this.keySelector);
  }

  endKey(): boolean {
    return true;
  }
}
