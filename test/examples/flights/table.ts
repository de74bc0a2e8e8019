import { readHours } from './output.js';

const ROWS = 10;
/** Hours with fewer flights say little of an airport. */
const FLIGHTS_MIN = 10;

/** The hours with the worst mean delay, as a table. */
export async function worstHours(output: string): Promise<string> {
  const { hours } = await readHours(output);
  const worst = [...hours.values()]
    .filter(({ flights }) => flights >= FLIGHTS_MIN)
    .sort((a, b) => b.meanDelay - a.meanDelay)
    .slice(0, ROWS);
  const lines = worst.map(({ origin, hour, flights, meanDelay, worstDelay }) => {
    const when = new Date(hour).toISOString().slice(0, 16).replace('T', ' ');
    const minutes = `${meanDelay.toFixed(1).padStart(7)} min ${String(worstDelay).padStart(6)} min`;
    return `${origin.padEnd(8)} ${when}  ${String(flights).padStart(7)}  ${minutes}`;
  });
  return `${['airport  hour              flights   mean delay  worst delay', ...lines].join('\n')}\n`;
}
