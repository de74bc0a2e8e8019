import { usePolled } from '../browser/polling.js';
import { RestError } from '../browser/rest-client.js';
import { eventTime } from '../model/figures.js';
import type { JobDetail, MetricValue } from '../model/flink-json.js';

/** The watermark of each vertex: the least of its subtasks'. Vertices that tell none are left out. */
export type Watermarks = ReadonlyMap<string, number>;

const NONE: Watermarks = new Map();

export function useWatermarks(job: JobDetail): Watermarks {
  const path = `jobs/${encodeURIComponent(job.jid)}/vertices`;
  const key = `${path} ${job.vertices.map(({ id }) => id).join(' ')}`;
  const polled = usePolled<Watermarks>(key, async (rest, signal) => {
    const found = new Map<string, number>();
    const ask = async (id: string): Promise<void> => {
      const values = await rest.get<readonly MetricValue[]>(
        `${path}/${encodeURIComponent(id)}/watermarks`,
        signal,
      );
      const least = leastWatermark(values);
      if (least !== undefined) found.set(id, least);
    };
    await Promise.all(job.vertices.map(({ id }) => ask(id).catch(passOverRefusal)));
    return found;
  });
  return polled.value ?? NONE;
}

/** A vertex that has none to tell is no fault of the page. */
function passOverRefusal(error: unknown): void {
  if (!(error instanceof RestError)) throw error;
}

function leastWatermark(values: readonly MetricValue[]): number | undefined {
  const numbers = values.flatMap(({ value }) => {
    const number = Number.parseFloat(value ?? '');
    return eventTime(number).kind === 'unknown' ? [] : [number];
  });
  return numbers.length === 0 ? undefined : Math.min(...numbers);
}
