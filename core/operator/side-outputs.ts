import type { OutputTag } from '../api/output-tag.js';
import { refuseOutsideCall } from './call-check.js';
import type { ChainedOperatorContext, Output } from './stream-operator.js';
import { checkOutputTag } from './tag-check.js';

/** Where user code sends values to side outputs. Invariant: as that of {@link ElementCollector}. */
export class SideOutputs {
  readonly #context: ChainedOperatorContext;
  readonly #output: Output<unknown>;

  constructor(context: ChainedOperatorContext, output: Output<never>) {
    this.#context = context;
    this.#output = output;
  }

  /** @throws MillraceError MR1001 if it is no tag */
  send<X>(tag: OutputTag<X>, value: X, timestamp: number): void {
    checkOutputTag(tag);
    const { userCode, chainIndex } = this.#context;
    if (userCode.node !== chainIndex) {
      refuseOutsideCall(this.#context);
      return;
    }
    this.#output.sideOutput(tag, value, timestamp);
    userCode.node = chainIndex;
  }
}
