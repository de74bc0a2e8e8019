import { durationText, eventTime, watermarkText } from './figures.js';
import type { Finding } from './finding.js';
import type { JobDetail, JobVertex } from './flink-json.js';
import { jobLink } from './route.js';

/** A watermark that has not moved for this long is worth a word. */
const STALL_MS = 10_000;

interface Standing {
  readonly watermark: number;
  readonly sinceMs: number;
}

/**
 * Since when the watermark of each vertex stands where it stands, as the page has seen it.
 *
 * Invariant: `sinceMs` is the time of the first look that found the present watermark.
 */
export class WatermarkWatch {
  readonly #standing = new Map<string, Standing>();

  look(watermarks: ReadonlyMap<string, number>, nowMs: number): void {
    for (const [id, watermark] of watermarks) {
      if (this.#standing.get(id)?.watermark !== watermark)
        this.#standing.set(id, { watermark, sinceMs: nowMs });
    }
  }

  of(vertexId: string): Standing | undefined {
    return this.#standing.get(vertexId);
  }
}

/**
 * The vertices where event time has not begun or does not go on, though nothing before them says why: sources, and
 * those whose inputs are ahead.
 */
export function stalledFindings(job: JobDetail, watch: WatermarkWatch): readonly Finding[] {
  if (job.state !== 'RUNNING') return [];
  const stalled = new Map(job.vertices.map((vertex) => [vertex.id, stallOf(vertex, watch, job.now)]));
  return job.vertices.flatMap((vertex) => {
    const stall = stalled.get(vertex.id);
    if (stall === undefined) return [];
    const inputs = job.plan.nodes.find(({ id }) => id === vertex.id)?.inputs ?? [];
    const heldBack = inputs.some(({ id }) => {
      const before = stalled.get(id);
      return before !== undefined && before.watermark <= stall.watermark;
    });
    return heldBack ? [] : [findingOf(job.jid, vertex.name, stall)];
  });
}

interface Stall {
  readonly watermark: number;
  readonly stoodMs: number;
}

function stallOf(vertex: JobVertex, watch: WatermarkWatch, nowMs: number): Stall | undefined {
  const standing = watch.of(vertex.id);
  if (standing === undefined) return undefined;
  const { watermark } = standing;
  const { kind } = eventTime(watermark);
  if (kind !== 'none' && kind !== 'at') return undefined;
  const stoodMs = nowMs - (kind === 'none' ? vertex['start-time'] : standing.sinceMs);
  return stoodMs < STALL_MS ? undefined : { watermark, stoodMs };
}

function findingOf(jobId: string, name: string, { watermark, stoodMs }: Stall): Finding {
  const none = eventTime(watermark).kind === 'none';
  return {
    severity: 'warning',
    title: none ? `No watermark at ${name}` : `Event time stands still at ${name}`,
    text: none
      ? `None has come for ${durationText(stoodMs)}; until one does, no event-time window behind it fires.`
      : `It has stood at ${watermarkText(watermark)} for ${durationText(stoodMs)} at least; windows that end later do not fire.`,
    link: jobLink(jobId, 'event-time'),
    linkText: 'Who holds it back',
  };
}
