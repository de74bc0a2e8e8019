import { StateNamespace } from '../state/key-context.js';
import type { KeyedStateAccess } from '../state/keyed-state-access.js';
import type { StateDescriptor } from '../state/state-descriptor.js';
import type { TimeWindow } from './time-window.js';
import type { MergeableStateDescriptor } from './trigger.js';

/**
 * The state of triggers: that of the current key and window. A trigger asks for it at each element, so what
 * was made for a descriptor is kept.
 *
 * Invariant: what is kept under a name was made for the descriptor beside it.
 */
export class TriggerStates {
  readonly #access: KeyedStateAccess;
  readonly #known = new Map<string, { readonly descriptor: StateDescriptor; readonly state: unknown }>();

  constructor(access: KeyedStateAccess) {
    this.#access = access;
  }

  /** `make` makes the state of the descriptor where it was not asked for before. */
  of<D extends StateDescriptor, S>(descriptor: D, make: (descriptor: D, namespace: StateNamespace) => S): S {
    const known = this.#known.get(descriptor.name);
    if (known !== undefined && known.descriptor === descriptor) return known.state as S;
    const state = make(descriptor, StateNamespace.WINDOW);
    this.#known.set(descriptor.name, { descriptor, state });
    return state;
  }

  /** Moves what `from` hold into the current window. */
  merge<T, ACC, OUT>(
    descriptor: MergeableStateDescriptor<T, ACC, OUT>,
    from: readonly TimeWindow[],
    into: TimeWindow,
  ): void {
    const access = this.#access;
    if (descriptor.kind === 'reducing') {
      const state = this.of(descriptor, (d, namespace) => access.getReducingState<T>(d, namespace));
      const moved = this.#taken(state, () => state.get(), from, into);
      for (const value of moved) state.add(value);
    } else if (descriptor.kind === 'aggregating') {
      const state = this.of(descriptor, (d, namespace) =>
        access.getAggregatingState<T, ACC, OUT>(d, namespace),
      );
      const moved = this.#taken(state, () => state.accumulator(), from, into);
      for (const accumulator of moved) state.mergeIn(accumulator);
    } else {
      const state = this.of(descriptor, (d, namespace) => access.getListState<T>(d, namespace));
      const moved = this.#taken(state, () => state.get(), from, into);
      state.addAll(moved.flat());
    }
  }

  /** What the state of the windows held, which it holds no longer; `into` is current then. */
  #taken<V>(
    state: { clear(): void },
    held: () => V | undefined,
    from: readonly TimeWindow[],
    into: TimeWindow,
  ): V[] {
    const moved: V[] = [];
    for (const window of from) {
      if (window.equals(into)) continue;
      this.#access.keys.setWindow(window.start, window.end);
      const value = held();
      if (value === undefined) continue;
      moved.push(value);
      state.clear();
    }
    this.#access.keys.setWindow(into.start, into.end);
    return moved;
  }
}
