import t from 'tap';
import { BROKEN_MACHINES } from './broken/broken-machines.js';
import { runWorld } from './drawn-world.js';
import { drawWorldOptions } from './world-draws.js';

t.setTimeout(600_000);

for (const { machinery, worldsMax, kind = 'wrong', breaks } of BROKEN_MACHINES) {
  t.test(`${machinery.name} is found out within ${worldsMax} worlds`, async (t) => {
    if (breaks !== undefined) t.teardown(breaks());
    for (let seed = 1; seed <= worldsMax; seed++) {
      const { failure } = await runWorld(drawWorldOptions(seed), { machinery });
      if (failure === undefined) continue;
      t.comment(`seed ${seed}: ${failure.kind} ${failure.message}`);
      t.equal(failure.kind, kind);
      return;
    }
    t.fail('no world found it');
  });
}
