import { agoText, bytesText, durationText, plural } from './figures.js';
import type { Finding } from './finding.js';
import type { Checkpoint, JobDetail, JobVertex, SubtaskCheckpoint } from './flink-json.js';
import { jobLink } from './route.js';

/** What became of a checkpoint, in a sentence. */
export function checkpointStory(checkpoint: Checkpoint): string {
  const { status, num_acknowledged_subtasks, num_subtasks, end_to_end_duration } = checkpoint;
  const answered = `${num_acknowledged_subtasks} of ${plural(num_subtasks, 'subtask')} had acknowledged`;
  switch (status) {
    case 'COMPLETED': {
      const size = bytesText(checkpoint.checkpointed_size);
      return `Completed in ${durationText(end_to_end_duration)}; ${size} written.`;
    }
    case 'FAILED':
      return `Failed after ${durationText(end_to_end_duration)}: ${failureText(checkpoint)} ${answered}.`;
    default:
      return `In progress for ${durationText(end_to_end_duration)}; ${answered}.`;
  }
}

/** The message, as a sentence. */
function failureText({ failure_message }: Checkpoint): string {
  const text = failure_message?.trim() ?? '';
  if (text === '') return 'no reason was given.';
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Names of the vertices of which subtasks are missing, with how many. */
function missingIn(checkpoint: Checkpoint, vertices: readonly JobVertex[]): readonly string[] {
  return vertices.flatMap(({ id, name }) => {
    const task = checkpoint.tasks?.[id];
    const missing = task === undefined ? 0 : task.num_subtasks - task.num_acknowledged_subtasks;
    return missing > 0 ? [`${name} (${plural(missing, 'subtask')})`] : [];
  });
}

/** What is known of a job's checkpoints. */
export interface CheckpointFacts {
  /** The last one that failed, with what each operator did of it. */
  readonly failed: Checkpoint | undefined;
  readonly completed: Checkpoint | null | undefined;
  /** The operator that the others wait for now, if they do. */
  readonly slowest: string | undefined;
}

/** Why the last checkpoint failed, where no later one has completed. */
export function failedCheckpointFinding(
  { jid, vertices }: Pick<JobDetail, 'jid' | 'vertices'>,
  { failed, completed, slowest }: CheckpointFacts,
  nowMs: number,
): Finding | undefined {
  if (failed === undefined) return undefined;
  if (completed !== undefined && completed !== null && completed.id > failed.id) return undefined;
  const missing = missingIn(failed, vertices);
  const last =
    completed === undefined || completed === null
      ? 'No checkpoint has completed yet.'
      : `The last one that completed is ${completed.id}, ${agoText(completed.latest_ack_timestamp, nowMs)}.`;
  return {
    severity: 'bad',
    title: `${failed.is_savepoint ? 'Savepoint' : 'Checkpoint'} ${failed.id} failed ${agoText(failed.failure_timestamp, nowMs)}`,
    text: [
      checkpointStory(failed),
      ...(missing.length === 0 ? [] : [`Not heard from: ${missing.join(', ')}.`]),
      ...(slowest !== undefined && isExpired(failed) ? [waitedFor(slowest)] : []),
      last,
    ].join(' '),
    link: jobLink(jid, 'checkpoints'),
    linkText: 'Checkpoints',
  };
}

function isExpired({ failure_message }: Checkpoint): boolean {
  return failure_message !== undefined && failure_message !== null && /expired/i.test(failure_message);
}

function waitedFor(slowest: string): string {
  return `Barriers wait behind the records before them, and those wait for ${slowest}: make it faster, give it more subtasks, or let barriers overtake the records (execution.checkpointing.unaligned.enabled).`;
}

/** One bar of the timeline: a span of a subtask's part in a checkpoint. ms from the trigger. */
export interface CheckpointSpan {
  readonly kind: 'start-delay' | 'alignment' | 'sync' | 'async';
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * What a subtask's time in a checkpoint went into, in order: the barrier was on its way, the other channels' barriers
 * were awaited, state was frozen, state was written. Empty for one that has not acknowledged.
 */
export function spansOf(subtask: SubtaskCheckpoint): readonly CheckpointSpan[] {
  const { start_delay = 0, alignment, checkpoint, end_to_end_duration } = subtask;
  if (end_to_end_duration === undefined) return [];
  const parts: readonly (readonly [CheckpointSpan['kind'], number])[] = [
    ['start-delay', start_delay],
    ['alignment', alignment?.duration ?? 0],
    ['sync', checkpoint?.sync ?? 0],
    ['async', checkpoint?.async ?? 0],
  ];
  let fromMs = 0;
  return parts.flatMap(([kind, duration]) => {
    const span = { kind, fromMs, toMs: fromMs + Math.max(0, duration) };
    fromMs = span.toMs;
    return span.toMs > span.fromMs ? [span] : [];
  });
}

/** The subtask that the others waited for: one that never came, else the last one if it is well behind the middle. */
export function lateSubtask(subtasks: readonly SubtaskCheckpoint[]): SubtaskCheckpoint | undefined {
  const silent = subtasks.find(({ end_to_end_duration }) => end_to_end_duration === undefined);
  if (silent !== undefined) return silent;
  const sorted = [...subtasks].sort((a, b) => (a.end_to_end_duration ?? 0) - (b.end_to_end_duration ?? 0));
  const last = sorted.at(-1);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]?.end_to_end_duration ?? 0;
  const duration = last?.end_to_end_duration ?? 0;
  return sorted.length > 1 && duration > 1.5 * middle && duration - middle > 20 ? last : undefined;
}

/** Why that one is late. */
export function lateText(late: SubtaskCheckpoint, vertexName: string): string {
  const name = `${vertexName}, subtask ${late.index}`;
  const spans = spansOf(late);
  if (spans.length === 0) return `${name} has not acknowledged.`;
  const longest = spans.reduce((a, b) => (b.toMs - b.fromMs > a.toMs - a.fromMs ? b : a));
  const duration = durationText(longest.toMs - longest.fromMs);
  return `${name} came last. ${duration} of it: ${SPAN_TEXTS[longest.kind]}.`;
}

export const SPAN_TEXTS: Readonly<Record<CheckpointSpan['kind'], string>> = {
  'start-delay': 'the barrier was on its way to it, behind records that waited (back-pressure)',
  alignment: 'it waited for the barriers of its other channels (alignment)',
  sync: 'its state was frozen, records waiting (synchronous part)',
  async: 'its state was written, records flowing (asynchronous part)',
};
