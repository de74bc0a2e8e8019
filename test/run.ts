import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './tidy/source-tree.js';

/**
 * Runs the compiled tests under tap: `node dist/test/run.js [files or folders]`, all of them if none is
 * named. Prints failures, then one line with the sums; the whole report stays in `.tap/report.tap`.
 * Exits with 1 if a test failed, or if none ran.
 */
const root = packageRoot();
const report = join(root, '.tap', 'report.tap');

function tap(args: readonly string[]): boolean {
  const program = join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs');
  return spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' }).status === 0;
}

/** Whether tap's test class was put together since the installation, without its TypeScript plugin. */
function isBuilt(): boolean {
  const built = join(root, 'node_modules', '@tapjs', 'test', 'test-built', 'dist', 'esm', 'index.js');
  return existsSync(built) && !readFileSync(built, 'utf8').includes('@tapjs/typescript');
}

/** From the last line of sums in the report, `# { total: 3, pass: 2, fail: 1 }`, which leaves out zeros. */
function sums(): { readonly pass: number; readonly fail: number; readonly skip: number } {
  const text = existsSync(report) ? readFileSync(report, 'utf8') : '';
  const line = [...text.matchAll(/^# \{ (.*) \}$/gm)].at(-1)?.[1] ?? '';
  const count = (name: string): number => Number(new RegExp(`\\b${name}: (\\d+)`).exec(line)?.[1] ?? 0);
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') };
}

/** tap would run every file of a folder, tests or not. */
function testsBelow(path: string): string[] {
  const isFolder = statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? [`${path}/**/*.test.js`, `${path}/**/*.sim.js`] : [path];
}

if (!isBuilt() && !tap(['build'])) {
  console.error('tap could not be built.');
  process.exit(1);
}
rmSync(report, { force: true });
const reporter = process.stdout.isTTY ? 'terse' : 'min';
const chosen = process.argv.slice(2).flatMap(testsBelow);
const passed = tap(['run', `--reporter=${reporter}`, `--output-file=${report}`, ...chosen]);
const { pass, fail, skip } = sums();
console.log(
  `Node ${process.version}: ${pass} passed, ${fail} failed${skip === 0 ? '' : `, ${skip} skipped`}`,
);
process.exitCode = passed && pass > 0 && fail === 0 ? 0 : 1;
