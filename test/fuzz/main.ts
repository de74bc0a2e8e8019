import fc from 'fast-check';
import { readBounded } from './bounded-reading.js';
import { mutations } from './mutation.js';
import { TARGETS, targetNamed } from './targets/index.js';

/** How many inputs are drawn at once. */
const BATCH = 500;

/** `node dist/test/fuzz/main.js TARGET|all SECONDS [SEED]`: one target after another, by blind mutations, for so long. */
async function main([name = 'all', seconds = '10', given]: readonly string[]): Promise<void> {
  let failed = false;
  for (const target of name === 'all' ? TARGETS : [targetNamed(name)]) {
    const seeds = await target.seeds();
    const inputs = mutations(seeds, target.words);
    const end = performance.now() + Number(seconds) * 1000;
    const begin = performance.now();
    let seed = given === undefined ? Date.now() | 0 : Number(given);
    let runs = 0;
    let accepted = 0;
    for (const bytes of seeds) await readBounded(target, bytes);
    while (performance.now() < end) {
      seed = (seed + 1) | 0;
      // Not a property, of which there would be no end to print: drawn, and read one after another.
      for (const bytes of fc.sample(inputs, { seed, numRuns: BATCH })) {
        if (performance.now() > end) break;
        runs++;
        const repaired = target.repaired?.(bytes) ?? bytes;
        try {
          if (await readBounded(target, repaired)) accepted++;
        } catch (error) {
          failed = true;
          console.log(`${target.name}: seed ${seed}, ${repaired.length} bytes, the first of them:`);
          console.log(`  ${Buffer.from(repaired.subarray(0, 300)).toString('base64')}`);
          console.log(`  ${JSON.stringify(Buffer.from(repaired.subarray(0, 300)).toString())}`);
          console.log(error);
        }
      }
      if (failed) break;
    }
    await target.close?.();
    const spent = (performance.now() - begin) / 1000;
    console.log(`${target.name}: ${runs} inputs, ${accepted} accepted, ${Math.round(runs / spent)} a second`);
  }
  process.exitCode = failed ? 1 : 0;
}

await main(process.argv.slice(2));
