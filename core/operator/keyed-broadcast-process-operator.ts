import type { ReadOnlyBroadcastState } from '../state/broadcast-state.js';
import { StateNamespace } from '../state/key-context.js';
import type { KeyedStateAccess } from '../state/keyed-state-access.js';
import type { MapStateDescriptor, StateDescriptor } from '../state/state-descriptor.js';
import type {
  ApplyToKeyedState,
  KeyedBroadcastContext,
  KeyedBroadcastOnTimerContext,
  KeyedBroadcastProcessFunction,
} from './broadcast-process-function.js';
import { WritingContext } from './broadcast-process-operator.js';
import { BroadcastStates } from './broadcast-states.js';
import { FunctionLife } from './function-life.js';
import type { KeySelector } from './functions.js';
import { KeyedCalls } from './keyed-calls.js';
import { KeyedElementContext } from './keyed-element-context.js';
import type { KeyedRuntimeContext } from './keyed-process-function.js';
import { KeyedTwoInputOperator } from './keyed-two-input-operator.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';
import type { TimerService } from './timer-service.js';

/** What a keyed broadcast operator runs. */
export interface KeyedBroadcast<K, A, B, R> {
  readonly keySelector: KeySelector<A, K>;
  readonly fn: KeyedBroadcastProcessFunction<K, A, B, R>;
  readonly descriptors: readonly MapStateDescriptor<unknown, unknown>[];
}

/** Runs a {@link KeyedBroadcastProcessFunction}; the second input is the broadcast one, which has no keys. */
class KeyedBroadcastProcessOperator<K, A, B, R> extends KeyedTwoInputOperator<A, B, R> {
  readonly #keySelector: KeySelector<A, K>;
  readonly #fn: KeyedBroadcastProcessFunction<K, A, B, R>;
  readonly #life: FunctionLife<KeyedRuntimeContext>;
  readonly #calls: KeyedCalls<R, KeyedReadingContext<K>>;
  readonly #writing: KeyedWritingContext<K>;

  constructor(context: ChainedOperatorContext, output: Output<R>, work: KeyedBroadcast<K, A, B, R>) {
    super(context, output, { name: 'user', namespace: StateNamespace.VOID });
    this.#keySelector = work.keySelector;
    this.#fn = work.fn;
    this.#life = this.withPart(new FunctionLife(context, work.fn, 'a keyed broadcast process function'));
    const states = new BroadcastStates(this.#life.states, work.descriptors);
    const reading = new KeyedReadingContext<K>(context, output, this.access, this.timers, states);
    this.#calls = new KeyedCalls(context, output, work.fn, reading);
    this.#writing = new KeyedWritingContext(context, output, this.access, this.timers, states);
  }

  override open(): void {
    this.#life.open(this.#calls.functionContext);
  }

  processElement1(value: A, timestamp: number): void {
    const keySelector = this.#keySelector;
    const { functionContext, collector } = this.#calls;
    collector.begin(functionContext, timestamp);
    this.access.keys.setCurrentKey(keySelector(value));
    const returned: unknown = this.#fn.processElement(value, functionContext, collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement of a broadcast process function');
  }

  processElement2(value: B, timestamp: number): void {
    const { collector } = this.#calls;
    collector.begin(this.#writing, timestamp);
    this.access.keys.clearCurrentKey();
    const returned: unknown = this.#fn.processBroadcastElement(value, this.#writing, collector);
    if (returned !== undefined) expectNoPromise(returned, 'processBroadcastElement');
    this.access.keys.clearCurrentKey();
  }

  onEventTime(timestamp: number): void {
    this.#calls.onEventTime(timestamp);
  }

  onProcessingTime(timestamp: number): void {
    this.#calls.onProcessingTime(timestamp);
  }
}

class KeyedReadingContext<K> extends KeyedElementContext<K> implements KeyedBroadcastOnTimerContext<K> {
  readonly #states: BroadcastStates;

  constructor(
    context: ChainedOperatorContext,
    output: Output<never>,
    access: KeyedStateAccess,
    timerService: TimerService,
    states: BroadcastStates,
  ) {
    super(context, output, access, timerService);
    this.#states = states;
  }

  getBroadcastState<BK, V>(descriptor: MapStateDescriptor<BK, V>): ReadOnlyBroadcastState<BK, V> {
    return this.#states.readable(descriptor);
  }
}

class KeyedWritingContext<K> extends WritingContext implements KeyedBroadcastContext<K> {
  readonly applyToKeyedState: ApplyToKeyedState<K>;

  constructor(
    context: ChainedOperatorContext,
    output: Output<never>,
    access: KeyedStateAccess,
    timers: TimerService,
    states: BroadcastStates,
  ) {
    // Without keys there are no timers.
    const time = {
      currentWatermark: () => timers.currentWatermark(),
      currentProcessingTime: () => timers.currentProcessingTime(),
    };
    super(context, output, time, states);
    const { userCode, chainIndex } = context;
    this.applyToKeyedState = (descriptor: StateDescriptor, fn: (key: K, state: never) => void): void => {
      access.forEachKey(descriptor, (key, state) => {
        userCode.node = chainIndex;
        expectNoPromise(fn(key as K, state as never), 'The function given to applyToKeyedState');
      });
    };
  }
}

export function keyedBroadcastProcessOperator<K, A, B, R>(work: KeyedBroadcast<K, A, B, R>): OperatorFactory {
  return {
    needsKeyedState: true,
    create: (context, output) => new KeyedBroadcastProcessOperator(context, output as Output<R>, work),
  };
}
