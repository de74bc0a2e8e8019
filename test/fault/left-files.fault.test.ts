import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import t, { type Test } from 'tap';
import halfWritten from './jobs/half-written.js';
import perishing from './jobs/perishing.js';
import sorted from './jobs/sorted.js';

/** What tasks and processes leave on the disk that end without a chance to clear up. */
t.setTimeout(120_000);

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-left-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** None if the folder goes in this moment, as it does when the job ends. */
function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}

/** Folders of what tasks of this process have sorted. */
function sorts(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(`millrace-${process.pid}-`))
    .flatMap((name) => namesIn(join(tmpdir(), name)))
    .filter((name) => name.startsWith('sort-'));
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

t.test('of a task whose thread has ended no sorted files stay while the job goes on', async (t) => {
  const cluster = await LocalCluster.start({
    parallelism: 1,
    configuration: {
      'taskmanager.memory.managed.size': '1 mb',
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.attempts': 2,
      'restart-strategy.fixed-delay.delay': '10 ms',
    },
  });
  t.teardown(() => cluster.close());
  const job = await cluster.submit(sorted, { count: 80_000, lost: '1:1,2:1' });
  let isOver = false;
  const result = job.result().finally(() => {
    isOver = true;
  });
  const seen = new Set<string>();
  while (!isOver) {
    seen.add(sorts().toSorted().join(' '));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { attempts } = await result;
  t.equal(attempts, 3);
  const third = [...seen].filter((names) => names.includes('sort-a3-'));
  t.ok(
    [...seen].some((names) => names.includes('sort-a1-')),
    'the first attempt has sorted on the disk',
  );
  t.ok(
    third.some((names) => !names.includes('sort-a1-')),
    `beside the third were ${third.join('; ')}`,
  );
});

t.test('of a task whose thread has ended no half-written file of a checkpoint stays', async (t) => {
  const dir = folder(t);
  const scratch = join(dir, 'half-written', '.unfinished');
  mkdirSync(scratch, { recursive: true });
  const cluster = await LocalCluster.start({
    parallelism: 1,
    checkpointing: { interval: '50 ms', dir },
    configuration: {
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.attempts': 1,
      'restart-strategy.fixed-delay.delay': '10 ms',
    },
  });
  t.teardown(() => cluster.close());
  const job = await cluster.submit(halfWritten, { count: 20_000, scratch });
  const { attempts } = await job.result();
  t.equal(attempts, 2, 'its thread ended while it wrote');
  // With it all threads have left, and what they have left behind.
  await cluster.close();
  const ofFirst = readdirSync(scratch).filter((name) => name.includes('-a1-'));
  t.same(ofFirst, []);
});
