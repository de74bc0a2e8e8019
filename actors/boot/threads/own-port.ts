import { isMainThread, type MessagePort, parentPort, resourceLimits, workerData } from 'node:worker_threads';
import { MillraceError } from '../../../core/internal.js';
import type { V8HeapLimits } from '../../../memory/index.js';

/** The port to the thread that started this one, and what it was given. The only place that asks for them. */
export function ownPort(): { readonly port: MessagePort; readonly data: unknown } {
  if (parentPort === null) {
    throw new MillraceError(
      'MR9001',
      'This module is the entry of a thread and cannot be imported elsewhere.',
    );
  }
  return { port: parentPort, data: workerData };
}

/** The heap that this thread was given; for threads of ours, which all are given one. */
export function ownHeap(): V8HeapLimits {
  const { maxOldGenerationSizeMb, maxYoungGenerationSizeMb } = resourceLimits;
  if (maxOldGenerationSizeMb === undefined || maxYoungGenerationSizeMb === undefined) {
    throw new MillraceError('MR9001', 'This thread was started without limits to its heap.');
  }
  return { maxOldGenerationSizeMb, maxYoungGenerationSizeMb };
}

export { isMainThread };
