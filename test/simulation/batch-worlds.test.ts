import t from 'tap';
import { runBatchWorld } from './batch-world.js';

/** So many, or as many as there is time for on a busy machine. */
const WORLDS = 60;
const WORLDS_MIN = 10;
const TIME_MAX_MS = 30_000;
/** Other worlds each run; `MILLRACE_SEED` gives the first seed, to see a run again. */
const FIRST = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);

t.setTimeout(120_000);

t.test('the output of a batch is there once, whatever was begun anew', async (t) => {
  t.comment(`seeds from ${FIRST}`);
  const sums = { worlds: 0, finished: 0, failed: 0, attempts: 0 };
  const untilMs = Date.now() + TIME_MAX_MS;
  while (sums.worlds < WORLDS && (sums.worlds < WORLDS_MIN || Date.now() < untilMs)) {
    const seed = FIRST + sums.worlds++;
    const { failure, outcome, attempts } = await runBatchWorld(seed);
    if (failure !== undefined) t.fail(`seed ${seed}: ${failure.kind} ${failure.message}`);
    if (outcome === 'finished') sums.finished++;
    else sums.failed++;
    sums.attempts += attempts;
  }
  t.comment(JSON.stringify(sums));
  t.ok(sums.finished > sums.worlds / 2, 'most batches finish');
  t.ok(sums.attempts > sums.worlds, 'some are begun anew');
});
