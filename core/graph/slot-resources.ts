import { MillraceError } from '../base/millrace-error.js';
import type { SlotResource } from '../job/slot-resource.js';
import type { StreamNode } from './stream-graph.js';

/**
 * What the operators say of the slots of their groups, by group; undefined: nothing.
 *
 * @throws MillraceError MR1001 if two say different things of one group
 */
export function slotResources(
  nodes: readonly StreamNode[],
): Readonly<Record<string, SlotResource>> | undefined {
  const known = new Map<string, SlotResource>();
  for (const { slotSharingGroup: group, slotResource: resource } of nodes) {
    if (group === undefined || resource === undefined) continue;
    const before = known.get(group);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(resource)) {
      throw new MillraceError('MR1001', `The slot sharing group '${group}' is given two sizes.`, {
        hint: 'Build the group once, and give all its operators that one.',
      });
    }
    known.set(group, resource);
  }
  return known.size === 0 ? undefined : Object.fromEntries(known);
}
