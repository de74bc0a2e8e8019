import { invariant } from '../base/invariant.js';
import type { RegisteredTaskManager } from './resource-manager.js';
import { equalShare, excessOf, type SlotResource, withoutResource } from './slot-resource.js';
import type { GrantedSlot } from './slot-sharing.js';

interface TakenOf {
  readonly used: Set<number>;
  /** Undefined: it does not say what it has. */
  left: SlotResource | undefined;
}

/**
 * Which slots of each TaskManager are taken, and what of its memory is left beside them.
 *
 * Invariant: where a TaskManager says what it has, its slots together have no more. One that has as many slots as are
 * needed does not say.
 */
export class TakenSlots {
  readonly #byId = new Map<string, TakenOf>();

  constructor(taskManagers: Iterable<RegisteredTaskManager>, granted: readonly GrantedSlot[]) {
    for (const taskManager of taskManagers) {
      const own = granted.filter(({ taskManagerId }) => taskManagerId === taskManager.id);
      const taken: TakenOf = {
        used: new Set(own.map(({ index }) => index)),
        left: taskManager.resource,
      };
      for (const { resource } of own) subtract(taken, resource ?? shareOf(taskManager));
      this.#byId.set(taskManager.id, taken);
    }
  }

  count({ id }: RegisteredTaskManager): number {
    return this.#byId.get(id)?.used.size ?? 0;
  }

  /** Whether it has such a slot to give. `resource`: undefined: one with an equal share. */
  has(taskManager: RegisteredTaskManager, resource: SlotResource | undefined): boolean {
    const { slots } = taskManager;
    if (slots === undefined) return true;
    if (this.count(taskManager) >= slots) return false;
    const left = this.#byId.get(taskManager.id)?.left;
    const asked = resource ?? shareOf(taskManager);
    return left === undefined || asked === undefined || excessOf(asked, left) === undefined;
  }

  take(taskManager: RegisteredTaskManager, resource: SlotResource | undefined): Omit<GrantedSlot, 'group'> {
    const taken = this.#byId.get(taskManager.id) ?? { used: new Set<number>(), left: undefined };
    let index = 0;
    while (taken.used.has(index)) index++;
    taken.used.add(index);
    subtract(taken, resource ?? shareOf(taskManager));
    return { taskManagerId: taskManager.id, index, ...(resource && { resource }) };
  }
}

function subtract(taken: TakenOf, resource: SlotResource | undefined): void {
  if (taken.left === undefined || resource === undefined) return;
  const excess = excessOf(resource, taken.left);
  invariant(excess === undefined, 'the slots of a TaskManager have no more together than it has', { excess });
  taken.left = withoutResource(taken.left, resource);
}

function shareOf({ slots, resource }: RegisteredTaskManager): SlotResource | undefined {
  return slots === undefined || resource === undefined ? undefined : equalShare(resource, slots);
}
