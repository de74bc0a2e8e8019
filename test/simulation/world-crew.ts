import { runBatchWorld } from './batch-world.js';
import { runWorld } from './drawn-world.js';
import { addCensus, batchCensus, type Census, censusOf, NO_WORLDS } from './world-census.js';
import { drawWorldOptions } from './world-draws.js';

/** Worlds of following seeds. */
export interface CrewOrder {
  readonly firstSeed: number;
  readonly count: number;
}

/** Of every so many seeds there is a world of a batch beside that of the stream. */
const BATCH_EVERY = 20;

export interface CrewAnswer {
  readonly census: Census;
  /** Of the process, for these worlds. */
  readonly cpuMs: number;
}

/**
 * A process of the fleet: runs the worlds of each order that it is sent, one after another, and ends when who sent
 * them is gone.
 */
async function run({ firstSeed, count }: CrewOrder): Promise<CrewAnswer> {
  const before = process.cpuUsage();
  let census = NO_WORLDS;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const options = drawWorldOptions(seed);
    census = addCensus(census, censusOf(options, await runWorld(options)));
    if (seed % BATCH_EVERY === 0) census = addCensus(census, batchCensus(seed, await runBatchWorld(seed)));
  }
  const { user, system } = process.cpuUsage(before);
  return { census, cpuMs: (user + system) / 1000 };
}

process.on('message', (order: CrewOrder) => {
  run(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(`worlds from ${order.firstSeed}:`, error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit());
