// hot path: chain.bench.ts
import { refuseOutsideCall } from './call-check.js';
import type { Collector } from './collector.js';
import type { ChainedOperatorContext, Output, UserCodePosition } from './stream-operator.js';

/**
 * Gives the results of a user function the timestamp of the record (or timer) that it works on.
 *
 * Invariant: while user code of this operator runs, `userCode` names this operator: `collect` runs the rest
 * of the chain in between, and sets it back. So whoever collects while it does not is in no call.
 */
export class ElementCollector<T> implements Collector<T> {
  /** Of the results to come; set by the operator before each call of user code, or by {@link begin}. */
  timestamp: number;
  private readonly context: ChainedOperatorContext;
  private readonly output: Output<T>;
  private readonly userCode: UserCodePosition;
  private readonly node: number;

  constructor(context: ChainedOperatorContext, output: Output<T>) {
    this.timestamp = 0;
    this.context = context;
    this.output = output;
    this.userCode = context.userCode;
    this.node = context.chainIndex;
  }

  /** Before each call of user code that gets `functionContext`; both have the time of what it works on. */
  begin(functionContext: { time: number }, timestamp: number): void {
    this.timestamp = timestamp;
    functionContext.time = timestamp;
    this.userCode.node = this.node;
  }

  collect(value: T): void {
    if (this.userCode.node !== this.node) {
      refuseOutsideCall(this.context);
      return;
    }
    this.output.collect(value, this.timestamp);
    this.userCode.node = this.node;
  }
}
