import { LocalCluster, Watermark } from 'millrace';
import t from 'tap';
import heldBack from './jobs/held-back.js';
import { until } from './looks.js';

t.test('a job says which partition keeps its windows from firing', async (t) => {
  const cluster = await LocalCluster.start({
    parallelism: 2,
    configuration: { 'pipeline.auto-watermark-interval': '10 ms' },
  });
  t.teardown(() => cluster.close());
  const job = await cluster.submit(heldBack);
  let explanation = await job.explain();
  const windowsWaitForLog = (): boolean => {
    const windows = explanation?.operators.filter(({ name }) => name === 'sums') ?? [];
    const ticks = explanation?.operators.filter(({ name }) => name === 'Source: ticks') ?? [];
    const held = windows.filter(({ heldBackBy }) => heldBackBy.length === 1);
    // Before its task runs, the source itself has nothing to say; and before its first event, a split holds back, too.
    const log = explanation?.operators.find(({ name }) => name === 'Source: log');
    const waits = log?.heldBackBy.length === 1;
    // A task may be late with its answer where the machine is busy.
    if (explanation?.silent.length !== 0) return false;
    return waits && held.length === 2 && ticks.filter(({ watermark }) => watermark > 0).length === 2;
  };
  const giveUpMs = performance.now() + 60_000;
  await until(async () => {
    explanation = await job.explain();
    return windowsWaitForLog() || performance.now() >= giveUpMs;
  });
  t.ok(windowsWaitForLog(), explanation?.text ?? '');

  t.same(explanation?.silent, []);
  const log = explanation?.operators.find(({ name }) => name === 'Source: log');
  t.equal(log?.watermark, Watermark.MIN);
  t.same(log?.heldBackBy, [{ kind: 'split', splitId: 'silent', watermark: Watermark.MIN }]);
  const windows = explanation?.operators.filter(({ name }) => name === 'sums') ?? [];
  t.equal(windows.length, 2);
  for (const window of windows) {
    t.equal(window.watermark, Watermark.MIN);
    t.ok(window.sinceMs > 0);
    t.equal(window.description, 'sums of 10 ms');
    t.same(window.heldBackBy, [
      { kind: 'channel', name: 'Source: log', vertexId: 0, subtask: 0, parallelism: 1 },
    ]);
  }
  const sink = explanation?.operators.find(({ name }) => name === 'Sink: sums');
  t.same(sink?.heldBackBy, [{ kind: 'operator', uid: windows[0]?.uid, name: 'sums' }]);
  t.match(explanation?.text, /Source: log \(1\/1\): no watermark yet, for .*; held back by split silent/);
  t.match(
    explanation?.text,
    /sums \(2\/2\): no watermark yet, for .*; sums of 10 ms; held back by Source: log \(1\/1\)/,
  );

  await job.cancel();
  await t.rejects(job.result(), { code: 'MR5007' });
});
