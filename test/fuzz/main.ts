import fc from 'fast-check';
import { readBounded } from './bounded-reading.js';
import { mutations } from './mutation.js';
import { TARGETS, targetNamed } from './targets/index.js';

/** How many inputs are drawn at once. */
const BATCH = 2000;

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
      const result = await fc.check(
        fc.asyncProperty(inputs, async (bytes) => {
          runs++;
          if (await readBounded(target, target.repaired?.(bytes) ?? bytes)) accepted++;
        }),
        {
          seed,
          numRuns: BATCH,
          interruptAfterTimeLimit: Math.max(1, end - performance.now()),
          endOnFailure: false,
        },
      );
      if (!result.failed || result.counterexample === null) continue;
      failed = true;
      const [bytes] = result.counterexample;
      const repaired = target.repaired?.(bytes) ?? bytes;
      console.log(`${target.name}: seed ${seed}`);
      console.log(
        `  bytes ${Buffer.from(repaired.subarray(0, 300)).toString('base64')} (${repaired.length})`,
      );
      console.log(`  text  ${JSON.stringify(Buffer.from(repaired.subarray(0, 300)).toString())}`);
      console.log(result.errorInstance);
      break;
    }
    const spent = (performance.now() - begin) / 1000;
    console.log(`${target.name}: ${runs} inputs, ${accepted} accepted, ${Math.round(runs / spent)} a second`);
  }
  process.exitCode = failed ? 1 : 0;
}

await main(process.argv.slice(2));
