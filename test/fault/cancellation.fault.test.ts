import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { jobPath, MillraceProcess } from './millrace-process.js';

t.setTimeout(120_000);

t.test(
  '[scenario 20] a task that cannot be ended takes the process along after task.cancellation.timeout',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-cancel-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const options = {
      // Long enough for a thread to start on a busy machine, which counts.
      'heartbeat.timeout': '10 s',
      'heartbeat.interval': '100 ms',
      'task.cancellation.interval': '300 ms',
      'task.cancellation.timeout': '1 s',
    };
    const set = Object.entries(options).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
    const process = new MillraceProcess(folder, ['-p', '1', ...set, jobPath('native-call'), '--pipe', pipe]);
    t.teardown(() => process.kill());
    const { code, stderr } = await process.ended;
    t.equal(code, 'SIGKILL', stderr);
    t.match(stderr, /warning: Task 0\/0 \(vertex\/subtask\) did not leave for .* after it was cancelled/);
    t.match(stderr, /MR5004 Task 0\/0 .*task\.cancellation\.timeout.*--resume/);
  },
);

t.test('a key without effect is warned of once at the start', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...set: readonly string[]) =>
    new MillraceProcess(folder, ['-p', '1', ...set, jobPath('doubled'), '--count', '10']).ended;
  const { stderr } = await run('-D', 'execution.checkpointing.data-inline-threshold=1kb');
  t.equal(stderr.match(/execution\.checkpointing\.data-inline-threshold has no effect/g)?.length, 1, stderr);
  t.notMatch((await run()).stderr, /no effect/);
});
