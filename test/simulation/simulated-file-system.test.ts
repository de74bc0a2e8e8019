import t from 'tap';
import { Prng } from '../../core/internal.js';
import { type DiskFaultPlan, RandomDiskFaults } from './disk-fault-plan.js';
import { SimulatedDisk } from './simulated-disk.js';
import { SimulatedFileSystem } from './simulated-file-system.js';

const bytes = (...values: number[]) => new Uint8Array(values);

function failing(kind: string, fault: 'fail' | 'fail-after'): DiskFaultPlan {
  return { faultOf: (operation) => (operation.kind === kind ? { kind: fault, errno: 'EIO' } : undefined) };
}

t.test('what was synced survives a loss of power; what was not may or may not', async (t) => {
  const lengths = new Set<number | undefined>();
  const removed = new Set<boolean>();
  for (let seed = 0; seed < 100; seed++) {
    const disk = new SimulatedDisk();
    const view = new SimulatedFileSystem(disk);
    for (const name of ['synced', 'half', 'removed']) {
      const file = await view.create(`/d/${name}`);
      await file.append(bytes(1, 2, 3));
      await file.sync();
    }
    const half = await view.create('/d/tail');
    await half.append(bytes(1, 2));
    await half.sync();
    await half.append(bytes(3, 4, 5, 6));
    const unsynced = await view.create('/e/unsynced');
    await unsynced.append(bytes(9));
    await view.remove('/d/removed');
    const after = disk.crash(new Prng(seed));
    t.equal(after.files().get('/d/synced'), 3);
    const tail = await new SimulatedFileSystem(after).readFile('/d/tail');
    t.ok(
      tail !== undefined && tail.length >= 2 && tail[0] === 1 && tail[1] === 2,
      'the synced part is whole',
    );
    lengths.add(tail?.length);
    removed.add(after.files().has('/d/removed'));
  }
  t.same([...lengths].sort(), [2, 3, 4, 5, 6]);
  t.equal(removed.size, 2);
});

t.test('two names share one file; the second is durable at once', async (t) => {
  const disk = new SimulatedDisk();
  const view = new SimulatedFileSystem(disk);
  const file = await view.create('/d/a');
  await file.append(bytes(1));
  await file.sync();
  t.equal(await view.link('/d/a', '/e/b'), true);
  t.equal(await view.link('/d/a', '/e/b'), false);
  t.equal((await view.stat('/d/a'))?.identity, (await view.stat('/e/b'))?.identity);
  await view.remove('/d/a');
  await view.syncFolder('/d');
  t.same([...disk.crash(new Prng(1)).files()], [['/e/b', 1]]);
});

t.test('an operation fails with or without its effect, as planned', async (t) => {
  for (const [fault, done] of [
    ['fail', false],
    ['fail-after', true],
  ] as const) {
    const disk = new SimulatedDisk();
    const healthy = new SimulatedFileSystem(disk);
    await healthy.create('/d/a');
    const view = new SimulatedFileSystem(disk, { faults: failing('link', fault) });
    await t.rejects(view.link('/d/a', '/d/b'), { code: 'MR3001' });
    t.equal(disk.files().has('/d/b'), done);
  }
});

t.test('the names in a folder are told in their order, in one operation', async (t) => {
  const view = new SimulatedFileSystem(new SimulatedDisk());
  for (const name of ['b', 'c/x', 'a']) await view.create(`/d/${name}`);
  const before = view.operationCount;
  const told: string[] = [];
  await view.visitNames('/d', (name) => told.push(name));
  await view.visitNames('/none', (name) => t.fail(name));
  t.same(told, ['a', 'b', 'c']);
  t.equal(view.operationCount, before + 2);
});

t.test('a disk that is full takes what it has room for', async (t) => {
  const disk = new SimulatedDisk();
  disk.capacityBytes = 5;
  const file = await new SimulatedFileSystem(disk).create('/d/a');
  await file.append(bytes(1, 2, 3));
  await t.rejects(file.append(bytes(4, 5, 6)), { code: 'MR3003' });
  t.equal(disk.files().get('/d/a'), 5);
});

t.test('a process that was killed does nothing more, and nothing it waits for settles', async (t) => {
  const disk = new SimulatedDisk();
  const view = new SimulatedFileSystem(disk);
  const other = new SimulatedFileSystem(disk);
  let settled = false;
  const work = view.create('/d/a');
  view.kill();
  work.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  for (let i = 0; i < 100; i++) await undefined;
  t.notOk(settled);
  t.same(await other.list('/d'), []);
});

t.test('the same seed gives the same faults and the same disk', async (t) => {
  const run = async (seed: number): Promise<string> => {
    const prng = new Prng(seed);
    const disk = new SimulatedDisk();
    const rates = { fail: 0.1, failAfter: 0.1, full: 0.1, slow: 0.3 };
    const view = new SimulatedFileSystem(disk, { faults: new RandomDiskFaults(prng.fork(), rates) });
    const log: string[] = [];
    const writer = async (name: string) => {
      for (let i = 0; i < 5; i++) {
        try {
          const file = await view.create(`/d/${name}${i}`);
          await file.append(bytes(1, 2, 3, 4));
          await file.sync();
          log.push(`${name}${i}`);
        } catch (error) {
          log.push(String(error));
        }
      }
    };
    await Promise.all([writer('a'), writer('b')]);
    return JSON.stringify([log, [...disk.crash(prng).files()]]);
  };
  t.equal(await run(7), await run(7));
  t.not(await run(7), await run(8));
});
