import { MillraceError } from '../../../core/internal.js';

/** What to tell of a thread that reached the limit of the framework heap; undefined for other ends. */
export function outOfMemory(error: unknown): MillraceError | undefined {
  if ((error as { readonly code?: unknown } | null)?.code !== 'ERR_WORKER_OUT_OF_MEMORY') return undefined;
  return new MillraceError('MR5005', 'A thread of the engine reached its heap limit.', {
    why: 'What it held, such as collected values or the modules of a job, is more than the framework heap.',
    hint: 'Raise taskmanager.memory.framework.heap.size.',
    cause: error,
  });
}
