import t from 'tap';
import { runWorld } from './drawn-world.js';
import { gapsOf } from './fault-coverage.js';
import type { WorldReport } from './world.js';
import { addCensus, censusOf, countsAsWorld, FAULTS, FEATURES, NO_WORLDS } from './world-census.js';
import { drawWorldOptions } from './world-draws.js';
import { runFleet } from './world-fleet.js';

t.test('a world counts only with enough of everything', async (t) => {
  const options = { ...drawWorldOptions(1), topology: 'window-aggregate' };
  const report = await runWorld(options);
  const enough: WorldReport = { ...report, records: 1000, checkpoints: 3, restores: 1 };
  t.equal(countsAsWorld(options, enough), true);
  t.equal(countsAsWorld(options, { ...enough, records: 999 }), false);
  t.equal(countsAsWorld(options, { ...enough, checkpoints: 2 }), false);
  t.equal(countsAsWorld(options, { ...enough, restores: 0 }), false);
  t.equal(countsAsWorld({ ...options, topology: 'map-filter' }, enough), false);
});

t.test('a fault counts for each feature of its world, and what never came is a gap', async (t) => {
  const options = drawWorldOptions(2);
  const report = await runWorld(options);
  const counts = new Map([['fault.killTask', 2]]);
  const one = censusOf(options, { ...report, counts });
  const sum = addCensus(one, addCensus(one, NO_WORLDS));
  t.equal(sum.worlds, 2);
  t.equal(sum.faults, 4);
  const has = Object.keys(FEATURES).filter((feature) => FEATURES[feature]?.(options));
  t.ok(has.length > 2, 'the world has features');
  for (const feature of has) t.equal(sum.hits['fault.killTask']?.[feature], 4, feature);
  const gaps = gapsOf(sum);
  t.notOk(
    gaps.some(
      (gap) => gap.startsWith('fault.killTask') && has.some((feature) => gap.endsWith(` ${feature}`)),
    ),
  );
  t.ok(gaps.length >= Object.keys(FAULTS).length - 1, 'each other fault is missing somewhere');
});

t.test('a fleet runs each seed once, as one process does', async (t) => {
  const { census } = await runFleet({ firstSeed: 41, worlds: 5, processes: 2 });
  let alone = NO_WORLDS;
  for (let seed = 41; seed < 46; seed++) {
    const options = drawWorldOptions(seed);
    alone = addCensus(alone, censusOf(options, await runWorld(options)));
  }
  t.equal(census.worlds, 5);
  t.same({ ...census, failures: [] }, { ...alone, failures: [] });
  t.same(census.failures, []);
});
