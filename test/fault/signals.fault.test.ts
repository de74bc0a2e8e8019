import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { jobPath, MillraceProcess, visibleFiles } from './millrace-process.js';

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

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`[scenario 20] a second ${signal} ends the process at once`, async (t) => {
    const run = running(t)();
    await run.started;
    run.kill(signal);
    run.kill(signal);
    const { code } = await run.ended;
    // Both may be seen as one where they come close together.
    t.ok(code === signal || code === { SIGINT: 130, SIGTERM: 143 }[signal], `ended with ${code}`);
  });
}

/** Longer than tasks may be silent. */
const SUSPENDED_MS = 3000;

t.test('[scenario 19, 20] a process that was suspended goes on as it was', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-suspended-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const options = [
    'heartbeat.timeout=2s',
    'heartbeat.interval=200ms',
    'execution.checkpointing.interval=100ms',
  ];
  const job = [jobPath('running-counts'), '--output', 'out', '--count', '14000', '--rate', '7000'];
  const run = new MillraceProcess(folder, [
    '-p',
    '2',
    ...options.flatMap((each) => ['-D', each]),
    '--resume',
    ...job,
  ]);
  t.teardown(() => run.kill());
  await run.started;
  const log = join(folder, '.millrace', 'running-counts', 'log');
  await run.until(log, async () => readdirSync(log).some((slot) => Number(slot) > 2));
  run.kill('SIGSTOP');
  setTimeout(() => run.kill('SIGCONT'), SUSPENDED_MS);
  const { code, stderr } = await run.ended;
  t.equal(code, 0, stderr);
  t.notMatch(stderr, /MR5004/, 'nobody is taken for stuck who had no turn');
  const counts = [...visibleFiles(join(folder, 'out')).values()].flatMap((text) => text.trim().split('\n'));
  const wanted = Array.from({ length: 14_000 }, (_, i) =>
    JSON.stringify({ key: i % 7, n: Math.floor(i / 7) + 1 }),
  );
  t.same(counts.sort(), wanted.sort());
});
