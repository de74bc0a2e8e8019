import type { CoordinatorEvent } from '../checkpoint/coordinator-protocol.js';
import type { TaskAddress, TaskReport } from '../protocol/control-message.js';

/** What a task says to the coordinator. */
export type CheckpointReport = Extract<
  TaskReport,
  {
    type:
      | 'checkpoint-acknowledged'
      | 'checkpoint-declined'
      | 'enumerator-snapshot'
      | 'full-snapshot-prepared'
      | 'backlog-reported';
  }
>;

export function coordinatorEventOf(task: TaskAddress, report: CheckpointReport): CoordinatorEvent {
  switch (report.type) {
    case 'checkpoint-acknowledged':
      return { ...report, type: 'acknowledged', task };
    case 'checkpoint-declined':
      return { ...report, type: 'declined', task };
    case 'enumerator-snapshot':
    case 'full-snapshot-prepared':
    case 'backlog-reported':
      return { ...report, task };
  }
}
