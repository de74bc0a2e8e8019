import t from 'tap';
import { RESCALED_TOPOLOGIES, rescaledRun, TARGETS } from './rescaled-runs.js';

t.setTimeout(180_000);

// Every second topology, each to one parallelism; the program beside this file runs all of them to all.
RESCALED_TOPOLOGIES.forEach((topology, index) => {
  if (index % 2 === 0) return;
  const parallelism = TARGETS[index % TARGETS.length] ?? 1;
  t.test(
    `[scenario 11] what is in flight in ${topology} goes on at parallelism ${parallelism}`,
    async (t) => {
      const { wrong, bytes } = rescaledRun(topology, parallelism);
      t.equal(wrong, undefined);
      t.ok(bytes > 0, `${bytes} bytes were in flight`);
    },
  );
});
