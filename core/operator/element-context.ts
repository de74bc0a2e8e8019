import type { OutputTag } from '../api/output-tag.js';
import { NO_TIMESTAMP } from '../element/watermark.js';
import { refuseWithoutKey } from './keyless-use.js';
import type { ProcessContext } from './process-function.js';
import { OperatorRuntimeContext } from './runtime-context.js';
import { SideOutputs } from './side-outputs.js';
import type { ChainedOperatorContext, Output } from './stream-operator.js';
import type { TimeService } from './timer-service.js';

/** The one context that all calls of a function without keys are given; the operator sets what changes. */
export class ElementContext extends OperatorRuntimeContext implements ProcessContext {
  readonly timerService: TimeService;
  /** Set before each call of the function. */
  time: number;
  readonly #sideOutputs: SideOutputs;

  constructor(context: ChainedOperatorContext, output: Output<never>, timerService: TimeService) {
    super(context);
    this.timerService = timerService;
    this.time = NO_TIMESTAMP;
    this.#sideOutputs = new SideOutputs(context, output);
  }

  get timestamp(): number | undefined {
    return this.time === NO_TIMESTAMP ? undefined : this.time;
  }

  output<X>(tag: OutputTag<X>, value: X): void {
    this.#sideOutputs.send(tag, value, this.time);
  }

  getState(): never {
    refuseWithoutKey('Keyed state');
  }

  getListState(): never {
    refuseWithoutKey('Keyed state');
  }

  getMapState(): never {
    refuseWithoutKey('Keyed state');
  }

  getReducingState(): never {
    refuseWithoutKey('Keyed state');
  }

  getAggregatingState(): never {
    refuseWithoutKey('Keyed state');
  }
}
