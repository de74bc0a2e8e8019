import { formatDuration } from '../base/duration.js';
import { Watermark } from '../element/watermark.js';
import type { JobGraph } from '../graph/job-graph.js';
import type { TaskAddress } from '../protocol/control-message.js';
import type { HeldBackBy, OperatorEventTime } from '../protocol/event-time-report.js';

/** Why nothing comes out: event time at every operator of a job, at one moment. Plain data. */
export interface JobExplanation {
  readonly jobName: string;
  /** Wall time, ms. */
  readonly atMs: number;
  /** In the order of the job, then by subtask. */
  readonly operators: readonly OperatorExplanation[];
  /** Tasks that gave no answer in time: their user code is busy. `name (1/2)`. */
  readonly silent: readonly string[];
  /** All of it for people, a line for each operator and subtask. */
  readonly text: string;
}

/** Event time at one operator of one subtask. */
export interface OperatorExplanation {
  readonly uid: string;
  readonly name: string;
  /** As the job gave it by `setDescription`. */
  readonly description: string | undefined;
  /** Place of its vertex in the job's graph. */
  readonly vertexId: number;
  readonly subtask: number;
  readonly parallelism: number;
  /** What it has been told; of a source, what it has said. `Watermark.MIN` before the first. */
  readonly watermark: number;
  /** Wall time since when, ms. */
  readonly sinceMs: number;
  readonly idle: boolean;
  /** Empty where nothing holds it back: it is idle, or event time has come to its end. */
  readonly heldBackBy: readonly Holder[];
}

/** Who holds a watermark back. */
export type Holder =
  /** Through a channel: that subtask of the operators (a vertex) at its other end. */
  | {
      readonly kind: 'channel';
      readonly name: string;
      readonly vertexId: number;
      readonly subtask: number;
      readonly parallelism: number;
    }
  | Exclude<HeldBackBy, { kind: 'channel' }>;

/** What one task answered; undefined: nothing in time. */
export interface ExplainedTask {
  readonly task: TaskAddress;
  readonly operators: readonly OperatorEventTime[] | undefined;
}

export function explainJob(graph: JobGraph, tasks: readonly ExplainedTask[], atMs: number): JobExplanation {
  const operators: OperatorExplanation[] = [];
  const silent: string[] = [];
  for (const { task, operators: answered } of tasks) {
    const vertex = graph.vertices[task.vertexId];
    if (vertex === undefined) continue;
    const { parallelism } = vertex;
    if (answered === undefined) silent.push(`${vertex.name} (${task.subtask + 1}/${parallelism})`);
    for (const { heldBackBy, ...rest } of answered ?? []) {
      const holders = heldBackBy.map((held) => holderOf(held, graph));
      const description = vertex.operators.find(({ uid }) => uid === rest.uid)?.description;
      operators.push({
        ...rest,
        description,
        vertexId: vertex.id,
        subtask: task.subtask,
        parallelism,
        heldBackBy: holders,
      });
    }
  }
  const lines = [
    `${graph.name}: event time`,
    ...operators.map((operator) => `  ${lineOf(operator, atMs)}`),
    ...silent.map((name) => `  ${name}: no answer, its user code is busy`),
  ];
  return { jobName: graph.name, atMs, operators, silent, text: `${lines.join('\n')}\n` };
}

function holderOf(held: HeldBackBy, graph: JobGraph): Holder {
  if (held.kind !== 'channel') return held;
  const producer = graph.vertices[graph.edges[held.edgeId]?.source ?? -1];
  const { name = '?', id: vertexId = -1, parallelism = 1 } = producer ?? {};
  return { kind: 'channel', name, vertexId, subtask: held.subtask, parallelism };
}

function lineOf(operator: OperatorExplanation, atMs: number): string {
  const { name, description, subtask, parallelism, watermark, sinceMs, idle, heldBackBy } = operator;
  const since = formatDuration(Math.max(0, atMs - sinceMs));
  const parts = [`${name} (${subtask + 1}/${parallelism}): ${watermarkText(watermark)}, for ${since}`];
  if (description !== undefined) parts.push(description);
  if (idle) parts.push('idle');
  if (heldBackBy.length > 0) parts.push(`held back by ${heldBackBy.map(holderText).join(', ')}`);
  return parts.join('; ');
}

function watermarkText(watermark: number): string {
  if (watermark === Watermark.MIN) return 'no watermark yet';
  if (watermark === Watermark.MAX) return 'at the end of event time';
  return `watermark ${timeText(watermark)}`;
}

/** Years of four digits as ISO 8601; small numbers, as tests use them, as they are. */
function timeText(timestamp: number): string {
  const isDate = timestamp > 86_400_000_000 && timestamp < 253_402_300_800_000;
  return isDate ? new Date(timestamp).toISOString() : String(timestamp);
}

function holderText(holder: Holder): string {
  switch (holder.kind) {
    case 'channel':
      return `${holder.name} (${holder.subtask + 1}/${holder.parallelism})`;
    case 'operator':
      return holder.name;
    case 'split':
      return `split ${holder.splitId} (${watermarkText(holder.watermark)})`;
    case 'alignment':
      return `its alignment group '${holder.group}', which it is ahead of`;
    case 'records':
      return 'its own records: none that would raise it has come';
  }
}
