import type { SubtaskInfo } from './flink-json.js';

/** A subtask that took this many times its fair share is worth a word. */
const SKEW = 2;
const RECORDS_MIN = 1000;

/** Whether one subtask gets much more than the others. Undefined where they share evenly, or few records came. */
export function skewText(subtasks: readonly SubtaskInfo[]): string | undefined {
  const counts = subtasks.map(({ metrics }) => metrics['read-records'] ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const most = Math.max(0, ...counts);
  const fair = total / Math.max(1, counts.length);
  if (counts.length < 2 || total < RECORDS_MIN || most < SKEW * fair) return undefined;
  const share = Math.round((most / total) * 100);
  return `Skew: subtask ${counts.indexOf(most)} has taken ${share} % of all records. A key that is much more frequent than the others, or fewer keys than subtasks, does this.`;
}
