import fc from 'fast-check';
import t from 'tap';
import { check } from '../check.js';
import { BROKEN_MACHINES } from './broken/broken-machines.js';
import { runCase, shrinkCase } from './case-shrinker.js';
import { runWorld } from './drawn-world.js';
import type { Machinery } from './machinery.js';
import { caseText, parseCase, type WorldCase } from './world-case.js';
import { drawWorldOptions } from './world-draws.js';

t.setTimeout(300_000);

const WORLDS = 10;
const WORLDS_FEW = 5;
const SHRUNK = [
  'a barrier that does not block its channel',
  'a sink that commits before completion',
  'completion before the manifest is durable',
];
const SEEDS_MAX = 100;
/** Of all that a shrinking runs. */
const TURNS_MAX = 500_000;

/** The first of following seeds that fails. */
async function failingCase(machinery: Machinery): Promise<WorldCase> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const options = drawWorldOptions(seed);
    const { failure, plan } = await runWorld(options, { machinery });
    if (failure !== undefined) return { options, plan };
  }
  throw new Error(`No world finds ${machinery.name}.`);
}

t.test('a world that is run again by what was done to it is the same world', async (t) => {
  let faults = 0;
  for (let seed = 1; seed <= WORLDS; seed++) {
    const options = drawWorldOptions(seed);
    const { plan, hash } = await runWorld(options);
    const again = await runWorld(options, { plan });
    t.equal(again.hash, hash, `seed ${seed}, ${plan.faults.length} faults`);
    t.strictSame(again.plan, plan);
    faults += plan.faults.length;
  }
  t.ok(faults > WORLDS * 3, `${faults} faults`);
});

t.test('a fault that is left out changes no choice of the others', async (t) => {
  let come = 0;
  for (let seed = 1; seed <= WORLDS_FEW; seed++) {
    const options = drawWorldOptions(seed);
    const { plan } = await runWorld(options);
    const [, ...others] = plan.faults;
    const { plan: without } = await runWorld(options, { plan: { ...plan, faults: others } });
    come += without.faults.length;
    for (const fault of without.faults) t.ok(plan.faults.some(({ seed }) => seed === fault.seed));
  }
  // A world may have ended before those that are left.
  t.ok(come > WORLDS_FEW, `${come} of them come`);
});

t.test('a case is the same after it was written and read', async () => {
  await check(
    'the text of a case',
    fc.property(fc.nat(), (seed) => {
      const options = drawWorldOptions(seed);
      const plan = { faults: [{ turn: seed % 100, kind: 'killTask', seed }], calmTurn: 101 } as const;
      const read = parseCase(caseText({ options, plan }));
      return caseText(read) === caseText({ options, plan }) && read.options.topology === options.topology;
    }),
  );
  t.throws(() => parseCase('{"options":{}}'), /a plan of faults/);
});

for (const name of SHRUNK) {
  t.test(`a world that has found ${name} is made small`, async (t) => {
    const machinery = BROKEN_MACHINES.find((machine) => machine.machinery.name === name)?.machinery;
    if (machinery === undefined) throw new Error(`There is no ${name}.`);
    const failing = await failingCase(machinery);
    const limits = { worldsMax: 160, turnsMax: TURNS_MAX };
    const startMs = performance.now();
    const shrunk = await shrinkCase(failing, machinery, limits);
    if (shrunk === undefined) throw new Error('It does not fail again.');
    const { smallest, worlds } = shrunk;
    t.comment(
      `${worlds} worlds, ${((performance.now() - startMs) / 1000).toFixed(1)} s: ${caseText(smallest)}`,
    );
    // One that is all that is needed is not always on the way: a few may be left that cannot be left out one by one.
    const [few, many] = [smallest.plan.faults.length, failing.plan.faults.length];
    t.ok(few <= 1 || few < many, `${few} of ${many} faults`);
    t.ok(smallest.options.parallelismMax <= failing.options.parallelismMax);
    t.ok(worlds <= limits.worldsMax, `${worlds} worlds`);
    const [one, other] = [await runCase(smallest, machinery), await runCase(smallest, machinery)];
    t.equal(one.failure?.message, shrunk.failure.message);
    t.equal(other.hash, one.hash, 'it is replayed identically');
    t.equal((await runCase(smallest)).failure, undefined, 'it is the machine that is wrong, not the case');
  });
}

t.test('the same world is made small in the same way', async (t) => {
  const machinery = BROKEN_MACHINES[1]?.machinery;
  if (machinery === undefined) throw new Error('There is no broken sink.');
  const failing = await failingCase(machinery);
  const limits = { worldsMax: 60, turnsMax: TURNS_MAX };
  const texts = [];
  for (let round = 0; round < 2; round++) {
    const shrunk = await shrinkCase(failing, machinery, limits);
    texts.push(shrunk === undefined ? '' : caseText(shrunk.smallest));
  }
  t.equal(texts[0], texts[1]);
});

t.test('what does not fail is not made small', async (t) => {
  const options = drawWorldOptions(3);
  const { plan } = await runWorld(options);
  t.equal(await shrinkCase({ options, plan }), undefined);
});
