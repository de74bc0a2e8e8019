import fc from 'fast-check';
import t from 'tap';
import { check } from '../check.js';
import { ElectionWorld } from './election-world.js';

t.test(
  'paused, cut off and on clocks that differ, no two lead at a time, and in the end one does',
  async (t) => {
    let handOvers = 0;
    await check(
      'leader election',
      fc.property(fc.nat(), (seed) => {
        const world = new ElectionWorld(seed);
        const broken = world.run(60_000);
        handOvers += world.handOvers;
        if (broken !== undefined) throw new Error(`world ${seed}: ${broken}`);
      }),
      { runs: 300 },
    );
    t.ok(handOvers > 1000, `${handOvers} hand-overs`);
  },
);
