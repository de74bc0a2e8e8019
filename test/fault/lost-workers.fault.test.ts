import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import t from 'tap';
import perishing from './jobs/perishing.js';

t.setTimeout(120_000);

const COUNT = 20_000;
const expected = Array.from({ length: COUNT }, (_, i) => (i + 1) * 2);

/** How a worker is lost, and what the job says of it. */
const LOSSES = [
  { title: '[scenario 20] out of memory', how: 'memory', code: 'MR5005' },
  { title: '[scenario 20] it exits, with code 0', how: 'exit-zero', code: 'MR5003' },
  { title: '[scenario 18, 20] user code never returns', how: 'loop', code: 'MR5004' },
  { title: '[scenario 18] a promise is rejected, for which nobody waits', how: 'reject', code: 'MR5003' },
  { title: '[scenario 18] user code throws', how: 'throw', code: 'MR5001' },
] as const;

t.test('a job whose worker is lost goes on, and each result comes once', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-lost-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const cluster = await LocalCluster.start({
    parallelism: 2,
    checkpointing: { interval: '50 ms', dir },
    configuration: {
      'heartbeat.timeout': '4 s',
      'heartbeat.interval': '200 ms',
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.attempts': 10,
      'restart-strategy.fixed-delay.delay': '10 ms',
    },
  });
  t.teardown(() => cluster.close());
  for (const { title, how, code } of LOSSES) {
    t.test(title, async (t) => {
      const job = await cluster.submit(perishing, { how, count: COUNT });
      const { attempts, failures } = await job.result();
      t.ok(attempts > 1, `${attempts} attempts`);
      const codes = failures.map(({ rootCause }) => rootCause.code);
      t.ok(codes.includes(code), codes.join());
      const values = (await job.collected()) as readonly number[];
      t.same(
        [...values].sort((a, b) => a - b),
        expected,
      );
    });
  }
});
