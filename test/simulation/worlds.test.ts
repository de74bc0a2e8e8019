import { availableParallelism } from 'node:os';
import t from 'tap';
import { runCase } from './case-shrinker.js';
import { commit } from './commit.js';
import { runWorld } from './drawn-world.js';
import { SOUND } from './machinery.js';
import { storedCases } from './stored-cases.js';
import type { WorldReport } from './world.js';
import { FAULTS } from './world-census.js';
import { drawWorldOptions } from './world-draws.js';
import { runFleet } from './world-fleet.js';
import { describeOptions } from './world-options.js';

/** So many, or as many as there is time for on a busy machine. */
const WORLDS = 2_000;
const WORLDS_MIN = 50;
const TIME_MAX_MS = 170_000;
/** Of the other tests of this file. */
const WORLDS_FEW = 20;
/**
 * A world of seed n is that of `npm run sim -- n`. Other worlds each run, so that every run searches further;
 * `MILLRACE_SEED` gives the first seed, to see a run again. A world that fails here has found a defect, whether
 * or not the change at hand has to do with it: made small, it goes into cases/ with its reason.
 */
const FIRST = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);

t.setTimeout(900_000);

t.test('in every world the output is exactly what a fold of the input gives', async (t) => {
  t.comment(`seeds ${FIRST} to ${FIRST + WORLDS - 1}, commit ${commit()}`);
  const { census, tookMs, cpuMs } = await runFleet({
    firstSeed: FIRST,
    worlds: WORLDS,
    processes: availableParallelism(),
    timeMaxMs: TIME_MAX_MS,
  });
  const { failures, hits, topologies, ...sums } = census;
  t.comment(JSON.stringify(sums));
  t.comment(
    `took ${(tookMs / 1000).toFixed(0)} s, ${(cpuMs / census.worlds).toFixed(1)} ms of a processor a world`,
  );
  for (const { seed, kind, message } of failures)
    t.fail(
      `${kind}: ${message}\nreplay: npm run sim -- ${seed}\nshrink: npm run sim -- shrink ${seed}\n${describeOptions(drawWorldOptions(seed))}`,
    );
  t.ok(census.worlds >= WORLDS_MIN, `${census.worlds} worlds`);
  t.ok(census.counting > census.worlds * 0.4, `${census.counting} worlds count`);
  if (census.worlds === WORLDS)
    t.equal(Object.keys(hits).length, Object.keys(FAULTS).length, 'every fault comes');
  t.comment(`seeds ${FIRST} to ${FIRST + WORLDS - 1}`);
});

t.test('at least once nothing is lost, and no barrier is waited for', async (t) => {
  const machinery = { ...SOUND, exactlyOnce: false };
  let repeated = 0;
  for (let seed = FIRST; seed < FIRST + WORLDS_FEW; seed++) {
    const topology = ['map-filter', 'long-pipeline', 'custom-partitioned', 'side-outputs'][seed % 4];
    const drawn = drawWorldOptions(seed);
    // What a drained job has read is told by its output, which must not repeat then.
    const faults = { ...drawn.faults, drains: 0 };
    const options = { ...drawn, faults, topology: topology ?? 'map-filter' };
    const report = await runWorld(options, { machinery, repeats: true });
    t.equal(report.failure, undefined, failureOf(seed, report));
    if ((await runWorld(options, { machinery })).failure !== undefined) repeated++;
  }
  t.comment(`seeds from ${FIRST}: ${repeated} of ${WORLDS_FEW} repeat something`);
});

t.test('cases that once showed something wrong', async (t) => {
  const cases = storedCases();
  t.ok(cases.length > 0, `${cases.length} cases`);
  for (const stored of cases) {
    const { failure } = await runCase(stored);
    t.equal(failure, undefined, `${stored.name}, ${stored.reason}: ${failure?.kind} ${failure?.message}`);
  }
});

function failureOf(seed: number, { failure }: WorldReport): string {
  return `seed ${seed}: ${failure?.kind} ${failure?.message}`;
}
