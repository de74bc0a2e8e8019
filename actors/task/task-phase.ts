import { invariant } from '../../core/internal.js';

/**
 * The life of a task. `ending`: its input has ended and its operators flush. `draining`: it waits for what makes
 * its last results final, a checkpoint or the end of the batch. `closing`: nothing more is reported.
 */
export type TaskPhase = 'opening' | 'running' | 'ending' | 'draining' | 'closing' | 'done';

const LEGAL: Readonly<Record<TaskPhase, readonly TaskPhase[]>> = {
  opening: ['running', 'closing'],
  running: ['ending', 'closing'],
  ending: ['draining', 'closing'],
  draining: ['closing'],
  closing: ['done'],
  done: [],
};

/** The phase that follows, which must be one of those that may. */
export function nextPhase(from: TaskPhase, to: TaskPhase): TaskPhase {
  invariant(LEGAL[from].includes(to), 'task phases change as they may', { from, to });
  return to;
}
