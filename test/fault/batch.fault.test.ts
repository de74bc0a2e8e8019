import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import t from 'tap';
import twoBatches from './jobs/two-batches.js';

function linesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
    .toSorted();
}

t.test('a batch that is begun anew has committed nothing, and commits once', async (t) => {
  const output = mkdtempSync(join(tmpdir(), 'millrace-batch-'));
  t.teardown(() => rmSync(output, { recursive: true, force: true }));
  const cluster = await LocalCluster.start({
    parallelism: 2,
    configuration: {
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.delay': '0 ms',
    },
  });
  t.teardown(() => cluster.close());
  const job = await cluster.submit(twoBatches, { output });
  const { attempts } = await job.result();
  t.equal(attempts, 2);
  const sums = Array.from({ length: 10 }, (_, key) => String(10 * (key === 0 ? 10 : key) + 450));
  t.strictSame(linesIn(join(output, 'small')), sums.toSorted());
  t.strictSame(
    linesIn(join(output, 'large')),
    Array.from({ length: 7 }, (_, i) => `${(99_994 + i) % 7} ${99_994 + i}`).toSorted(),
  );
});
