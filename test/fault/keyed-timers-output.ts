import { BUCKET_MS, earlyTick, type Tick, tick } from './jobs/keyed-timers.js';

/** What the job keyed-timers gives for so many records, as lines in order. */
export function expectedOutput(count: number): { counts: string[]; odd: string[] } {
  const all = [
    ...Array.from({ length: count }, (_, i) => tick(i)),
    ...Array.from({ length: 50 }, (_, i) => earlyTick(i)),
  ];
  const byBucket = new Map<string, Tick[]>();
  const totals = new Map<string, number>();
  for (const r of all) {
    const at = (Math.floor(r.time / BUCKET_MS) + 1) * BUCKET_MS;
    const bucket = `${r.key} ${at}`;
    byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), r]);
    totals.set(r.key, (totals.get(r.key) ?? 0) + 1);
  }
  const counts = [...byBucket].map(([bucket, records]) => {
    const [key, at] = bucket.split(' ');
    const ids = records.map((r) => r.id).sort((a, b) => a - b);
    return JSON.stringify({ key, at: Number(at), count: ids.length, ids });
  });
  for (const [key, total] of totals) counts.push(JSON.stringify({ key, total }));
  const odd = all.filter((r) => r.id % 2 !== 0).map((r) => JSON.stringify(r.id));
  return { counts: counts.sort(), odd: odd.sort() };
}

/**
 * A reader that is given two splits reads one after the other, and by the time of the first the second comes
 * late: a bucket may be told of in parts. They are put together. (At the same parallelism too, where the other
 * reader's thread took longer to start than the first split to read.)
 */
export function wholeBuckets(counts: readonly string[]): string[] {
  const buckets = new Map<string, number[]>();
  const totals: string[] = [];
  for (const line of counts) {
    const { key, at, ids } = JSON.parse(line) as { key: string; at?: number; ids?: number[] };
    if (at === undefined) totals.push(line);
    else buckets.set(`${key} ${at}`, [...(buckets.get(`${key} ${at}`) ?? []), ...(ids ?? [])]);
  }
  for (const [bucket, ids] of buckets) {
    const [key, at] = bucket.split(' ');
    totals.push(JSON.stringify({ key, at: Number(at), count: ids.length, ids: ids.sort((a, b) => a - b) }));
  }
  return totals.sort();
}

/** The lines of one of its outputs, from the files of a folder. */
export function linesOf(files: Iterable<readonly [string, string]>): string[] {
  return [...files].flatMap(([, text]) => text.split('\n').slice(0, -1)).sort();
}
