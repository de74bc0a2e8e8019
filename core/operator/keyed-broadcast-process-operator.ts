import { NO_TIMESTAMP } from '../element/watermark.js';
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
import { ElementCollector } from './element-collector.js';
import { FunctionLife } from './function-life.js';
import type { KeySelector } from './functions.js';
import { KeyedElementContext } from './keyed-element-context.js';
import type { KeyedRuntimeContext, TimeDomain } from './keyed-process-function.js';
import { KeyedTwoInputOperator } from './keyed-two-input-operator.js';
import type { ChainedOperatorContext, OperatorFactory, OperatorSnapshot, Output } from './stream-operator.js';
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
  readonly #collector: ElementCollector<R>;
  readonly #reading: KeyedReadingContext<K>;
  readonly #writing: KeyedWritingContext<K>;

  constructor(context: ChainedOperatorContext, output: Output<R>, work: KeyedBroadcast<K, A, B, R>) {
    super(context, output, { name: 'user', namespace: StateNamespace.VOID });
    this.#keySelector = work.keySelector;
    this.#fn = work.fn;
    this.#life = new FunctionLife(context, work.fn, 'a keyed broadcast process function');
    this.#collector = new ElementCollector(context, output);
    const states = new BroadcastStates(this.#life.states, work.descriptors);
    this.#reading = new KeyedReadingContext(context, output, this.access, this.timers, states);
    this.#writing = new KeyedWritingContext(context, output, this.access, this.timers, states);
  }

  override open(): void {
    this.#life.open(this.#reading);
  }

  processElement1(value: A, timestamp: number): void {
    const keySelector = this.#keySelector;
    this.context.userCode.node = this.context.chainIndex;
    this.access.keys.setCurrentKey(keySelector(value));
    this.#collector.timestamp = timestamp;
    this.#reading.time = timestamp;
    const returned: unknown = this.#fn.processElement(value, this.#reading, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement of a broadcast process function');
  }

  processElement2(value: B, timestamp: number): void {
    this.context.userCode.node = this.context.chainIndex;
    this.access.keys.clearCurrentKey();
    this.#collector.timestamp = timestamp;
    this.#writing.time = timestamp;
    const returned: unknown = this.#fn.processBroadcastElement(value, this.#writing, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processBroadcastElement');
    this.access.keys.clearCurrentKey();
  }

  onEventTime(timestamp: number): void {
    this.#collector.timestamp = timestamp;
    this.#onTimer(timestamp, 'event-time');
  }

  onProcessingTime(timestamp: number): void {
    this.#collector.timestamp = NO_TIMESTAMP;
    this.#onTimer(timestamp, 'processing-time');
  }

  override snapshotState(checkpointId: number): OperatorSnapshot {
    const own = this.#life.snapshotState(checkpointId);
    const { keyed, lists } = super.snapshotState(checkpointId);
    return { keyed, lists: { ...lists, ...own } };
  }

  override notifyCheckpointComplete(checkpointId: number): void {
    super.notifyCheckpointComplete(checkpointId);
    this.#life.notifyCheckpointComplete(checkpointId);
  }

  override notifyCheckpointAborted(checkpointId: number): void {
    super.notifyCheckpointAborted(checkpointId);
    this.#life.notifyCheckpointAborted(checkpointId);
  }

  override close(): void {
    this.#life.close();
  }

  #onTimer(timestamp: number, domain: TimeDomain): void {
    const reading = this.#reading;
    reading.time = timestamp;
    reading.timeDomain = domain;
    this.context.userCode.node = this.context.chainIndex;
    const returned: unknown = this.#fn.onTimer?.(timestamp, reading, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'onTimer of a broadcast process function');
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
