import type { Flights } from './prepare.js';

const HOUR_MS = 3_600_000;

/** One result of the job, as text that compares. */
export interface HourOfAirport {
  readonly origin: string;
  readonly hour: number;
  readonly flights: number;
  readonly meanDelay: number;
  readonly worstDelay: number;
}

/**
 * The same result by other means: one pass over all flights with plain maps, in the order given, leaving
 * out those that come after their hour was closed by the watermark `largest date so far - bound`.
 */
export function hoursByHand(
  flights: Flights,
  order: Uint32Array,
  boundMs: number,
): { readonly hours: Map<string, HourOfAirport>; readonly late: number } {
  const totals = new Map<string, { flights: number; delay: number; worst: number }>();
  let watermark = Number.NEGATIVE_INFINITY;
  let late = 0;
  for (const row of order) {
    const date = flights.date[row] ?? 0;
    const delay = flights.delay[row] ?? 0;
    const hour = Math.floor(date / HOUR_MS) * HOUR_MS;
    if (hour + HOUR_MS - 1 <= watermark) late++;
    else add(totals, `${flights.origin[row]} ${hour}`, delay);
    watermark = Math.max(watermark, date - boundMs - 1);
  }
  const hours = new Map<string, HourOfAirport>();
  for (const [key, { flights: count, delay, worst }] of totals) {
    const [origin = '', hour = ''] = key.split(' ');
    hours.set(key, {
      origin,
      hour: Number(hour),
      flights: count,
      meanDelay: delay / count,
      worstDelay: worst,
    });
  }
  return { hours, late };
}

function add(
  totals: Map<string, { flights: number; delay: number; worst: number }>,
  key: string,
  delay: number,
): void {
  const total = totals.get(key);
  if (total === undefined) {
    totals.set(key, { flights: 1, delay, worst: delay });
    return;
  }
  total.flights++;
  total.delay += delay;
  total.worst = Math.max(total.worst, delay);
}
