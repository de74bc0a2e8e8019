import type { KeyedStateBackend, KeyedStateRequest, KeyedStateStore } from '../../core/internal.js';
import { HeapStateStore } from './heap-state-store.js';

/**
 * Keeps keyed state on the JavaScript heap.
 *
 * @example
 * ```ts
 * const open = (request: KeyedStateRequest): Promise<KeyedStateStore> => new HeapStateBackend().open(request);
 * ```
 */
export class HeapStateBackend implements KeyedStateBackend {
  readonly name = 'heap';

  async open(request: KeyedStateRequest): Promise<KeyedStateStore> {
    return new HeapStateStore(request);
  }
}
