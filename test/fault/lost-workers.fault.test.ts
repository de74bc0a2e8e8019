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
const LOSSES: Readonly<Record<string, RegExp>> = {
  memory: /^MR5005$/,
  'exit-zero': /^MR5003$/,
  loop: /^MR5004$/,
  reject: /^MR500[13]$/,
  throw: /^MR5001$/,
};

for (const [how, code] of Object.entries(LOSSES)) {
  const scenario = how === 'throw' || how === 'reject' ? 18 : how === 'loop' ? '18, 20' : 20;
  t.test(`[scenario ${scenario}] a worker is lost by '${how}', and each result comes once`, async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-lost-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const cluster = await LocalCluster.start({
      parallelism: 2,
      checkpointing: { interval: '50 ms', dir },
      configuration: {
        'heartbeat.timeout': how === 'loop' ? '4 s' : '50 s',
        'heartbeat.interval': '200 ms',
        'restart-strategy.type': 'fixed-delay',
        'restart-strategy.fixed-delay.attempts': 10,
        'restart-strategy.fixed-delay.delay': '10 ms',
      },
    });
    t.teardown(() => cluster.close());
    const job = await cluster.submit(perishing, { how, count: COUNT });
    const { attempts, failures } = await job.result();
    t.ok(attempts > 1, `${attempts} attempts`);
    t.match(failures[0]?.rootCause.code, code, JSON.stringify(failures));
    const values = (await job.collected()) as readonly number[];
    t.same(
      [...values].sort((a, b) => a - b),
      expected,
    );
  });
}
