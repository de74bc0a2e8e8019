import { join } from 'node:path';
import { durationMs } from '../../../core/internal.js';
import { readHours, readLines } from './output.js';
import { arrivalOrder, readFlights } from './prepare.js';
import { hoursByHand } from './reference.js';

export interface Comparison {
  readonly ok: boolean;
  readonly results: number;
  readonly different: number;
  readonly missing: number;
  readonly repeated: number;
  readonly late: number;
  readonly text: string;
}

/**
 * Compares the committed output with a single pass over the package's own file. Where the bound lets flights
 * be late, which ones are depends on when the watermark was emitted; then no flight may be lost or counted
 * twice: on time and late ones together are all.
 */
export async function compareWithReference(output: string, bound: string): Promise<Comparison> {
  const flights = await readFlights();
  const reference = hoursByHand(flights, arrivalOrder(flights), durationMs(bound));
  const { hours, repeated } = await readHours(output);
  const late = (await readLines(join(output, 'late'))).length;
  if (reference.late > 0 || late > 0) {
    const onTime = [...hours.values()].reduce((sum, hour) => sum + hour.flights, 0);
    const different = Math.abs(onTime + late - flights.count);
    const ok = different === 0 && repeated === 0;
    const text =
      `${late.toLocaleString('en-US')} flights were late and went to the side output; together with ` +
      `${onTime.toLocaleString('en-US')} on time they are ${ok ? 'all' : `not all (${different} differ)`}.`;
    return { ok, results: hours.size, different, missing: 0, repeated, late, text };
  }
  let different = 0;
  let missing = 0;
  for (const [key, wanted] of reference.hours) {
    const found = hours.get(key);
    if (found === undefined) missing++;
    else if (JSON.stringify(found) !== JSON.stringify(wanted)) different++;
  }
  const ok = different === 0 && missing === 0 && repeated === 0 && hours.size === reference.hours.size;
  const text = ok
    ? `${hours.size.toLocaleString('en-US')} results, identical with a single pass over the flights by hand.`
    : `NOT identical: ${different} differ, ${missing} are missing, ${repeated} are there twice.`;
  return { ok, results: hours.size, different, missing, repeated, late, text };
}
