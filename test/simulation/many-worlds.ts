import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../tidy/source-tree.js';
import { type CensusRun, censusReport } from './census-report.js';
import { commit } from './commit.js';
import { coverCore, keepCoverage, keptCoverage } from './core-coverage.js';
import { gapsOf } from './fault-coverage.js';
import { enterRun, ledgerSums } from './run-ledger.js';
import type { Census } from './world-census.js';
import { runFleet } from './world-fleet.js';

/** Smaller runs are only printed: the files are to hold large ones. */
const WRITTEN_MIN = 1_000;

/** Runs many worlds on all processors, and writes REPORT.md. Gives the exit code. */
export async function report(worlds: number, firstSeed: number): Promise<number> {
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
  const run: CensusRun = {
    commit: version,
    machine: `${processes} x ${cpus()[0]?.model ?? 'unknown'}`,
    node: process.version,
    load: loadavg()[1] ?? 0,
    date: new Date().toISOString().slice(0, 10),
    firstSeed,
    processes,
    tookMs,
    cpuMs,
  };
  if (worlds >= WRITTEN_MIN) enter(census, run);
  const text = censusReport(census, run, ledgerSums(), keptCoverage());
  if (worlds >= WRITTEN_MIN) writeFileSync(join(packageRoot(), 'test', 'simulation', 'REPORT.md'), text);
  console.log(text);
  const gaps = gapsOf(census);
  for (const gap of gaps) console.error(`GAP: ${gap}`);
  for (const { seed, kind, message } of census.failures)
    console.error(
      `${kind.toUpperCase()}: ${message}\n  npm run sim -- ${seed}\n  npm run sim -- shrink ${seed}`,
    );
  return gaps.length + census.failures.length === 0 ? 0 : 1;
}

function enter({ worlds, counting, batches, faults, failures }: Census, run: CensusRun): void {
  const { commit: version, date, firstSeed } = run;
  enterRun({
    commit: version,
    date,
    firstSeed,
    worlds,
    counting,
    batches,
    faults,
    violations: failures.length,
  });
}

/** Runs worlds to see which part of core they go through. Gives the exit code. */
export async function coverage(worlds: number, firstSeed: number): Promise<number> {
  console.log(`${worlds} worlds from seed ${firstSeed}, commit ${commit()}`);
  const covered = await coverCore({ firstSeed, worlds, processes: availableParallelism() }, commit());
  console.log(JSON.stringify(covered, undefined, 2));
  if (worlds >= WRITTEN_MIN) keepCoverage(covered);
  return 0;
}
