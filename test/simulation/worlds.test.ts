import t from 'tap';
import { SEEDS } from './seeds.js';
import { runWorld, type WorldReport } from './world.js';
import { drawWorldOptions } from './world-options.js';

const WORLDS = 200;
/**
 * A world of seed n is that of `npm run sim -- n`. Other worlds each run, so that every run searches further;
 * `MILLRACE_SEED` gives the first seed, to see a run again. A world that fails here has found a defect, whether
 * or not the change at hand has to do with it: it goes into seeds.ts with its reason.
 */
const FIRST = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);

t.test(
  'in every world the output is exactly what a fold of the input gives',
  { timeout: 240_000 },
  async (t) => {
    t.comment(`seeds ${FIRST} to ${FIRST + WORLDS - 1}`);
    const sums = { turns: 0, faults: 0, checkpoints: 0, restores: 0, recovered: 0 };
    for (let seed = FIRST; seed < FIRST + WORLDS; seed++) {
      const report = await runWorld(drawWorldOptions(seed));
      if (report.failure !== undefined) t.fail(failureOf(seed, report));
      sums.turns += report.turns;
      sums.faults += report.faults;
      sums.checkpoints += report.checkpoints;
      sums.restores += report.restores;
      if (report.restores > 0) sums.recovered++;
    }
    t.comment(JSON.stringify(sums));
    t.comment(`seeds ${FIRST} to ${FIRST + WORLDS - 1}`);
    t.ok(sums.recovered > WORLDS / 5, 'many worlds recover from a checkpoint');
    t.ok(sums.checkpoints > WORLDS * 3, 'worlds take checkpoints');
  },
);

t.test('worlds that once found something wrong', async (t) => {
  for (const { seed, reason } of SEEDS) {
    const report = await runWorld(drawWorldOptions(seed));
    t.equal(report.failure, undefined, `${reason}: ${failureOf(seed, report)}`);
  }
});

function failureOf(seed: number, { failure }: WorldReport): string {
  return `seed ${seed}: ${failure?.kind} ${failure?.message}`;
}
