import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Prng } from '../../core/base/prng.js';

/** What the job `sensor-minutes` reads. */
export interface Reading {
  readonly sensor: string;
  readonly time: number;
  readonly value: number;
}

/** 20 ms apart in event time, out of order by at most 4 s. */
export function readings(prng: Prng, count: number): Reading[] {
  return Array.from({ length: count }, (_, i) => ({
    sensor: `s${prng.below(40)}`,
    time: i * 20 + prng.below(4000),
    value: prng.below(1000),
  }));
}

/** The job by hand: readings not divisible by 7, per sensor and minute. */
export function expected(input: readonly Reading[]): string[] {
  const sums = new Map<string, { count: number; sum: number }>();
  for (const { sensor, time, value } of input) {
    if (value % 7 === 0) continue;
    const key = `${sensor} ${Math.floor(time / 60_000) * 60_000}`;
    const entry = sums.get(key) ?? { count: 0, sum: 0 };
    sums.set(key, { count: entry.count + 1, sum: entry.sum + value });
  }
  return [...sums].map(([key, { count, sum }]) => `${key} ${count} ${sum}`).sort();
}

/** The visible files of a folder, with what they hold. */
export function visible(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder).filter((name) => !/^[._]/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** The lines that the job has committed, in the form and order of {@link expected}. */
export function committed(folder: string): string[] {
  const lines = [...visible(folder).values()].flatMap((text) =>
    text.split('\n').filter((line) => line !== ''),
  );
  return lines
    .map((line) => JSON.parse(line) as { sensor: string; minute: number; count: number; sum: number })
    .map(({ sensor, minute, count, sum }) => `${sensor} ${minute} ${count} ${sum}`)
    .sort();
}

/** As a file of lines. */
export function linesOf(input: readonly Reading[]): string {
  return input.map((reading) => JSON.stringify(reading)).join('\n');
}
