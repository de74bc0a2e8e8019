import { MillraceError } from '../base/millrace-error.js';
import type { TaskMessage, TaskReport } from '../protocol/control-message.js';
import { toWireError, type WireError } from '../protocol/wire-error.js';
import type { Execution, ExecutionGraph } from './execution-graph.js';

/** What readers and enumerators of a source say to each other. */
export type SplitReport = Extract<
  TaskReport,
  { type: 'splits-assigned' | 'no-more-splits' | 'split-requested' | 'reader-ended' }
>;

/** `none`: nobody is left to hear it. */
export type SplitRoute =
  | { readonly type: 'send'; readonly to: Execution; readonly message: TaskMessage }
  | { readonly type: 'none' }
  | { readonly type: 'failure'; readonly error: WireError };

/**
 * Where a report about splits goes. The enumerator lives beside subtask 0, which ends only after every
 * reader has been told that no more splits follow, or has ended by itself; so a request that finds it gone is
 * answered with that. `isTerminating`: a reader that has ended may come to read all the same.
 */
export function routeSplitReport(
  from: Execution,
  report: SplitReport,
  executions: ExecutionGraph,
  isTerminating: (reader: Execution) => boolean,
): SplitRoute {
  const subtasks = executions.vertex(from.address.vertexId);
  if (report.type === 'split-requested') {
    const host = subtasks[0];
    if (host === undefined || host.state === 'FINISHED') {
      return { type: 'send', to: from, message: { type: 'no-more-splits' } };
    }
    return { type: 'send', to: host, message: { type: 'split-requested', subtask: from.address.subtask } };
  }
  if (report.type === 'reader-ended') {
    const host = subtasks[0];
    if (host === undefined || host.state === 'FINISHED') return { type: 'none' };
    return { type: 'send', to: host, message: { type: 'reader-ended', subtask: from.address.subtask } };
  }
  const reader = subtasks[report.subtask];
  if (reader === undefined)
    return failure(from, `Subtask ${report.subtask} was named, and there is no such one.`);
  if (report.type === 'no-more-splits') {
    if (reader.state === 'FINISHED' && !isTerminating(reader)) return { type: 'none' };
    return { type: 'send', to: reader, message: { type: 'no-more-splits' } };
  }
  if (reader.state === 'FINISHED' && !isTerminating(reader)) {
    return failure(from, `A split was assigned to ${reader.name}, which has ended: it would never be read.`);
  }
  return { type: 'send', to: reader, message: { type: 'splits-assigned', splits: report.splits } };
}

function failure(from: Execution, why: string): SplitRoute {
  const error = new MillraceError('MR6003', `The split enumerator of '${from.vertex.name}' went wrong.`, {
    where: { operator: from.vertex.name, uid: from.vertex.uid },
    why,
    hint: 'Assign splits only to readers in [0, parallelism) that have not been told that no more follow.',
  });
  return { type: 'failure', error: toWireError(error) };
}
