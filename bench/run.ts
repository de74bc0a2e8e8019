import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, GOALS_FILE, isReached, type ScenarioGoals } from './harness.js';

/**
 * Runs the scenarios one after another, each in a process of its own, and prints what was measured against
 * what it should be: `node dist/bench/run.js [names]`, all of them if none is named. Exits with 1 if one could
 * not be run; a missed goal is for a reader to judge, who knows what else the machine did.
 */
const HERE = dirname(fileURLToPath(import.meta.url));
const SUFFIX = '.bench.js';

function scenarios(chosen: readonly string[]): string[] {
  const all = readdirSync(join(HERE, 'scenarios'))
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort();
  for (const name of chosen) {
    if (!all.includes(name)) throw new Error(`no scenario ${name}; there are ${all.join(', ')}`);
  }
  return chosen.length === 0 ? all : [...chosen];
}

/** Undefined: it ended before it could report. */
function run(name: string, goalsFile: string): ScenarioGoals | undefined {
  const { status } = spawnSync(process.execPath, [join(HERE, 'scenarios', `${name}${SUFFIX}`)], {
    cwd: join(HERE, '..', '..'),
    env: { ...process.env, [GOALS_FILE]: goalsFile },
    stdio: 'inherit',
  });
  const text = existsSync(goalsFile) ? readFileSync(goalsFile, 'utf8') : '';
  rmSync(goalsFile, { force: true });
  if (text !== '') return JSON.parse(text) as ScenarioGoals;
  console.log(`${name} ended with ${status ?? 'a signal'} and reported nothing.`);
  return undefined;
}

function printTable(reports: readonly ScenarioGoals[]): void {
  console.log(`\n${'goal'.padEnd(64)} ${'should be'.padStart(24)} ${'is'.padStart(10)}`);
  for (const { scenario, goals } of reports) {
    for (const goal of goals) {
      const what = `${scenario}: ${goal.name}`.padEnd(64);
      const should = `${goal.kind} ${format(goal.bound)} ${goal.unit}`.padStart(24);
      console.log(`${what} ${should} ${format(goal.value).padStart(10)}${isReached(goal) ? '' : '  missed'}`);
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
try {
  const chosen = scenarios(process.argv.slice(2));
  const reports = chosen.map((name) => run(name, join(folder, 'goals')));
  printTable(reports.filter((report) => report !== undefined));
  process.exitCode = reports.includes(undefined) ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}
