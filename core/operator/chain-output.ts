// hot path: chain.bench.ts
import type { OutputTag } from '../api/output-tag.js';
import type { Input, Output } from './stream-operator.js';
import type { WatermarkTrace } from './watermark-trace.js';

/** The next operator of the chain takes the main output; nobody takes side outputs. */
export class ChainedOutput<T> implements Output<T> {
  records: number;
  private readonly input: Input<T>;
  private readonly trace: WatermarkTrace;

  constructor(input: Input<T>, trace: WatermarkTrace) {
    this.records = 0;
    this.input = input;
    this.trace = trace;
  }

  collect(value: T, timestamp: number): void {
    this.records++;
    this.input.processElement(value, timestamp);
  }

  emitWatermark(timestamp: number): void {
    this.trace.noteWatermark(timestamp);
    this.input.processWatermark(timestamp);
  }

  emitIdle(): void {
    this.trace.idle = true;
    this.input.processIdle();
  }

  emitActive(): void {
    this.trace.idle = false;
    this.input.processActive();
  }

  sideOutput(): void {}
}

/** An edge takes the main output; nobody takes side outputs. */
export class EdgeOutput<T> implements Output<T> {
  records: number;
  private readonly edge: Output<T>;
  private readonly trace: WatermarkTrace;

  constructor(edge: Output<T>, trace: WatermarkTrace) {
    this.records = 0;
    this.edge = edge;
    this.trace = trace;
  }

  collect(value: T, timestamp: number): void {
    this.records++;
    this.edge.collect(value, timestamp);
  }

  emitWatermark(timestamp: number): void {
    this.trace.noteWatermark(timestamp);
    this.edge.emitWatermark(timestamp);
  }

  emitIdle(): void {
    this.trace.idle = true;
    this.edge.emitIdle();
  }

  emitActive(): void {
    this.trace.idle = false;
    this.edge.emitActive();
  }

  sideOutput(): void {}
}

/** One consumer of an operator: of its main output, or of a side output. */
export interface TaggedOutput {
  readonly tag: string | undefined;
  readonly output: Output<unknown>;
}

/**
 * Several consumers, of the main output or of side outputs, in the order of the graph. They are given the
 * same object: records must not be changed. Watermarks and idleness go to all of them.
 */
export class FanOutOutput implements Output<unknown> {
  /** Sent, however many consumers take each; side outputs that nobody takes are counted too. */
  records: number;
  private readonly all: readonly Output<unknown>[];
  private readonly main: readonly Output<unknown>[];
  private readonly side: ReadonlyMap<string, readonly Output<unknown>[]>;

  constructor(consumers: readonly TaggedOutput[]) {
    const side = new Map<string, Output<unknown>[]>();
    for (const { tag, output } of consumers) {
      if (tag !== undefined) side.set(tag, [...(side.get(tag) ?? []), output]);
    }
    this.records = 0;
    this.all = consumers.map(({ output }) => output);
    this.main = consumers.filter(({ tag }) => tag === undefined).map(({ output }) => output);
    this.side = side;
  }

  collect(value: unknown, timestamp: number): void {
    this.records++;
    const main = this.main;
    for (let i = 0; i < main.length; i++) main[i]?.collect(value, timestamp);
  }

  emitWatermark(timestamp: number): void {
    for (const output of this.all) output.emitWatermark(timestamp);
  }

  emitIdle(): void {
    for (const output of this.all) output.emitIdle();
  }

  emitActive(): void {
    for (const output of this.all) output.emitActive();
  }

  sideOutput<X>(tag: OutputTag<X>, value: X, timestamp: number): void {
    this.records++;
    const outputs = this.side.get(tag.id);
    if (outputs === undefined) return;
    for (let i = 0; i < outputs.length; i++) outputs[i]?.collect(value, timestamp);
  }
}

/** Nobody takes anything. */
export const NO_OUTPUT: Output<unknown> = {
  collect: () => {},
  emitWatermark: () => {},
  emitIdle: () => {},
  emitActive: () => {},
  sideOutput: () => {},
};
