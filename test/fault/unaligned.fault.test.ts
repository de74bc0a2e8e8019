import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SavepointWriter } from 'millrace';
import t from 'tap';
import type { SavepointReport } from '../../actors/cli/savepoint-command.js';
import { BIN, plainEnvironment } from './millrace-process.js';
import type { PressedAnswer } from './pressed-process.js';
import { isWhole, runPressed } from './pressed-run.js';

const COUNT = 150_000;

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

t.setTimeout(180_000);

t.test(
  '[scenario 11, 12] behind a slow task a checkpoint that overtakes takes a fraction of the time, and holds it all',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-unaligned-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const plan = { folder, resume: false, parallelism: 2, count: COUNT, spin: 25, alignedTimeout: '0 ms' };
    const aligned = runPressed({ ...plan, jobId: 'aligned', unaligned: false, killAfter: 1 });
    const unaligned = runPressed({ ...plan, jobId: 'unaligned', unaligned: true, killAfter: 3 });
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
    const resumed = runPressed({
      ...plan,
      jobId: 'unaligned',
      unaligned: true,
      resume: true,
      parallelism: 3,
      spin: 0,
      killAfter: 0,
    });
    t.equal(resumed.ended, '0');
    t.ok(isWhole(join(folder, 'unaligned'), COUNT), 'each result is there once, at another parallelism');
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
  const { checkpoints } = runPressed({ ...plan, alignedTimeout: '300 ms', killAfter: 2 });
  t.ok(medianOf(checkpoints, 'durationMs') >= 300);
  t.ok(medianOf(checkpoints, 'persistedBytes') > 0);
  const resumed = runPressed({
    ...plan,
    alignedTimeout: '300 ms',
    resume: true,
    parallelism: 1,
    spin: 0,
    killAfter: 0,
  });
  t.equal(resumed.ended, '0');
  t.ok(isWhole(join(folder, 'timeout'), COUNT));
  t.end();
});
