import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Report } from 'c8';
import { packageRoot } from '../tidy/source-tree.js';
import { type FleetPlan, runFleet } from './world-fleet.js';

/** Of lines, and of branches of functions that ran, in percent. */
export interface Covered {
  readonly lines: number;
  readonly branches: number;
}

export interface CoreCoverage {
  readonly commit: string;
  readonly worlds: number;
  readonly core: Covered;
  /** By folder of core. */
  readonly folders: Readonly<Record<string, Covered>>;
}

interface Counts {
  readonly total: number;
  readonly covered: number;
}

type Summary = Readonly<Record<string, { readonly lines: Counts; readonly branches: Counts }>>;

const KEPT = join(packageRoot(), 'test', 'simulation', 'coverage.json');

/** Which part of core worlds go through; nothing else runs it. Prints the files of which the most is left out. */
export async function coverCore(plan: FleetPlan, commit: string): Promise<CoreCoverage> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-coverage-'));
  const before = process.env.NODE_V8_COVERAGE;
  // The processes of the fleet inherit it, and write what they went through when they end.
  process.env.NODE_V8_COVERAGE = join(folder, 'v8');
  try {
    await runFleet(plan);
    await new Report({
      include: 'core/**',
      excludeAfterRemap: true,
      reporter: ['json-summary'],
      reportsDirectory: join(folder, 'report'),
      tempDirectory: join(folder, 'v8'),
      src: [packageRoot()],
    }).run();
    const summary = JSON.parse(
      readFileSync(join(folder, 'report', 'coverage-summary.json'), 'utf8'),
    ) as Summary;
    return { commit, worlds: plan.worlds, ...coveredBy(summary) };
  } finally {
    if (before === undefined) delete process.env.NODE_V8_COVERAGE;
    else process.env.NODE_V8_COVERAGE = before;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For the report, which is written at other times. */
export function keepCoverage(coverage: CoreCoverage): void {
  writeFileSync(KEPT, `${JSON.stringify(coverage, undefined, 2)}\n`);
}

export function keptCoverage(): CoreCoverage {
  return JSON.parse(readFileSync(KEPT, 'utf8')) as CoreCoverage;
}

function coveredBy(summary: Summary): Pick<CoreCoverage, 'core' | 'folders'> {
  const files = Object.entries(summary)
    .filter(([path]) => path !== 'total')
    .map(([path, counts]) => ({ path: relative(join(packageRoot(), 'core'), path), ...counts }));
  const missing = ({ lines }: (typeof files)[number]): number => lines.total - lines.covered;
  for (const file of [...files].sort((a, b) => missing(b) - missing(a)).slice(0, 60))
    console.log(`${String(missing(file)).padStart(5)} of ${String(file.lines.total).padEnd(5)} ${file.path}`);
  const folders: Record<string, Covered> = {};
  for (const name of new Set(files.map(({ path }) => path.split('/')[0] ?? path)))
    folders[name] = shareOf(files.filter(({ path }) => path.split('/')[0] === name));
  return { core: shareOf(files), folders };
}

function shareOf(files: readonly { readonly lines: Counts; readonly branches: Counts }[]): Covered {
  const share = (of: 'lines' | 'branches'): number => {
    const total = files.reduce((sum, file) => sum + file[of].total, 0);
    const covered = files.reduce((sum, file) => sum + file[of].covered, 0);
    return Math.round((covered / Math.max(1, total)) * 1000) / 10;
  };
  return { lines: share('lines'), branches: share('branches') };
}
