import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Prng } from '../../core/base/prng.js';
import { plainEnvironment } from './millrace-process.js';
import { committed, expected, linesOf, readings, visible } from './sensor-readings.js';

/**
 * The command line as a user has it, killed with SIGKILL at random moments and started again with
 * `--resume`: the visible part files hold each result exactly once, and none changes or goes away.
 * `MILLRACE_KILLS` says how often at each parallelism.
 */
const BIN = fileURLToPath(new URL('../../bundle/actors/boot/millrace.js', import.meta.url));
const JOB = fileURLToPath(new URL('./jobs/sensor-minutes.js', import.meta.url));
const KILLS = Number(process.env.MILLRACE_KILLS ?? 6);
/** A second, and more of them than are read between so many kills. */
const RATE = 5000;
const RECORDS = 2 * RATE * KILLS;
/** Of a run that is let be. */
const FREE = 1_000_000;
/** A life, with all that comes before and after it. */
const LIFE_MAX_MS = 10_000;

async function exit(child: ChildProcess): Promise<number | string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal ?? 'unknown';
}

t.setTimeout(60_000 + 3 * KILLS * LIFE_MAX_MS);

for (const parallelism of [1, 3]) {
  t.test(
    `[scenario 20] killed ${KILLS} times at parallelism ${parallelism}, each result is there once`,
    { timeout: 30_000 + KILLS * LIFE_MAX_MS },
    async (t) => {
      const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);
      t.comment(`seed ${seed}`);
      const prng = new Prng(seed);
      const folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
      t.teardown(() => rmSync(folder, { recursive: true, force: true }));
      const input = readings(prng, RECORDS);
      const inputFile = join(folder, 'in.jsonl');
      writeFileSync(inputFile, linesOf(input));
      const output = join(folder, 'out');
      const start = (rate: number): ChildProcess => {
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
          String(rate),
        ];
        return spawn(process.execPath, args, { cwd: folder, env: plainEnvironment(), stdio: 'ignore' });
      };
      let seen = visible(output);
      const unchanged = (when: string): void => {
        const now = visible(output);
        const changed = [...seen].filter(([name, text]) => now.get(name) !== text).map(([name]) => name);
        t.same(changed, [], `what was visible is as it was ${when}`);
        seen = now;
      };
      let killed = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const child = start(RATE);
        const ended = exit(child);
        const timer = setTimeout(() => child.kill('SIGKILL'), prng.between(300, 2200));
        const code = await ended;
        clearTimeout(timer);
        t.ok(code === 0 || code === 'SIGKILL', `killed or through: ${code}`);
        if (code === 'SIGKILL') killed++;
        unchanged(`after kill ${kill}`);
      }
      t.equal(killed, KILLS, 'it was not through before');
      t.equal(await exit(start(FREE)), 0, 'the last run ends well');
      unchanged('after the last run');
      t.same(committed(output), expected(input), `seed ${seed}: every result once`);
      t.equal(await exit(start(FREE)), 0, 'one more resume is no failure');
      unchanged('after one more resume');
      t.same(committed(output), expected(input), 'and changes nothing');
    },
  );
}
