import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { LocalCluster } from 'millrace';
import t from 'tap';
import wideState from './jobs/wide-state.js';

t.setTimeout(120_000);

const WAIT_MS = 30_000;
const COUNT = 30_000;
const ENDS = '1:9000,2:9000,3:9000';

/** Folders of the LMDB environments of this process. */
function environments(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(`millrace-${process.pid}-`))
    .flatMap((name) => readdirSync(join(tmpdir(), name)).map((below) => join(name, below)));
}

/** Of them, those that are in the memory of this process. */
function mapped(): string[] {
  const paths = readFileSync('/proc/self/maps', 'utf8').matchAll(/(\S+)\/data\.mdb/g);
  return [...new Set([...paths].map(([, path]) => path ?? ''))];
}

async function until(holds: () => boolean): Promise<void> {
  const begin = performance.now();
  while (!holds() && performance.now() - begin < WAIT_MS) await turn();
}

t.test('of a task whose thread was ended by force no working copy is left', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-copies-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const cluster = await LocalCluster.start({
    parallelism: 1,
    checkpointing: { interval: '200 ms', dir },
    configuration: {
      'taskmanager.memory.managed.size': '2 mb',
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.attempts': 10,
      'restart-strategy.fixed-delay.delay': '10 ms',
    },
  });
  t.teardown(() => cluster.close());
  let last: readonly string[] = [];
  const job = await cluster.submit(wideState, { count: COUNT, rate: 100_000, lost: ENDS });
  let isOver = false;
  const result = job.result().finally(() => {
    isOver = true;
  });
  await until(() => {
    const found = environments();
    if (found.some((name) => name.endsWith('-4'))) last = [...found, ...mapped()];
    return isOver;
  });
  const { attempts } = await result;
  t.equal(attempts, 4);
  t.equal(last.length, 2, `while the last attempt ran there were ${last.join(', ')}`);
  await until(() => environments().length + mapped().length === 0);
  t.same(environments(), []);
  t.same(mapped(), []);
});
