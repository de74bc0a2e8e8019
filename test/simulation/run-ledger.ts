import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../tidy/source-tree.js';

/** A run of many worlds, of one state of the code. */
export interface LedgerRun {
  readonly commit: string;
  readonly date: string;
  readonly firstSeed: number;
  readonly worlds: number;
  readonly counting: number;
  readonly batches: number;
  readonly faults: number;
  /** Each was mended before the runs of a later commit. */
  readonly violations: number;
}

/** All runs together. */
export type LedgerSums = Pick<LedgerRun, 'worlds' | 'counting' | 'batches' | 'faults' | 'violations'> & {
  readonly commits: number;
};

const LEDGER = join(packageRoot(), 'test', 'simulation', 'runs.jsonl');

export function enterRun(run: LedgerRun): void {
  appendFileSync(LEDGER, `${JSON.stringify(run)}\n`);
}

export function ledgerSums(): LedgerSums {
  const runs = readFileSync(LEDGER, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerRun);
  const sum = (of: 'worlds' | 'counting' | 'batches' | 'faults' | 'violations'): number =>
    runs.reduce((total, run) => total + run[of], 0);
  return {
    worlds: sum('worlds'),
    counting: sum('counting'),
    batches: sum('batches'),
    faults: sum('faults'),
    violations: sum('violations'),
    commits: new Set(runs.map(({ commit }) => commit)).size,
  };
}
