import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import t from 'tap';
import wideState from './jobs/wide-state.js';

t.setTimeout(120_000);

const WAIT_MS = 30_000;
const COUNT = 16_000;
const ENDS = '1:6000,2:4000';

/** Folders of the LMDB environments of this process. */
function environments(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(`millrace-${process.pid}-`))
    .flatMap((name) => readdirSync(join(tmpdir(), name)).map((below) => join(name, below)));
}

const MAPS = '/proc/self/maps';

/** Of them, those that are in the memory of this process, where the system says so. */
function mapped(): string[] {
  const paths = (existsSync(MAPS) ? readFileSync(MAPS, 'utf8') : '').matchAll(/(\S+)\/data\.mdb/g);
  return [...new Set([...paths].map(([, path]) => path ?? ''))];
}

async function until(holds: () => boolean): Promise<void> {
  const begin = performance.now();
  while (!holds() && performance.now() - begin < WAIT_MS)
    await new Promise((resolve) => setImmediate(resolve));
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
  let last: { readonly folders: readonly string[]; readonly maps: readonly string[] } | undefined;
  const job = await cluster.submit(wideState, { count: COUNT, rate: 100_000, lost: ENDS });
  let isOver = false;
  const result = job.result().finally(() => {
    isOver = true;
  });
  await until(() => {
    const folders = environments();
    if (folders.some((name) => name.endsWith('-3'))) last = { folders, maps: mapped() };
    return isOver;
  });
  const { attempts } = await result;
  t.equal(attempts, 3);
  // At the last look it may be about to go.
  t.equal(last?.folders.length, 1, `while the last attempt ran there were ${last?.folders.join(', ')}`);
  t.ok((last?.maps.length ?? 2) <= 1, `in memory were ${last?.maps.join(', ')}`);
  await until(() => environments().length + mapped().length === 0);
  t.same(environments(), []);
  t.same(mapped(), []);
});
