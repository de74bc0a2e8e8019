import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import { Watermark } from '../element/watermark.js';
import type { OperatorContext } from './stream-operator.js';

/** Name of the operator list that holds the watermark. */
export const WATERMARK_LIST = 'watermark';

/**
 * ```
 *   item   watermark f64 | subtask u32 | parallelism u32
 * ```
 */
const ITEM_BYTES = 16;

/** The operator's watermark as a checkpoint holds it: lateness is decided after a restore as before. */
export function snapshotWatermark(context: OperatorContext, watermark: number): OperatorListHandle {
  const item = new Uint8Array(ITEM_BYTES);
  const view = new DataView(item.buffer);
  view.setFloat64(0, watermark);
  view.setUint32(8, context.subtaskIndex);
  view.setUint32(12, context.parallelism);
  return { mode: 'watermark', items: [item] };
}

/**
 * The watermark that this subtask had, or the least of all where the parallelism was another (its keys may
 * come from any of them). Watermark.MIN at a start from the beginning.
 */
export function restoredWatermark(context: OperatorContext): number {
  const items = context.restored?.lists[WATERMARK_LIST]?.items ?? [];
  let least: number = Watermark.MAX;
  for (const item of items) {
    const view = new DataView(item.buffer, item.byteOffset, item.byteLength);
    const watermark = view.getFloat64(0);
    if (view.getUint32(12) === context.parallelism && view.getUint32(8) === context.subtaskIndex)
      return watermark;
    if (watermark < least) least = watermark;
  }
  return items.length === 0 ? Watermark.MIN : least;
}

/** The greatest watermark that any of the former subtasks had: up to there a timer may have fired. */
export function greatestRestoredWatermark(context: OperatorContext): number {
  let greatest: number = Watermark.MIN;
  for (const item of context.restored?.lists[WATERMARK_LIST]?.items ?? []) {
    const watermark = new DataView(item.buffer, item.byteOffset, item.byteLength).getFloat64(0);
    if (watermark > greatest) greatest = watermark;
  }
  return greatest;
}
