import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { jobPath, MillraceProcess } from './millrace-process.js';

t.setTimeout(120_000);

/** A job of a minute, and a process that runs it. */
function running(t: Test): () => MillraceProcess {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-signals-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const input = join(folder, 'in.jsonl');
  const lines = Array.from({ length: 6000 }, (_, i) => `{"sensor":"s","time":${i},"value":1}\n`);
  writeFileSync(input, lines.join(''));
  const args = ['--resume', jobPath('sensor-minutes'), '--input', input, '--output', join(folder, 'out')];
  return () => new MillraceProcess(folder, [...args, '--rate', '100']);
}

for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
  t.test(`${signal} stops the job in order, to be resumed`, async (t) => {
    const start = running(t);
    const run = start();
    await run.started;
    run.kill(signal);
    const { code: ended, stderr } = await run.ended;
    t.equal(ended, code);
    t.match(stderr, /--resume goes on/);
    const next = start();
    await next.started;
    next.kill();
    t.match((await next.ended).stderr, / starts from /);
  });
}

t.test('a second signal ends the process at once', async (t) => {
  const run = running(t)();
  await run.started;
  run.kill('SIGINT');
  run.kill('SIGINT');
  const { code } = await run.ended;
  // Both may be seen as one where they come close together.
  t.ok(code === 'SIGINT' || code === 130, `ended with ${code}`);
});
