import { type Trigger, TriggerResult } from './trigger.js';

/**
 * Never fires: the trigger of {@link GlobalWindows}, which are of use with another one.
 *
 * @example `windowed.trigger(NeverTrigger.create())`
 */
export class NeverTrigger implements Trigger {
  static create(): NeverTrigger {
    return new NeverTrigger();
  }

  onElement(): TriggerResult {
    return TriggerResult.CONTINUE;
  }

  canMerge(): boolean {
    return true;
  }
}
