import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageRoot } from './tidy/source-tree.js';

/**
 * Runs the compiled tests: `node dist/test/run.js [files or folders]`, all of them if none is named. Prints
 * failures, then one line with the sums; the whole report stays in `.tap/report.tap`. Exits with 1 if a test failed,
 * or if none ran.
 *
 * Each file is a program of its own that prints TAP. They are started bare: `tap run` puts its module loaders and
 * their thread before every one, which took as long as most of our files take, and under which Node 20 can abort when a
 * worker thread is ended.
 */
const root = packageRoot();
const REPORT = join(root, '.tap', 'report.tap');
const JOBS = 2;
/** For a file that sets none for itself. */
const TIMEOUT_S = 240;
/** Longer than any file takes that still reports. */
const KILL_AFTER_MS = 3 * 3600 * 1000;

interface Sums {
  readonly pass: number;
  readonly fail: number;
  readonly skip: number;
}

interface FileReport extends Sums {
  readonly file: string;
  readonly text: string;
}

/** Whether tap's test class was put together since the installation, without its TypeScript plugin. */
function isBuilt(): boolean {
  const built = join(root, 'node_modules', '@tapjs', 'test', 'test-built', 'dist', 'esm', 'index.js');
  return existsSync(built) && !readFileSync(built, 'utf8').includes('@tapjs/typescript');
}

function build(): boolean {
  const program = join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs');
  return spawnSync(process.execPath, [program, 'build'], { cwd: root, stdio: 'inherit' }).status === 0;
}

/** Below a folder, in the order of their names. */
function testsOf(path: string): string[] {
  const status = statSync(join(root, path), { throwIfNoEntry: false });
  if (status === undefined) throw new Error(`There is no ${path}.`);
  if (!status.isDirectory()) return [path];
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:test|sim)\.js$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

/** From the last line of sums in a report, `# { total: 3, pass: 2, fail: 1 }`, which leaves out zeros. */
function sumsOf(text: string): Sums {
  const line = [...text.matchAll(/^# \{ (.*) \}$/gm)].at(-1)?.[1] ?? '';
  const count = (name: string): number => Number(new RegExp(`\\b${name}: (\\d+)`).exec(line)?.[1] ?? 0);
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') };
}

function run(file: string): Promise<FileReport> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', file], {
      cwd: root,
      env: { ...process.env, TAP_TIMEOUT: String(TIMEOUT_S) },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: KILL_AFTER_MS,
      killSignal: 'SIGKILL',
    });
    let text = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      errors += piece;
    });
    child.on('close', (code, signal) => {
      const sums = sumsOf(text);
      const ended = code === 0 ? undefined : `${file} ended with ${signal ?? code}\n${errors}`;
      const ran = sums.pass + sums.fail + sums.skip > 0 ? undefined : `${file} ran no test`;
      const wrong = ended ?? ran;
      const fail = sums.fail === 0 && wrong !== undefined ? 1 : sums.fail;
      const told = wrong === undefined ? text : `${text}not ok - ${wrong}\n`;
      resolve({ ...sums, fail, file, text: told });
    });
  });
}

/** Each `not ok` with what is told of it. */
function failuresOf({ text }: FileReport): string {
  const shown: string[] = [];
  let depth = -1;
  for (const line of text.split('\n')) {
    const indent = line.search(/\S/);
    if (/^\s*not ok\b/.test(line)) depth = indent;
    else if (/^\s*(?:ok\b|# Subtest|\d+\.\.\d+)/.test(line) && indent <= depth) depth = -1;
    if (depth >= 0) shown.push(line);
  }
  return shown.join('\n');
}

async function runAll(files: readonly string[]): Promise<readonly FileReport[]> {
  const reports: FileReport[] = [];
  const waiting = files.values();
  const work = async (): Promise<void> => {
    for (const file of waiting) {
      const startMs = Date.now();
      const report = await run(file);
      const tookMs = Date.now() - startMs;
      const isOk = report.fail === 0;
      reports.push({ ...report, text: `# Subtest: ${file}\n${report.text}# ${file} time=${tookMs}ms\n` });
      if (!isOk) console.log(`FAILED ${file}\n${failuresOf(report)}\n`);
      else if (process.stdout.isTTY)
        console.log(`${report.pass} passed in ${(tookMs / 1000).toFixed(1)} s: ${file}`);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  return reports;
}

if (!isBuilt() && !build()) {
  console.error('tap could not be built.');
  process.exit(1);
}
const named = process.argv.slice(2);
const files = (named.length === 0 ? ['dist/test'] : named).flatMap(testsOf);
const reports = await runAll(files);
mkdirSync(join(root, '.tap'), { recursive: true });
writeFileSync(REPORT, reports.map(({ text }) => text).join('\n'));
const sum = (name: keyof Sums): number => reports.reduce((total, report) => total + report[name], 0);
const skip = sum('skip');
console.log(
  `Node ${process.version}: ${sum('pass')} passed, ${sum('fail')} failed${skip === 0 ? '' : `, ${skip} skipped`}`,
);
process.exitCode = sum('pass') > 0 && sum('fail') === 0 ? 0 : 1;
