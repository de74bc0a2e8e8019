import t from 'tap';
import { RESCALED_TOPOLOGIES, rescaledRun, TARGETS } from './rescaled-runs.js';

t.setTimeout(180_000);

const SEED = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);

// One of them each time; the program beside this file runs all topologies to all parallelisms.
const topology = RESCALED_TOPOLOGIES[SEED % RESCALED_TOPOLOGIES.length] ?? RESCALED_TOPOLOGIES[0];
const parallelism = TARGETS[Math.floor(SEED / RESCALED_TOPOLOGIES.length) % TARGETS.length] ?? 1;

t.test('[scenario 11] what is in flight goes on at another parallelism', async (t) => {
  t.comment(`${topology}, parallelism ${parallelism}, seed ${SEED}`);
  if (topology === undefined) throw new Error('There is no topology.');
  const { wrong, bytes } = rescaledRun(topology, parallelism);
  t.equal(wrong, undefined);
  t.ok(bytes > 0, `${bytes} bytes were in flight`);
});
