import type { BroadcastState, ReadOnlyBroadcastState } from '../state/broadcast-state.js';
import type { MapStateDescriptor } from '../state/state-descriptor.js';
import type {
  BroadcastContext,
  BroadcastProcessFunction,
  BroadcastReadOnlyContext,
} from './broadcast-process-function.js';
import { BroadcastStates } from './broadcast-states.js';
import { ElementCollector } from './element-collector.js';
import { ElementContext } from './element-context.js';
import { EventClock } from './event-clock.js';
import { FunctionLife } from './function-life.js';
import type { RuntimeContext } from './runtime-context.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';
import type { TimeService } from './timer-service.js';
import { TwoInputOperator } from './two-input-operator.js';

type Descriptors = readonly MapStateDescriptor<unknown, unknown>[];

/** Runs a {@link BroadcastProcessFunction}; the second input is the broadcast one. */
class BroadcastProcessOperator<A, B, R> extends TwoInputOperator<A, B, R> {
  readonly #fn: BroadcastProcessFunction<A, B, R>;
  readonly #life: FunctionLife<RuntimeContext>;
  readonly #clock: EventClock;
  readonly #collector: ElementCollector<R>;
  readonly #reading: ReadingContext;
  readonly #writing: WritingContext;

  constructor(
    context: ChainedOperatorContext,
    output: Output<R>,
    fn: BroadcastProcessFunction<A, B, R>,
    descriptors: Descriptors,
  ) {
    super(context, output);
    this.#fn = fn;
    this.#life = this.withPart(new FunctionLife(context, fn, 'a broadcast process function'));
    this.#clock = this.withPart(new EventClock(context));
    this.#collector = new ElementCollector(context, output);
    const states = new BroadcastStates(this.#life.states, descriptors);
    this.#reading = new ReadingContext(context, output, this.#clock, states);
    this.#writing = new WritingContext(context, output, this.#clock, states);
  }

  override open(): void {
    this.#life.open(this.#reading);
  }

  processElement1(value: A, timestamp: number): void {
    this.#collector.begin(this.#reading, timestamp);
    const returned: unknown = this.#fn.processElement(value, this.#reading, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement of a broadcast process function');
  }

  processElement2(value: B, timestamp: number): void {
    this.#collector.begin(this.#writing, timestamp);
    const returned: unknown = this.#fn.processBroadcastElement(value, this.#writing, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processBroadcastElement');
  }

  protected override processWatermark(timestamp: number): void {
    this.#clock.advance(timestamp);
    this.output.emitWatermark(timestamp);
  }
}

class BroadcastElementContext extends ElementContext {
  protected readonly states: BroadcastStates;

  constructor(
    context: ChainedOperatorContext,
    output: Output<never>,
    timerService: TimeService,
    states: BroadcastStates,
  ) {
    super(context, output, timerService);
    this.states = states;
  }
}

class ReadingContext extends BroadcastElementContext implements BroadcastReadOnlyContext {
  getBroadcastState<K, V>(descriptor: MapStateDescriptor<K, V>): ReadOnlyBroadcastState<K, V> {
    return this.states.readable(descriptor);
  }
}

/** What `processBroadcastElement` is given, with keys beside it or not. */
export class WritingContext extends BroadcastElementContext implements BroadcastContext {
  getBroadcastState<K, V>(descriptor: MapStateDescriptor<K, V>): BroadcastState<K, V> {
    return this.states.writable(descriptor);
  }
}

export function broadcastProcessOperator<A, B, R>(
  fn: BroadcastProcessFunction<A, B, R>,
  descriptors: Descriptors,
): OperatorFactory {
  return {
    needsKeyedState: false,
    create: (context, output) => new BroadcastProcessOperator(context, output as Output<R>, fn, descriptors),
  };
}
