import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Prng } from '../../core/base/prng.js';
import { BUCKET_MS, earlyTick, type Tick, tick } from './jobs/keyed-timers.js';
import { jobPath, MillraceProcess, visibleFiles } from './millrace-process.js';

/**
 * Value, list and map state, both kinds of timers, a side output into a second sink, results at the end of
 * the input, and a source that ends long before the other, while the process is killed.
 */
const COUNT = 4000;
const KILLS = 4;

function expected(): { counts: string[]; odd: string[] } {
  const all = [
    ...Array.from({ length: COUNT }, (_, i) => tick(i)),
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

/** Asked first before and then after a checkpoint has been completed. */
function secondTime(): () => Promise<boolean> {
  let times = 0;
  return async () => ++times > 1;
}

t.setTimeout(240_000);

t.test('keyed state, timers and side outputs come through kills', { timeout: 90_000 }, (t) =>
  throughKills(t, () => 2),
);

t.test('and so they do when each run has another parallelism', { timeout: 120_000 }, (t) => {
  let last = 0;
  const another = (prng: Prng): number => {
    last = ((last + prng.below(3)) % 4) + 1;
    return last;
  };
  return throughKills(t, another);
});

/**
 * A reader that is given two splits reads one after the other, and by the time of the first the second comes
 * late: a bucket may be told of in parts. They are put together. (At the same parallelism too, where the other
 * reader's thread took longer to start than the first split to read.)
 */
function wholeBuckets(counts: readonly string[]): string[] {
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

async function throughKills(t: Test, nextParallelism: (prng: Prng) => number): Promise<void> {
  const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);
  t.comment(`seed ${seed}`);
  const prng = new Prng(seed);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-timers-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const output = join(folder, 'out');
  const start = (): MillraceProcess =>
    new MillraceProcess(folder, [
      ...[
        '-p',
        String(nextParallelism(prng)),
        '-D',
        'execution.checkpointing.interval=80ms',
        '--resume',
        jobPath('keyed-timers'),
      ],
      ...['--output', output, '--count', String(COUNT), '--rate', '1500'],
    ]);
  const visible = (): Map<string, string> =>
    new Map([...visibleFiles(join(output, 'counts')), ...visibleFiles(join(output, 'odd'))]);
  let seen = visible();
  let restores = 0;
  const unchanged = (when: string): void => {
    const now = visible();
    for (const [name, text] of seen) t.equal(now.get(name), text, `${name} is as it was ${when}`);
    seen = now;
  };
  const finish = async (when: string): Promise<void> => {
    const { code, stderr } = await start().ended;
    t.equal(code, 0, `${when} ends well: ${stderr}`);
    unchanged(`after ${when}`);
  };
  for (let kill = 0; kill < KILLS; kill++) {
    const run = start();
    await run.started;
    // However slow the machine: some kills come early, the others after a checkpoint to go on from.
    if (kill > 0) await run.until(join(folder, '.millrace', 'keyed-timers', 'log'), secondTime());
    const timer = setTimeout(() => run.kill(), prng.between(0, 500));
    const { code, stderr } = await run.ended;
    clearTimeout(timer);
    t.ok(code === 0 || code === 'SIGKILL', `killed or through: ${code} ${stderr}`);
    if (stderr.includes(' starts from checkpoint ')) restores++;
    unchanged(`after kill ${kill}`);
  }
  await finish('the last run');
  t.comment(`${restores} of ${KILLS} runs went on from a checkpoint`);
  const last = [...seen];
  await finish('one more resume');
  t.same([...seen], last, 'which adds nothing');
  const lines = (name: string): string[] =>
    [...seen]
      .filter(([path]) => path.startsWith(join(output, name)))
      .flatMap(([, text]) => text.split('\n').slice(0, -1))
      .sort();
  const { counts, odd } = expected();
  t.same(wholeBuckets(lines('counts')), counts, `seed ${seed}: every result once`);
  t.same(lines('odd'), odd, `seed ${seed}: every side output once`);
}
