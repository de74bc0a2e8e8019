import type { OutputTag } from '../api/output-tag.js';
import { NO_TIMESTAMP } from '../element/watermark.js';
import type { KeyedStateAccess } from '../state/keyed-state-access.js';
import { KeyedOperatorContext } from './keyed-operator-context.js';
import type { OnTimerContext, TimeDomain } from './keyed-process-function.js';
import { SideOutputs } from './side-outputs.js';
import type { ChainedOperatorContext, Output } from './stream-operator.js';
import type { TimerService } from './timer-service.js';

/** The one context that all calls of a function with keys are given; the operator sets what changes. */
export class KeyedElementContext<K> extends KeyedOperatorContext implements OnTimerContext<K> {
  readonly timerService: TimerService;
  time: number;
  timeDomain: TimeDomain;
  readonly #sideOutputs: SideOutputs;

  constructor(
    context: ChainedOperatorContext,
    output: Output<never>,
    access: KeyedStateAccess,
    timerService: TimerService,
  ) {
    super(context, access);
    this.timerService = timerService;
    this.time = NO_TIMESTAMP;
    this.timeDomain = 'event-time';
    this.#sideOutputs = new SideOutputs(context, output);
  }

  get timestamp(): number | undefined {
    return this.time === NO_TIMESTAMP ? undefined : this.time;
  }

  get currentKey(): K {
    return this.access.keys.currentKey as K;
  }

  output<X>(tag: OutputTag<X>, value: X): void {
    this.#sideOutputs.send(tag, value, this.time);
  }
}
