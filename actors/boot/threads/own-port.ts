import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { MillraceError } from '../../../core/internal.js';

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

export { isMainThread };
