import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../tidy/source-tree.js';
import { censusReport } from './census-report.js';
import { commit } from './commit.js';
import { coverCore, keepCoverage } from './core-coverage.js';
import { gapsOf } from './fault-coverage.js';
import { PerfettoTrace } from './perfetto-trace.js';
import { runWorld } from './world.js';
import { drawWorldOptions } from './world-draws.js';
import { WORLD_EXIT_CODES, WorldFailure } from './world-failure.js';
import { runFleet } from './world-fleet.js';
import { describeOptions } from './world-options.js';
import { formatLine, type TraceLine } from './world-trace.js';

/** Words for runs of many worlds. */
const MANY = new Set(['report', 'coverage']);
const USAGE = `npm run sim -- [SEED] [--quiet] [--perfetto FILE]
npm run sim -- report [WORLDS] [FIRST SEED]
npm run sim -- coverage [WORLDS] [FIRST SEED]`;
/** Of a report. */
const WORLDS = 2_000;
/** Smaller ones are only printed: the file is to hold the last large one. */
const WRITTEN_MIN = 1_000;

/**
 * Runs one world: `npm run sim -- SEED`, of a random seed if none is given. Prints its options, one line for
 * each event (`--quiet`: none), and what became of it; `--perfetto FILE` writes the events for a trace viewer.
 * Exit codes: 0 it went well, 127 something crashed, 128 it got stuck, 129 the job did something wrong.
 *
 * `npm run sim -- report WORLDS FIRST_SEED` runs many on all processors, and writes REPORT.md; exit code 1: a world
 * went wrong, or a fault never came to worlds with some feature and nobody has said why.
 */
async function main(words: readonly string[]): Promise<number> {
  const file = words.includes('--perfetto') ? words[words.indexOf('--perfetto') + 1] : undefined;
  const plain = words.filter((word) => !word.startsWith('--') && word !== file);
  const numbers = plain.filter((word) => !MANY.has(word)).map(Number);
  if (numbers.some((number) => !Number.isSafeInteger(number) || number < 0)) {
    console.error(USAGE);
    return 2;
  }
  const [first = randomInt(2 ** 32), second = randomInt(2 ** 32)] = numbers;
  if (plain[0] === 'report') return report(numbers[0] ?? WORLDS, second);
  if (plain[0] === 'coverage') return coverage(numbers[0] ?? WORLDS, second);
  return one(first, words.includes('--quiet'), file);
}

async function one(seed: number, quiet: boolean, file: string | undefined): Promise<number> {
  console.log(`seed ${seed}, commit ${commit()}`);
  const options = drawWorldOptions(seed);
  console.log(describeOptions(options));
  const perfetto = file === undefined ? undefined : new PerfettoTrace();
  const onLine = (line: TraceLine): void => {
    if (!quiet) console.log(formatLine(line));
    perfetto?.add(line);
  };
  const report = await runWorld(options, { onLine });
  const { failure, counts, ...rest } = report;
  for (const [name, count] of [...counts].sort()) console.log(`${name.padEnd(24)} ${count}`);
  console.log(JSON.stringify(rest));
  if (file !== undefined && perfetto !== undefined) writeFileSync(file, perfetto.toJson());
  if (failure !== undefined)
    console.log(`${failure.kind.toUpperCase()}: ${failure.message}\n${failure.cause ?? ''}`);
  console.log(`seed ${seed}: trace ${report.hash}, ${failure === undefined ? 'ok' : failure.kind}`);
  return failure === undefined ? 0 : WORLD_EXIT_CODES[failure.kind];
}

async function report(worlds: number, firstSeed: number): Promise<number> {
  const processes = availableParallelism();
  const version = commit();
  console.log(`${worlds} worlds from seed ${firstSeed} in ${processes} processes, commit ${version}`);
  const { census, tookMs, cpuMs } = await runFleet({
    firstSeed,
    worlds,
    processes,
    onProgress: (sum) =>
      console.log(`${sum.worlds} worlds, ${sum.faults} faults, ${sum.failures.length} failures`),
  });
  const machine = `${processes} x ${cpus()[0]?.model ?? 'unknown'}`;
  const date = new Date().toISOString().slice(0, 10);
  const run = {
    commit: version,
    machine,
    node: process.version,
    load: loadavg()[1] ?? 0,
    date,
    firstSeed,
    processes,
    tookMs,
    cpuMs,
  };
  const text = censusReport(census, run);
  if (worlds >= WRITTEN_MIN) writeFileSync(join(packageRoot(), 'test', 'simulation', 'REPORT.md'), text);
  console.log(text);
  const gaps = gapsOf(census);
  for (const gap of gaps) console.error(`GAP: ${gap}`);
  for (const { seed, kind, message } of census.failures)
    console.error(`${kind.toUpperCase()}: ${message}\n  npm run sim -- ${seed}`);
  return gaps.length + census.failures.length === 0 ? 0 : 1;
}

async function coverage(worlds: number, firstSeed: number): Promise<number> {
  console.log(`${worlds} worlds from seed ${firstSeed}, commit ${commit()}`);
  const covered = await coverCore({ firstSeed, worlds, processes: availableParallelism() }, commit());
  console.log(JSON.stringify(covered, undefined, 2));
  if (worlds >= WRITTEN_MIN) keepCoverage(covered);
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = error instanceof WorldFailure ? WORLD_EXIT_CODES[error.kind] : WORLD_EXIT_CODES.crash;
  },
);
