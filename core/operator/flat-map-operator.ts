// hot path: chain.bench.ts
import { MillraceError } from '../base/millrace-error.js';
import { OneInputOperator } from './abstract-stream-operator.js';
import { ElementCollector } from './element-collector.js';
import type { FlatMapFunction } from './functions.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

class FlatMapOperator<T, R> extends OneInputOperator<T, R> {
  private readonly fn: FlatMapFunction<T, R>;
  private readonly collector: ElementCollector<R>;

  constructor(context: ChainedOperatorContext, output: Output<R>, fn: FlatMapFunction<T, R>) {
    super(context, output);
    this.fn = fn;
    this.collector = new ElementCollector(context, output);
  }

  processElement(value: T, timestamp: number): void {
    const fn = this.fn;
    this.collector.timestamp = timestamp;
    this.context.userCode.node = this.context.chainIndex;
    const returned: unknown = fn(value, this.collector);
    if (returned !== undefined) expectNoResults(returned);
  }
}

/** Whoever knows `Array.flatMap` returns an array, which nobody would ever see. */
function expectNoResults(returned: unknown): void {
  expectNoPromise(returned, 'The function given to flatMap');
  if (typeof returned !== 'object' || returned === null || !(Symbol.iterator in returned)) return;
  throw new MillraceError('MR1001', 'The function given to flatMap returned its results.', {
    hint: 'Hand each of them to the collector: (value, out) => out.collect(...).',
  });
}

export function flatMapOperator<T, R>(fn: FlatMapFunction<T, R>): OperatorFactory {
  return {
    needsKeyedState: false,
    create: (context, output) => new FlatMapOperator(context, output as Output<R>, fn),
  };
}
