import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SavepointWriter } from 'millrace';
import t from 'tap';
import type { SavepointReport } from '../../actors/cli/savepoint-command.js';
import { BIN, plainEnvironment, visibleFiles } from './millrace-process.js';
import type { PressedAnswer, PressedPlan } from './pressed-process.js';

const PROCESS = fileURLToPath(new URL('./pressed-process.js', import.meta.url));
const COUNT = 150_000;
const KEYS = 97;

function run(plan: PressedPlan): { readonly ended: string | null; readonly checkpoints: PressedAnswer[] } {
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [PROCESS, JSON.stringify(plan)], {
    encoding: 'utf8',
    env: plainEnvironment(),
  });
  if (stdout === '') throw new Error(stderr);
  return { ended: signal ?? String(status), checkpoints: JSON.parse(stdout) as PressedAnswer[] };
}

function inspected(path: string): SavepointReport {
  const { stdout } = spawnSync(process.execPath, [BIN, 'savepoint', 'inspect', '--json', path], {
    encoding: 'utf8',
    env: plainEnvironment(),
  });
  return JSON.parse(stdout) as SavepointReport;
}

function medianOf(checkpoints: readonly PressedAnswer[], figure: keyof PressedAnswer): number {
  const figures = checkpoints.map((each) => each[figure]).sort((a, b) => a - b);
  return figures[figures.length >>> 1] ?? Number.NaN;
}

/** Each key's results are numbered from 1, without a gap and without a double. */
function isWhole(output: string): boolean {
  const next = new Map<number, number[]>();
  for (const text of visibleFiles(output).values()) {
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const { key, n } = JSON.parse(line) as { key: number; n: number };
      next.set(key, [...(next.get(key) ?? []), n]);
    }
  }
  let sum = 0;
  for (const numbers of next.values()) {
    numbers.sort((a, b) => a - b);
    if (numbers.some((n, index) => n !== index + 1)) return false;
    sum += numbers.length;
  }
  return next.size === KEYS && sum === COUNT;
}

t.setTimeout(180_000);

t.test(
  'behind a slow task a checkpoint that overtakes takes a fraction of the time, and holds it all',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-unaligned-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const plan = { folder, resume: false, parallelism: 2, count: COUNT, spin: 60, alignedTimeout: '0 ms' };
    const aligned = run({ ...plan, jobId: 'aligned', unaligned: false, killAfter: 1 });
    const unaligned = run({ ...plan, jobId: 'unaligned', unaligned: true, killAfter: 3 });
    const [slowMs, fastMs] = [
      medianOf(aligned.checkpoints, 'durationMs'),
      medianOf(unaligned.checkpoints, 'durationMs'),
    ];
    const bytes = medianOf(unaligned.checkpoints, 'persistedBytes');
    t.comment(
      `aligned ${slowMs.toFixed(0)} ms, unaligned ${fastMs.toFixed(0)} ms with ${bytes} bytes in flight`,
    );
    t.ok(slowMs > 3 * fastMs, `${(slowMs / fastMs).toFixed(1)} times as fast`);
    t.equal(medianOf(aligned.checkpoints, 'persistedBytes'), 0);
    t.ok(bytes > 100_000);
    t.equal(unaligned.ended, 'SIGKILL');
    t.ok(inspected(join(folder, 'checkpoints', 'unaligned')).inFlightBytes > 100_000, 'inspect tells of it');
    await t.rejects(SavepointWriter.fromExistingSavepoint(join(folder, 'checkpoints', 'unaligned')), {
      code: 'MR2104',
    });
    const resumed = run({
      ...plan,
      jobId: 'unaligned',
      unaligned: true,
      resume: true,
      parallelism: 3,
      spin: 0,
      killAfter: 0,
    });
    t.equal(resumed.ended, '0');
    t.ok(isWhole(join(folder, 'unaligned')), 'each result is there once, at another parallelism');
  },
);

t.test('with a timeout it overtakes once that has passed', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-unaligned-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const plan = {
    folder,
    resume: false,
    parallelism: 2,
    count: COUNT,
    spin: 60,
    unaligned: true,
    jobId: 'timeout',
  };
  const { checkpoints } = run({ ...plan, alignedTimeout: '300 ms', killAfter: 2 });
  t.ok(medianOf(checkpoints, 'durationMs') >= 300);
  t.ok(medianOf(checkpoints, 'persistedBytes') > 0);
  const resumed = run({
    ...plan,
    alignedTimeout: '300 ms',
    resume: true,
    parallelism: 1,
    spin: 0,
    killAfter: 0,
  });
  t.equal(resumed.ended, '0');
  t.ok(isWhole(join(folder, 'timeout')));
  t.end();
});
