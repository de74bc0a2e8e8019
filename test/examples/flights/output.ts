import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HourOfAirport } from './reference.js';

/** All committed results of the job, as `origin hour` and value; a key that occurs twice is in `repeated`. */
export async function readHours(
  output: string,
): Promise<{ readonly hours: Map<string, HourOfAirport>; readonly repeated: number }> {
  const hours = new Map<string, HourOfAirport>();
  let repeated = 0;
  for (const line of await readLines(join(output, 'hours'))) {
    const value = JSON.parse(line) as HourOfAirport;
    const key = `${value.origin} ${value.hour}`;
    if (hours.has(key)) repeated++;
    hours.set(key, value);
  }
  return { hours, repeated };
}

/** Lines of the visible part files of a folder; none where there is no folder. */
export async function readLines(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const lines: string[] = [];
  for (const name of names.filter((candidate) => !/^[._]/.test(candidate)).sort()) {
    for (const line of (await readFile(join(folder, name), 'utf8')).split('\n')) {
      if (line !== '') lines.push(line);
    }
  }
  return lines;
}
