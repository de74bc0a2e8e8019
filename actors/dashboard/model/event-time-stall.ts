import { durationText, eventTime, watermarkText } from './figures.js';
import type { Finding } from './finding.js';
import type { JobDetail } from './flink-json.js';
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

/** The first vertex, in the order of the job, whose event time has not begun or does not go on. */
export function stalledFinding(job: JobDetail, watch: WatermarkWatch): Finding | undefined {
  if (job.state !== 'RUNNING') return undefined;
  for (const { id, name, 'start-time': startMs } of job.vertices) {
    const standing = watch.of(id);
    const kind = standing === undefined ? 'unknown' : eventTime(standing.watermark).kind;
    if (standing === undefined || (kind !== 'none' && kind !== 'at')) continue;
    const sinceMs = kind === 'none' ? startMs : standing.sinceMs;
    const stoodMs = job.now - sinceMs;
    if (stoodMs < STALL_MS) continue;
    return {
      severity: 'warning',
      title: kind === 'none' ? `No watermark at ${name}` : `Event time stands still at ${name}`,
      text:
        kind === 'none'
          ? `None has come for ${durationText(stoodMs)}; until one does, no event-time window fires.`
          : `It has stood at ${watermarkText(standing.watermark)} for ${durationText(stoodMs)} at least; windows that end later do not fire.`,
      link: jobLink(job.jid, 'event-time'),
      linkText: 'Who holds it back',
    };
  }
  return undefined;
}
