import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Prng } from '../../core/base/prng.js';
import { plainEnvironment } from './millrace-process.js';

/**
 * The command line as a user has it, killed with SIGKILL at random moments and started again with
 * `--resume`: the visible part files hold each result exactly once, and none changes or goes away.
 */
const BIN = fileURLToPath(new URL('../../bundle/actors/boot/millrace.js', import.meta.url));
const JOB = fileURLToPath(new URL('./jobs/sensor-minutes.js', import.meta.url));
const RECORDS = 40_000;
const KILLS = 6;

interface Reading {
  readonly sensor: string;
  readonly time: number;
  readonly value: number;
}

function readings(prng: Prng): Reading[] {
  return Array.from({ length: RECORDS }, (_, i) => ({
    sensor: `s${prng.below(40)}`,
    time: i * 20 + prng.below(4000),
    value: prng.below(1000),
  }));
}

/** The job by hand: readings not divisible by 7, per sensor and minute. */
function expected(input: readonly Reading[]): string[] {
  const sums = new Map<string, { count: number; sum: number }>();
  for (const { sensor, time, value } of input) {
    if (value % 7 === 0) continue;
    const key = `${sensor} ${Math.floor(time / 60_000) * 60_000}`;
    const entry = sums.get(key) ?? { count: 0, sum: 0 };
    sums.set(key, { count: entry.count + 1, sum: entry.sum + value });
  }
  return [...sums].map(([key, { count, sum }]) => `${key} ${count} ${sum}`).sort();
}

function visible(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder).filter((name) => !/^[._]/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function committed(folder: string): string[] {
  const lines = [...visible(folder).values()].flatMap((text) =>
    text.split('\n').filter((line) => line !== ''),
  );
  return lines
    .map((line) => JSON.parse(line) as { sensor: string; minute: number; count: number; sum: number })
    .map(({ sensor, minute, count, sum }) => `${sensor} ${minute} ${count} ${sum}`)
    .sort();
}

async function exit(child: ChildProcess): Promise<number | string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal ?? 'unknown';
}

t.setTimeout(180_000);

for (const parallelism of [1, 3]) {
  t.test(
    `killed ${KILLS} times at parallelism ${parallelism}, each result is there once`,
    { timeout: 90_000 },
    async (t) => {
      const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);
      t.comment(`seed ${seed}`);
      const prng = new Prng(seed);
      const folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
      t.teardown(() => rmSync(folder, { recursive: true, force: true }));
      const input = readings(prng);
      const inputFile = join(folder, 'in.jsonl');
      writeFileSync(inputFile, input.map((reading) => JSON.stringify(reading)).join('\n'));
      const output = join(folder, 'out');
      const start = (): ChildProcess => {
        const options = [
          '-p',
          String(parallelism),
          '-D',
          'execution.checkpointing.interval=100ms',
          '--resume',
        ];
        const args = [
          BIN,
          'run',
          ...options,
          JOB,
          '--input',
          inputFile,
          '--output',
          output,
          '--rate',
          '20000',
        ];
        return spawn(process.execPath, args, { cwd: folder, env: plainEnvironment(), stdio: 'ignore' });
      };
      let seen = visible(output);
      const unchanged = (when: string): void => {
        const now = visible(output);
        for (const [name, text] of seen) t.equal(now.get(name), text, `${name} is as it was ${when}`);
        seen = now;
      };
      for (let kill = 0; kill < KILLS; kill++) {
        const child = start();
        const ended = exit(child);
        const timer = setTimeout(() => child.kill('SIGKILL'), prng.between(300, 2200));
        const code = await ended;
        clearTimeout(timer);
        t.ok(code === 0 || code === 'SIGKILL', `killed or through: ${code}`);
        unchanged(`after kill ${kill}`);
      }
      t.equal(await exit(start()), 0, 'the last run ends well');
      unchanged('after the last run');
      t.same(committed(output), expected(input), `seed ${seed}: every result once`);
      t.equal(await exit(start()), 0, 'one more resume is no failure');
      unchanged('after one more resume');
      t.same(committed(output), expected(input), 'and changes nothing');
    },
  );
}
