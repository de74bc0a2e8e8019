import fc from 'fast-check';
import t from 'tap';
import { Prng } from '../../core/internal.js';
import { check } from '../check.js';
import { BucketMedium, DiskMedium, type Medium } from './checkpoint-media.js';
import { CheckpointWorld } from './checkpoint-world.js';

const MEDIA: Readonly<Record<string, (prng: Prng) => Medium>> = {
  'a disk that loses what was not synced': (prng) => new DiskMedium(prng),
  'a bucket that answers late': (prng) => new BucketMedium(prng),
};

for (const [name, make] of Object.entries(MEDIA)) {
  t.test(`over ${name}, completed checkpoints are one line of history`, async (t) => {
    const sums = { completions: 0, restores: 0, fencings: 0, refusals: 0 };
    await check(
      name,
      fc.asyncProperty(fc.integer({ min: 0 }), fc.integer({ min: 5, max: 120 }), async (seed, steps) => {
        const prng = new Prng(seed);
        const world = new CheckpointWorld(prng, make(prng.fork()));
        await world.run(steps);
        sums.completions += world.completions;
        sums.restores += world.restores;
        sums.fencings += world.fencings;
        sums.refusals += world.refusals;
        return world.finished;
      }),
      { runs: 60 },
    );
    t.comment(JSON.stringify(sums));
    t.ok(sums.completions > 300 && sums.restores > 100 && sums.fencings > 50 && sums.refusals > 50);
  });
}
