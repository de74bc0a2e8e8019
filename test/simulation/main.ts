import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { runWorld } from './world.js';
import { drawWorldOptions } from './world-draws.js';
import { WORLD_EXIT_CODES, WorldFailure } from './world-failure.js';
import { describeOptions } from './world-options.js';

/**
 * Runs one world: `npm run sim -- SEED`, of a random seed if none is given. Prints its options, one line for
 * each event (`--quiet`: none), and what became of it. Exit codes: 0 it went well, 127 something crashed,
 * 128 it got stuck, 129 the job did something wrong.
 */
async function main(argument: string | undefined, quiet: boolean): Promise<number> {
  const seed = argument === undefined ? randomInt(2 ** 32) : Number(argument);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    console.error(`A seed is a whole number of at least 0, not '${argument}'.`);
    return 2;
  }
  console.log(`seed ${seed}, commit ${commit()}`);
  const options = drawWorldOptions(seed);
  console.log(describeOptions(options));
  const report = await runWorld(options, quiet ? {} : { onLine: (line) => console.log(line) });
  const { failure, counts, ...rest } = report;
  for (const [name, count] of [...counts].sort()) console.log(`${name.padEnd(24)} ${count}`);
  console.log(JSON.stringify(rest));
  if (failure !== undefined)
    console.log(`${failure.kind.toUpperCase()}: ${failure.message}\n${failure.cause ?? ''}`);
  console.log(`seed ${seed}: trace ${report.hash}, ${failure === undefined ? 'ok' : failure.kind}`);
  return failure === undefined ? 0 : WORLD_EXIT_CODES[failure.kind];
}

/** What is replayed is a seed at a commit. */
function commit(): string {
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' });
  return stdout?.trim() || 'unknown';
}

main(
  process.argv.slice(2).find((argument) => !argument.startsWith('--')),
  process.argv.includes('--quiet'),
).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = error instanceof WorldFailure ? WORLD_EXIT_CODES[error.kind] : WORLD_EXIT_CODES.crash;
  },
);
