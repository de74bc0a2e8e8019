import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { MAX_PARALLELISM_LIMIT } from '../graph/key-group.js';
import type { StreamNode } from '../graph/stream-graph.js';
import type { SlotSharingGroup } from './slot-sharing-group.js';

/** @throws MillraceError MR1001 if it is no text, or empty */
export function checkText(text: string, what: string, of = 'an operator'): string {
  if (typeof text === 'string' && text.trim() !== '') return text;
  throw new MillraceError('MR1001', `The ${what} of ${of} is ${JSON.stringify(text)}.`, {
    hint: 'Give it a text that is not empty.',
  });
}

/**
 * Milliseconds of a buffer timeout; Infinity for -1.
 *
 * @throws MillraceError MR1001 if it is less than -1
 */
export function checkBufferTimeout(timeout: Duration): number {
  const timeoutMs = durationMs(timeout, 'buffer timeout');
  if (timeoutMs === -1) return Number.POSITIVE_INFINITY;
  if (timeoutMs >= 0) return timeoutMs;
  throw new MillraceError('MR1001', `The buffer timeout is ${timeoutMs} ms.`, {
    hint: 'Give a duration; 0 sends each record at once, -1 waits until a segment is full.',
  });
}

/** @throws MillraceError MR1001 if it is no whole number from 1 to 32768 */
export function checkCount(count: number, what: string): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_PARALLELISM_LIMIT) return count;
  throw new MillraceError('MR1001', `The ${what} is ${String(count)}.`, {
    hint: `Give a whole number from 1 to ${MAX_PARALLELISM_LIMIT}.`,
  });
}

/** @throws MillraceError MR1001 if it is no name and no group */
export function shareSlots(node: StreamNode, group: string | SlotSharingGroup): void {
  const { name, resource } = typeof group === 'string' ? { name: group, resource: undefined } : group;
  node.slotSharingGroup = checkText(name, 'slot sharing group');
  node.slotResource = resource;
}
