import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import t, { type Test } from 'tap';
import perishing from './jobs/perishing.js';

/** What tasks and processes leave on the disk that end without a chance to clear up. */
t.setTimeout(120_000);

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-left-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

t.test('what an earlier leader left goes, also one with our process id', async (t) => {
  const dir = folder(t);
  const scratch = join(dir, 'perishing', '.unfinished');
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, `leader-${process.pid}.7`), 'half');
  writeFileSync(join(scratch, 'leader-1.7'), 'half');
  const cluster = await LocalCluster.start({ parallelism: 1, checkpointing: { interval: '1 h', dir } });
  t.teardown(() => cluster.close());
  await (await cluster.submit(perishing, { how: 'throw', count: 10 })).result();
  t.same(readdirSync(scratch), []);
});
