import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Prng } from '../../core/base/prng.js';
import { expectedOutput, linesOf, wholeBuckets } from './keyed-timers-output.js';
import { jobPath, MillraceProcess, visibleFiles } from './millrace-process.js';

/**
 * Value, list and map state, both kinds of timers, a side output into a second sink, results at the end of
 * the input, and a source that ends long before the other, while the process is killed.
 */
const COUNT = 4000;
const KILLS = 4;

/** Asked first before and then after a checkpoint has been completed. */
function secondTime(): () => Promise<boolean> {
  let times = 0;
  return async () => ++times > 1;
}

t.setTimeout(240_000);

t.test('[scenario 13] keyed state, timers and side outputs come through kills', { timeout: 90_000 }, (t) =>
  throughKills(t, () => 2),
);

t.test('and so they do when each run has another parallelism', { timeout: 120_000 }, (t) => {
  let last = 0;
  const another = (prng: Prng): number => {
    last = ((last + prng.below(3)) % 4) + 1;
    return last;
  };
  return throughKills(t, another);
});

async function throughKills(t: Test, nextParallelism: (prng: Prng) => number): Promise<void> {
  const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);
  t.comment(`seed ${seed}`);
  const prng = new Prng(seed);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-timers-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const output = join(folder, 'out');
  const start = (): MillraceProcess =>
    new MillraceProcess(folder, [
      ...[
        '-p',
        String(nextParallelism(prng)),
        '-D',
        'execution.checkpointing.interval=80ms',
        '--resume',
        jobPath('keyed-timers'),
      ],
      ...['--output', output, '--count', String(COUNT), '--rate', '1500'],
    ]);
  const visible = (): Map<string, string> =>
    new Map([...visibleFiles(join(output, 'counts')), ...visibleFiles(join(output, 'odd'))]);
  let seen = visible();
  let restores = 0;
  const unchanged = (when: string): void => {
    const now = visible();
    for (const [name, text] of seen) t.equal(now.get(name), text, `${name} is as it was ${when}`);
    seen = now;
  };
  const finish = async (when: string): Promise<void> => {
    const { code, stderr } = await start().ended;
    t.equal(code, 0, `${when} ends well: ${stderr}`);
    unchanged(`after ${when}`);
  };
  for (let kill = 0; kill < KILLS; kill++) {
    const run = start();
    await run.started;
    // However slow the machine: some kills come early, the others after a checkpoint to go on from.
    if (kill > 0) await run.until(join(folder, '.millrace', 'keyed-timers', 'log'), secondTime());
    const timer = setTimeout(() => run.kill(), prng.between(0, 500));
    const { code, stderr } = await run.ended;
    clearTimeout(timer);
    t.ok(code === 0 || code === 'SIGKILL', `killed or through: ${code} ${stderr}`);
    if (stderr.includes(' starts from checkpoint ')) restores++;
    unchanged(`after kill ${kill}`);
  }
  await finish('the last run');
  t.comment(`${restores} of ${KILLS} runs went on from a checkpoint`);
  const last = [...seen];
  await finish('one more resume');
  t.same([...seen], last, 'which adds nothing');
  const lines = (name: string): string[] =>
    linesOf([...seen].filter(([path]) => path.startsWith(join(output, name))));
  const { counts, odd } = expectedOutput(COUNT);
  t.same(wholeBuckets(lines('counts')), counts, `seed ${seed}: every result once`);
  t.same(lines('odd'), odd, `seed ${seed}: every side output once`);
}
