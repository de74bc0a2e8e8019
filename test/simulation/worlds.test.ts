import t from 'tap';
import { SOUND } from './machinery.js';
import { SEEDS } from './seeds.js';
import { runWorld, type WorldReport } from './world.js';
import { drawWorldOptions } from './world-draws.js';

/** So many, or as many as there is time for on a busy machine. */
const WORLDS = 200;
const WORLDS_MIN = 20;
const TIME_MAX_MS = 60_000;
/**
 * A world of seed n is that of `npm run sim -- n`. Other worlds each run, so that every run searches further;
 * `MILLRACE_SEED` gives the first seed, to see a run again. A world that fails here has found a defect, whether
 * or not the change at hand has to do with it: it goes into seeds.ts with its reason.
 */
const FIRST = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);

t.setTimeout(240_000);

t.test('in every world the output is exactly what a fold of the input gives', async (t) => {
  t.comment(`seeds from ${FIRST}`);
  const sums = { worlds: 0, turns: 0, faults: 0, checkpoints: 0, restores: 0, recovered: 0 };
  const untilMs = Date.now() + TIME_MAX_MS;
  while (sums.worlds < WORLDS && (sums.worlds < WORLDS_MIN || Date.now() < untilMs)) {
    const seed = FIRST + sums.worlds++;
    const report = await runWorld(drawWorldOptions(seed));
    if (report.failure !== undefined) t.fail(failureOf(seed, report));
    sums.turns += report.turns;
    sums.faults += report.faults;
    sums.checkpoints += report.checkpoints;
    sums.restores += report.restores;
    if (report.restores > 0) sums.recovered++;
  }
  t.comment(JSON.stringify(sums));
  t.comment(`seeds ${FIRST} to ${FIRST + sums.worlds - 1}`);
  t.ok(sums.recovered > sums.worlds / 10, 'many worlds recover from a checkpoint');
  t.ok(sums.checkpoints > sums.worlds * 3, 'worlds take checkpoints');
});

t.test('at least once nothing is lost, and no barrier is waited for', async (t) => {
  const machinery = { ...SOUND, exactlyOnce: false };
  let repeated = 0;
  for (let seed = FIRST; seed < FIRST + WORLDS_MIN; seed++) {
    const topology = ['map-filter', 'long-pipeline', 'custom-partitioned', 'side-outputs'][seed % 4];
    const drawn = drawWorldOptions(seed);
    // What a drained job has read is told by its output, which must not repeat then.
    const faults = { ...drawn.faults, drains: 0 };
    const options = { ...drawn, faults, topology: topology ?? 'map-filter' };
    const report = await runWorld(options, { machinery, repeats: true });
    t.equal(report.failure, undefined, failureOf(seed, report));
    if ((await runWorld(options, { machinery })).failure !== undefined) repeated++;
  }
  t.comment(`seeds from ${FIRST}: ${repeated} of ${WORLDS_MIN} repeat something`);
});

t.test('worlds that once found something wrong', async (t) => {
  for (const { seed, reason } of SEEDS) {
    const report = await runWorld(drawWorldOptions(seed));
    t.equal(report.failure, undefined, `${reason}: ${failureOf(seed, report)}`);
  }
});

function failureOf(seed: number, { failure }: WorldReport): string {
  return `seed ${seed}: ${failure?.kind} ${failure?.message}`;
}
