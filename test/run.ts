import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from './tidy/source-tree.js';

/**
 * Runs the compiled tests: `node dist/test/run.js [files or folders]`, all of them if none is named. Prints
 * failures, then one line with the sums; the whole report stays in `.tap/report.tap`. Exits with 1 if a test failed,
 * or if none ran.
 *
 * Each file is a program that prints TAP, alone or with others of its folder. They are started bare: `tap run` puts its
 * module loaders and their thread before every one, which took as long as most of our files take, and under which Node
 * 20 can abort when a worker thread is ended.
 */
const root = packageRoot();
const REPORT = join(root, '.tap', 'report.tap');
const PROGRAMS = join(root, '.tap', 'programs');
const JOBS = 2;
/** For a file that sets none for itself. */
const TIMEOUT_S = 240;
/**
 * Files of these folders share a program with so many at most: they leave nothing behind in their process, and to
 * load the engine takes longer than most of them take.
 */
const SHARED: ReadonlyMap<string, number> = new Map([
  ['dist/test/unit/core', 15],
  ['dist/test/unit/memory', 9],
  ['dist/test/unit/storage', 6],
  ['dist/test/unit/vectors', 8],
  ['dist/test/property', 6],
]);
/** Longer than any file takes that still reports. */
const KILL_AFTER_MS = 3 * 3600 * 1000;

interface Sums {
  readonly pass: number;
  readonly fail: number;
  readonly skip: number;
}

/** A program: one file of tests, or some that run one after another. */
interface Program {
  readonly name: string;
  readonly files: readonly string[];
}

interface Report extends Sums {
  readonly name: string;
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

function programsOf(path: string): Program[] {
  const groups: string[][] = [];
  for (const file of testsOf(path)) {
    const folder = dirname(file);
    const room = path === file ? 1 : (SHARED.get(folder) ?? 1);
    const open = groups.at(-1);
    const goesOn = open?.[0] !== undefined && dirname(open[0]) === folder && open.length < room;
    if (goesOn) open.push(file);
    else groups.push([file]);
  }
  return groups.map((files) => {
    const [name = path] = files;
    return { name: files.length === 1 ? name : `${name} and ${files.length - 1} more`, files };
  });
}

/** From the last line of sums in a report, `# { total: 3, pass: 2, fail: 1 }`, which leaves out zeros. */
function sumsOf(text: string): Sums {
  const line = [...text.matchAll(/^# \{ (.*) \}$/gm)].at(-1)?.[1] ?? '';
  const count = (name: string): number => Number(new RegExp(`\\b${name}: (\\d+)`).exec(line)?.[1] ?? 0);
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') };
}

/** What Node runs. Workers begin with the options of their process, so it is no text on its command line. */
function entryOf(files: readonly string[]): string {
  const [file = ''] = files;
  if (files.length === 1) return file;
  const entry = join(PROGRAMS, file.replaceAll(sep, '-'));
  const imports = files.map((each) => `import ${JSON.stringify(pathToFileURL(join(root, each)).href)};`);
  writeFileSync(entry, imports.join('\n'));
  return entry;
}

function run({ name, files }: Program): Promise<Report> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', entryOf(files)], {
      cwd: root,
      env: { ...process.env, TAP_TIMEOUT: String(TIMEOUT_S * files.length) },
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
      const ended = code === 0 ? undefined : `${name} ended with ${signal ?? code}\n${errors}`;
      const ran = sums.pass + sums.fail + sums.skip > 0 ? undefined : `${name} ran no test`;
      const wrong = ended ?? ran;
      const fail = sums.fail === 0 && wrong !== undefined ? 1 : sums.fail;
      const told = wrong === undefined ? text : `${text}not ok - ${wrong}\n`;
      resolve({ ...sums, fail, name, text: told });
    });
  });
}

/** Each `not ok` with what is told of it. */
function failuresOf({ text }: Report): string {
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

async function runAll(programs: readonly Program[]): Promise<readonly Report[]> {
  const reports: Report[] = [];
  const waiting = programs.values();
  const work = async (): Promise<void> => {
    for (const program of waiting) {
      const startMs = Date.now();
      const report = await run(program);
      const tookMs = Date.now() - startMs;
      const { name } = report;
      reports.push({ ...report, text: `# Subtest: ${name}\n${report.text}# ${name} time=${tookMs}ms\n` });
      if (report.fail > 0) console.log(`FAILED ${name}\n${failuresOf(report)}\n`);
      else if (process.stdout.isTTY)
        console.log(`${report.pass} passed in ${(tookMs / 1000).toFixed(1)} s: ${name}`);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  return reports;
}

if (!isBuilt() && !build()) {
  console.error('tap could not be built.');
  process.exit(1);
}
mkdirSync(PROGRAMS, { recursive: true });
const named = process.argv.slice(2);
const reports = await runAll((named.length === 0 ? ['dist/test'] : named).flatMap(programsOf));
writeFileSync(REPORT, reports.map(({ text }) => text).join('\n'));
const sum = (name: keyof Sums): number => reports.reduce((total, report) => total + report[name], 0);
const skip = sum('skip');
console.log(
  `Node ${process.version}: ${sum('pass')} passed, ${sum('fail')} failed${skip === 0 ? '' : `, ${skip} skipped`}`,
);
process.exitCode = sum('pass') > 0 && sum('fail') === 0 ? 0 : 1;
