import type { OutputTag } from '../core/api/output-tag.js';
import type { OperatorStateHandle } from '../core/checkpoint/snapshot-handle.js';
import { NO_TIMESTAMP } from '../core/element/watermark.js';
import { Accumulators } from '../core/operator/accumulator.js';
import type {
  ChainedOperatorContext,
  Input,
  OperatorFactory,
  Output,
  StreamOperator,
  UserCodePosition,
} from '../core/operator/stream-operator.js';
import { OperatorWorld, type WorldOptions } from './operator-world.js';

/** What came out of an operator: a record as [value, timestamp], or something named. */
export type OutputElement =
  | readonly [value: unknown, timestamp: number | undefined]
  | { readonly watermark: number }
  | { readonly status: 'idle' | 'active' }
  | { readonly side: string; readonly value: unknown; readonly timestamp: number | undefined };

/** Takes down in order whatever is emitted. */
export class RecordingOutput implements Output<unknown> {
  elements: OutputElement[] = [];

  collect(value: unknown, timestamp: number): void {
    this.elements.push([value, timestamp === NO_TIMESTAMP ? undefined : timestamp]);
  }

  emitWatermark(watermark: number): void {
    this.elements.push({ watermark });
  }

  emitIdle(): void {
    this.elements.push({ status: 'idle' });
  }

  emitActive(): void {
    this.elements.push({ status: 'active' });
  }

  sideOutput<X>(tag: OutputTag<X>, value: X, timestamp: number): void {
    this.elements.push({
      side: tag.id,
      value,
      timestamp: timestamp === NO_TIMESTAMP ? undefined : timestamp,
    });
  }

  /** What came since the last call. */
  take(): OutputElement[] {
    const taken = this.elements;
    this.elements = [];
    return taken;
  }
}

/** One operator of one subtask, driven by hand on a heap store and a clock that stands still. */
export class OperatorTestHarness<IN> {
  readonly world: OperatorWorld;
  readonly output: RecordingOutput;
  readonly operator: StreamOperator;
  readonly userCode: UserCodePosition;
  readonly accumulators: Accumulators;
  readonly #inputs: readonly Input<unknown>[];
  readonly #uid: string;

  private constructor(
    world: OperatorWorld,
    output: RecordingOutput,
    operator: StreamOperator,
    context: ChainedOperatorContext,
  ) {
    this.world = world;
    this.output = output;
    this.operator = operator;
    this.userCode = context.userCode;
    this.accumulators = context.accumulators;
    this.#inputs = operator.inputs as readonly Input<unknown>[];
    this.#uid = context.uid;
  }

  static async open<IN>(
    factory: OperatorFactory,
    options: WorldOptions = {},
    world = new OperatorWorld(),
  ): Promise<OperatorTestHarness<IN>> {
    const output = new RecordingOutput();
    const userCode = { node: -1 };
    const store = factory.needsKeyedState ? await world.openStore(options) : undefined;
    const own = world.context(options, store);
    const context = { ...own, chainIndex: 0, accumulators: new Accumulators(own), userCode };
    const operator = factory.create(context, output as Output<never>);
    await operator.open();
    return new OperatorTestHarness<IN>(world, output, operator, context);
  }

  element(value: IN, timestamp: number = NO_TIMESTAMP): void {
    this.input(0).processElement(value, timestamp);
  }

  watermark(timestamp: number): void {
    this.input(0).processWatermark(timestamp);
  }

  idle(): void {
    this.input(0).processIdle();
  }

  active(): void {
    this.input(0).processActive();
  }

  input(index: number): Input<unknown> {
    const input = this.#inputs[index];
    if (input === undefined) throw new Error(`the operator has no input ${index}`);
    return input;
  }

  /** Lets time pass, waking the operator whenever it asked for it. */
  advance(ms: number): void {
    const { clock, wakes } = this.world;
    const end = clock.wallMs() + ms;
    for (;;) {
      const at = wakes.get(this.#uid) ?? Number.POSITIVE_INFINITY;
      if (at > end) break;
      wakes.delete(this.#uid);
      clock.advance(Math.max(0, at - clock.wallMs()));
      this.operator.onWake(clock.wallMs());
    }
    clock.advance(end - clock.wallMs());
  }

  take(): OutputElement[] {
    return this.output.take();
  }

  /** Results alone, in order. */
  takeRecords(): (readonly [unknown, number | undefined])[] {
    return this.take().filter((element): element is readonly [unknown, number | undefined] =>
      Array.isArray(element),
    );
  }

  async checkpoint(checkpointId: number): Promise<OperatorStateHandle> {
    await this.operator.prepareSnapshot(checkpointId);
    return this.world.store(this.operator.snapshotState(checkpointId), checkpointId);
  }
}
