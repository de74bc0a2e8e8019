import type { KeyedStates } from '../operator/keyed-process-function.js';
import { InternalTimerService } from './internal-timer-service.js';
import { StateNamespace } from './key-context.js';
import type { KeyedStateAccess } from './keyed-state-access.js';

/** The states of a store for who has no operator around it. */
export function keyedStatesOver(access: KeyedStateAccess): KeyedStates {
  return {
    getState: (descriptor) => access.getState(descriptor),
    getListState: (descriptor) => access.getListState(descriptor),
    getMapState: (descriptor) => access.getMapState(descriptor),
    getReducingState: (descriptor) => access.getReducingState(descriptor),
    getAggregatingState: (descriptor) => access.getAggregatingState(descriptor),
  };
}

/** The timers that user functions set, of which none fires here; made when they are first asked for. */
export function keyedTimers(access: KeyedStateAccess, wallMs: () => number): () => InternalTimerService {
  const host = { wallMs, wakeAt: () => {}, mustYield: () => false };
  const nobody = { onEventTime: () => {}, onProcessingTime: () => {} };
  let service: InternalTimerService | undefined;
  return () => {
    service ??= new InternalTimerService('user', access, StateNamespace.VOID, host, nobody);
    return service;
  };
}
