import { MillraceError } from '../base/millrace-error.js';
import {
  type BroadcastState,
  BroadcastStateView,
  type ReadOnlyBroadcastState,
} from '../state/broadcast-state.js';
import type { OperatorStates } from '../state/operator-state-store.js';
import type { MapStateDescriptor } from '../state/state-descriptor.js';

/** The broadcast states of one operator, by the descriptors that were given to `broadcast(...)`. */
export class BroadcastStates {
  readonly #states = new Map<string, DeclaredState>();

  constructor(operatorStates: OperatorStates, descriptors: readonly MapStateDescriptor<unknown, unknown>[]) {
    for (const descriptor of descriptors) {
      const state = operatorStates.getBroadcastState(descriptor);
      const view = new BroadcastStateView(state, descriptor.name);
      this.#states.set(descriptor.name, { typeId: descriptor.typeId, state, view });
    }
  }

  writable<K, V>(descriptor: MapStateDescriptor<K, V>): BroadcastState<K, V> {
    return this.#find(descriptor.name, descriptor.typeId).state as BroadcastState<K, V>;
  }

  readable<K, V>(descriptor: MapStateDescriptor<K, V>): ReadOnlyBroadcastState<K, V> {
    return this.#find(descriptor.name, descriptor.typeId).view as ReadOnlyBroadcastState<K, V>;
  }

  #find(name: string, typeId: string): DeclaredState {
    const declared = this.#states.get(name);
    if (declared?.typeId === typeId) return declared;
    const known = [...this.#states].map(([other, { typeId: type }]) => `'${other}' (${type})`).join(', ');
    throw new MillraceError('MR1001', `There is no broadcast state '${name}' (${typeId}).`, {
      why: `broadcast(...) was given ${known}.`,
      hint: 'Give the descriptor to broadcast(...), and ask with the same one.',
    });
  }
}

interface DeclaredState {
  readonly typeId: string;
  readonly state: unknown;
  readonly view: unknown;
}
