import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Prng } from '../../core/base/prng.js';
import { jobPath, MillraceProcess } from './millrace-process.js';
import { committed, expected, linesOf, readings } from './sensor-readings.js';

/** `run --supervise`: a parent that starts the job's process again when it dies, and takes it along when it goes. */
t.setTimeout(120_000);

const DELAY = ['restart-strategy.fixed-delay.delay=10ms', '-D', 'restart-strategy.fixed-delay.attempts=3'];

const SEED = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);

function world(t: Test, records: number, rate: number) {
  t.comment(`seed ${SEED}`);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-supervise-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const input = readings(new Prng(SEED), records);
  writeFileSync(join(folder, 'in.jsonl'), linesOf(input));
  const output = join(folder, 'out');
  const job = [jobPath('sensor-minutes'), '--input', 'in.jsonl', '--output', 'out', '--rate', `${rate}`];
  const start = (...options: string[]) =>
    new MillraceProcess(folder, [
      ...['--supervise', '-D', 'execution.checkpointing.interval=100ms', ...options],
      ...job,
    ]);
  return { start, committed: () => committed(output), expected: () => expected(input) };
}

/** The process that runs the job, from its nth start on. */
async function childOf(parent: MillraceProcess, start: number): Promise<number> {
  const lines = await parent.said(/^The job runs in process (\d+)\.$/, start);
  await parent.said(/ starts from /, start);
  return Number(lines[start - 1]?.[1]);
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

t.test('a job whose process is killed again and again ends well, each result once', async (t) => {
  const { start, committed, expected } = world(t, 40_000, 20_000);
  const parent = start('-p', '2', '-D', 'restart-strategy.type=fixed-delay', '-D', ...DELAY);
  const prng = new Prng(SEED);
  for (let kill = 1; kill <= 3; kill++) {
    const child = await childOf(parent, kill);
    const timer = setTimeout(() => lives(child) && process.kill(child, 'SIGKILL'), prng.between(0, 500));
    await parent.said(/^warning: The process of the job died/, kill);
    clearTimeout(timer);
  }
  const { code, stderr } = await parent.ended;
  t.equal(code, 0, stderr);
  t.match(stderr, /warning: The process of the job died \(SIGKILL\); it is started again in 10 ms\./);
  t.same(committed(), expected());
});

t.test('when the strategy gives up, that is said, and the job can be resumed', async (t) => {
  const { start } = world(t, 40_000, 100);
  const once = [
    '-D',
    'restart-strategy.fixed-delay.attempts=1',
    '-D',
    'restart-strategy.fixed-delay.delay=0',
  ];
  const parent = start('-D', 'restart-strategy.type=fixed-delay', ...once);
  for (let kill = 1; kill <= 2; kill++) process.kill(await childOf(parent, kill), 'SIGKILL');
  const { code, stderr } = await parent.ended;
  t.equal(code, 1);
  t.match(stderr, /MR5012 The process of the job died \(SIGKILL\).*allows 1 restarts.*--resume/s);
});

t.test('a signal reaches the job, which stops in order', async (t) => {
  const { start } = world(t, 40_000, 100);
  const parent = start();
  const child = await childOf(parent, 1);
  parent.kill('SIGTERM');
  const { code, stderr } = await parent.ended;
  t.equal(code, 143);
  t.match(stderr, /Stopped\. The same command with --resume goes on/);
  t.notOk(lives(child));
});

t.test('a killed parent takes the job along, in order', async (t) => {
  const { start } = world(t, 40_000, 100);
  const parent = start();
  await childOf(parent, 1);
  parent.kill('SIGKILL');
  // Both have the same stderr, which closes with the last of them.
  const { stderr } = await parent.ended;
  t.match(stderr, /Stopped\. The same command with --resume goes on/);
});

t.test("the job's own end is passed on, and not tried again", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-supervise-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const failing = ['-D', 'restart-strategy.type=none', jobPath('misbehaving'), '--how', 'always'];
  const { code, stderr } = await new MillraceProcess(folder, ['--supervise', ...failing]).ended;
  t.equal(code, 1);
  t.equal([...stderr.matchAll(/The job runs in process/g)].length, 1);
  t.match(stderr, /fifty is too many/);
});
