import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { Prng } from '../../core/internal.js';
import { plainEnvironment } from './millrace-process.js';

const PROGRAM = fileURLToPath(new URL('./job-log-process.js', import.meta.url));

interface Run {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly ended: Promise<number | null>;
}

function folderOf(t: { teardown(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-log-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function start(folder: string, mode: string, limit: number): Run {
  const child = spawn(process.execPath, [PROGRAM, folder, mode, String(limit)], {
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  let rest = '';
  child.stdout.on('data', (chunk) => {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return { child, lines, ended: once(child, 'close').then(([code]) => code) };
}

/** Waits until the process has told of so many completed checkpoints, or has ended. */
async function completions({ child, lines, ended }: Run, count: number): Promise<void> {
  while (lines.filter((line) => line.startsWith('completed')).length < count) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    await Promise.race([once(child.stdout ?? child, 'data'), ended]);
  }
}

t.test('killed again and again, a job goes on from its newest completed checkpoint', async (t) => {
  const folder = folderOf(t);
  const seed = Number(process.env.MILLRACE_SEED ?? process.pid);
  t.comment(`seed ${seed}`);
  const prng = new Prng(seed);
  let told = 0;
  let epoch = 0;
  for (let round = 0; round < 8; round++) {
    const run = start(folder, round === 0 ? 'new' : 'resume', 1_000_000);
    await completions(run, prng.between(1, 12));
    run.child.kill('SIGKILL');
    await run.ended;
    const [, started = '', from = ''] = /^started (\d+) (\d+)$/.exec(run.lines[0] ?? '') ?? [];
    t.ok(Number(started) > epoch, `epoch ${started} after ${epoch}`);
    // One more than was told may be complete: the process died before it could tell.
    t.ok(Number(from) === told || Number(from) === told + 1, `from ${from}, ${told} told`);
    t.notOk(
      run.lines.some((line) => line.startsWith('unreadable')),
      'nothing is damaged',
    );
    epoch = Number(started);
    told = Number(run.lines.findLast((line) => line.startsWith('completed'))?.split(' ')[1] ?? from);
  }
  const last = start(folder, 'resume', told + 5);
  t.equal(await last.ended, 0);
  t.equal(last.lines.at(-1), 'finished');
  const files = readdirSync(join(folder, 'count%2Fup'), { recursive: true }).map(String);
  t.equal(files.filter((name) => /\d/.test(name)).length, 1, 'only the result is left');
  const again = start(folder, 'resume', 0);
  t.equal(await again.ended, 0);
  t.same(again.lines, ['already FINISHED']);
});

t.test('a job that a living process leads is refused, one whose process was killed is not', async (t) => {
  const folder = folderOf(t);
  const first = start(folder, 'new', 1_000_000);
  t.teardown(() => first.child.kill('SIGKILL'));
  await completions(first, 2);
  for (const mode of ['new', 'resume', 'fresh']) {
    const second = start(folder, mode, 1);
    t.equal(await second.ended, 6, mode);
    t.match(second.lines.join(), new RegExp(`MR8002.*process ${first.child.pid}`));
  }
  first.child.kill('SIGKILL');
  const refused = start(folder, 'new', 1);
  t.equal(await refused.ended, 4);
  t.match(refused.lines.join(), /MR8001.*--resume.*--fresh/);
  const fresh = start(folder, 'fresh', 3);
  t.equal(await fresh.ended, 0);
  t.match(fresh.lines[0], /^started \d+ 0$/);
});

t.test('of many processes that start at once exactly one leads', async (t) => {
  const folder = folderOf(t);
  const runs = Array.from({ length: 6 }, () => start(folder, 'resume', 1_000_000));
  t.teardown(() => {
    for (const { child } of runs) child.kill('SIGKILL');
  });
  const codes: (number | null)[] = [];
  for (const run of runs) run.ended.then((code) => codes.push(code));
  while (codes.length < 5)
    await Promise.race(runs.filter(({ child }) => child.exitCode === null).map((run) => run.ended));
  t.same(codes, [6, 6, 6, 6, 6]);
  const leader = runs.find(({ child }) => child.exitCode === null);
  t.ok(leader);
  if (leader !== undefined) await completions(leader, 3);
});

t.test('[scenario 7] out of file handles, work waits for others to close theirs', async (t) => {
  const script = `
    const { LocalFileSystem } = await import(${JSON.stringify(new URL('../../storage/index.js', import.meta.url))});
    const disk = new LocalFileSystem();
    const read = async () => {
      const file = await disk.openRead(process.execPath);
      const bytes = await file.read(0, 10_000);
      await file.close();
      return bytes.length;
    };
    const lengths = await Promise.all(Array.from({ length: 1000 }, read));
    console.log(lengths.every((length) => length === 10_000));`;
  const command = `ulimit -n 250 && exec "$0" --input-type=module -e "$1"`;
  const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, script]);
  t.equal(stdout.trim(), 'true');
});
