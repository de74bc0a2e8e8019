import t from 'tap';
import type { HolderState, JobHolder, StartMode } from '../../../core/internal.js';
import { isMillraceError, Prng } from '../../../core/internal.js';
import {
  FileObjectStore,
  MemoryObjectStore,
  type ObjectStore,
  openJob,
  type RunOrigin,
} from '../../../storage/index.js';
import type { DiskFaultPlan } from '../../simulation/disk-fault-plan.js';
import { SimulatedDisk } from '../../simulation/simulated-disk.js';
import { SimulatedFileSystem } from '../../simulation/simulated-file-system.js';
import { checkpoint, filesOf, type Led, led, manifestOf } from './led-job.js';

interface Start {
  readonly store: ObjectStore;
  readonly mode?: StartMode;
  readonly pid?: number;
  readonly state?: HolderState;
  readonly origin?: RunOrigin;
  readonly onUnreadable?: (checkpointId: number, error: unknown) => void;
}

function open(start: Start) {
  const holder: JobHolder = { host: 'h', bootId: 'b', pid: start.pid ?? 1, processStartTime: '9' };
  return openJob({
    store: start.store,
    jobName: 'delays',
    mode: start.mode ?? 'resume',
    origin: start.origin,
    holder,
    holderState: () => start.state ?? 'dead',
    nowMs: 1_700_000_000_000,
    onUnreadable:
      start.onUnreadable ??
      ((id, error) => {
        throw new Error(`checkpoint ${id} was passed over: ${String(error)}`);
      }),
    onWarning: (error) => {
      throw error;
    },
  });
}

/** Counts the slots of the log that are read. */
class CountingStore extends MemoryObjectStore {
  reads = 0;

  override get(...args: Parameters<MemoryObjectStore['get']>): ReturnType<MemoryObjectStore['get']> {
    if (args[0].startsWith('log/')) this.reads++;
    return super.get(...args);
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A job on a simulated disk, with helpers to damage it. */
function onDisk() {
  const disk = new SimulatedDisk();
  const store = new FileObjectStore(new SimulatedFileSystem(disk), '/c/delays', 'w1');
  return { disk, store, slotPath: (slot: number) => `/c/delays/log/${String(slot).padStart(10, '0')}` };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isMillraceError(error)) return error.code;
    throw error;
  }
  return 'none';
}

t.test('a job never seen starts from the beginning, in every mode', async (t) => {
  for (const mode of ['new', 'resume', 'fresh'] as const) {
    const job = led(await open({ store: new MemoryObjectStore(), mode }));
    t.equal(job.start, 'from-beginning');
    t.equal(job.manifest, undefined);
    t.equal(job.nextCheckpointId, 1);
  }
});

t.test('a job known without a completed checkpoint starts from the beginning', async (t) => {
  const store = new MemoryObjectStore();
  const first = led(await open({ store }));
  const job = led(await open({ store }));
  t.equal(job.start, 'from-beginning');
  t.ok(job.epoch > first.epoch);
  t.equal(job.run, first.run);
});

t.test('--resume restores the newest completed checkpoint, and ids go on', async (t) => {
  const store = new MemoryObjectStore();
  const first = led(await open({ store }));
  await checkpoint(first, 1);
  const written = await checkpoint(first, 2);
  // An aborted checkpoint whose files are still there.
  const file = first.storage.writerFor(7, 0, 'uid-0').createFile('delta');
  await file.append(new Uint8Array(10));
  await file.finish(1);
  const job = led(await open({ store }));
  t.equal(job.start, 'restore');
  t.strictSame(job.manifest, written);
  t.equal(job.nextCheckpointId, 8);
});

t.test('an unfinished job is refused without --resume, and forgotten with --fresh', async (t) => {
  const store = new MemoryObjectStore();
  await checkpoint(led(await open({ store })), 1);
  t.equal(await codeOf(open({ store, mode: 'new' })), 'MR8001');
  const fresh = led(await open({ store, mode: 'fresh' }));
  t.equal(fresh.start, 'from-beginning');
  t.ok(fresh.nextCheckpointId > 1, 'ids are not used again, since output may carry them');
  t.equal(led(await open({ store })).start, 'from-beginning', 'and stays forgotten');
});

t.test('a finished job says so, and a new start is a new run', async (t) => {
  const store = new MemoryObjectStore();
  const first = led(await open({ store, mode: 'new' }));
  await checkpoint(first, 1);
  await first.storage.finish({ state: 'FINISHED', finishedMs: 5, message: 'done' }, false);
  for (let i = 0; i < 2; i++) {
    const again = await open({ store });
    t.match(again, {
      start: 'already-finished',
      result: { state: 'FINISHED', finishedMs: 5, message: 'done' },
    });
  }
  t.same(await store.list(''), ['log/0000000003'], 'its checkpoints are gone');
  const second = led(await open({ store, mode: 'new' }));
  t.equal(second.start, 'from-beginning');
  t.ok(second.run > first.run && second.nextCheckpointId === 2);
});

t.test('a failed job keeps its checkpoints and can be resumed', async (t) => {
  const store = new MemoryObjectStore();
  const first = led(await open({ store }));
  await checkpoint(first, 1);
  await first.storage.finish({ state: 'FAILED', finishedMs: 5 }, true);
  t.equal(led(await open({ store, state: 'alive' })).start, 'restore', 'the result gave the job back');
});

t.test('a living holder is named, and is not asked for once it has given the job back', async (t) => {
  const store = new MemoryObjectStore();
  const first = led(await open({ store, pid: 4711 }));
  await t.rejects(open({ store, state: 'alive' }), { code: 'MR8002', message: /4711/ });
  t.equal(await codeOf(checkpoint(first, 1)), 'none', 'being asked for does it no harm');
  await first.release();
  t.equal(led(await open({ store, state: 'alive' })).start, 'restore');
});

t.test('whoever is fenced off completes, retains, discards and finishes nothing', async (t) => {
  const calls: ((job: Led) => Promise<unknown>)[] = [
    ({ storage, epoch }) => storage.complete(manifestOf(2, epoch, [])),
    ({ storage }) => storage.latest(() => undefined),
    ({ storage }) => storage.retain(1, []),
    ({ storage, manifest }) => storage.discard(1, filesOf(manifest)),
    ({ storage }) => storage.finish({ state: 'FINISHED', finishedMs: 1 }, false),
  ];
  for (const [i, call] of calls.entries()) {
    const store = new MemoryObjectStore();
    const old = led(await open({ store, pid: 1 }));
    const manifest = await checkpoint(old, 1);
    const job = led(await open({ store, pid: 2, state: 'unknown' }));
    const before = await store.list('');
    const files = filesOf(manifest);
    t.equal(
      await codeOf(call(i === 3 ? { ...old, start: 'restore', manifest } : old)),
      'MR8003',
      `call ${i}`,
    );
    await t.rejects(old.storage.complete(manifestOf(3, old.epoch, files)), {
      code: 'MR8003',
      message: /process 2 on h/,
    });
    await old.release();
    t.same(await store.list(''), before, 'and it has nothing to give back');
    await checkpoint(job, 2);
  }
});

t.test('of two starts in the same moment one leads, and the other sees a living holder', async (t) => {
  const store = new MemoryObjectStore();
  const starts = [1, 2, 3].map((pid) => codeOf(open({ store, pid, state: 'alive' })));
  t.same((await Promise.all(starts)).sort(), ['MR8002', 'MR8002', 'none']);
});

t.test('[scenario 8] a torn or flipped newest checkpoint falls back to the one before, loudly', async (t) => {
  const { disk, store, slotPath } = onDisk();
  const first = led(await open({ store }));
  const good = await checkpoint(first, 1);
  await checkpoint(first, 2);
  disk.truncate(slotPath(3), 60);
  const told: [number, string][] = [];
  const onUnreadable = (id: number, error: unknown) => told.push([id, String(error)]);
  const second = led(await open({ store, onUnreadable }));
  t.strictSame(second.manifest, good);
  t.equal(told.length, 1);
  t.match(told[0]?.[1], /MR3004.*log\/0000000003/);
  t.ok(second.nextCheckpointId > 2, 'the id of the damaged one is not used again');
  await checkpoint(second, second.nextCheckpointId);
  disk.flipBit(slotPath(5), new Prng(1));
  told.length = 0;
  t.strictSame(led(await open({ store, onUnreadable })).manifest, good);
  t.equal(told.length, 2, 'both damaged entries are told');
});

t.test('the id of a damaged checkpoint without files is not used again either', async (t) => {
  const { disk, store, slotPath } = onDisk();
  const first = led(await open({ store }));
  for (const id of [1, 2]) await first.storage.complete(manifestOf(id, first.epoch, []));
  disk.truncate(slotPath(3), 20);
  const job = led(await open({ store, onUnreadable: () => undefined }));
  t.equal(job.manifest?.checkpointId, 1);
  t.ok(job.nextCheckpointId > 2);
});

t.test('a damaged manifest still tells its id; a missing state file counts as damage', async (t) => {
  const { disk, store, slotPath } = onDisk();
  const first = led(await open({ store }));
  await checkpoint(first, 1);
  const second = await checkpoint(first, 2);
  await checkpoint(first, 3);
  const size = disk.files().get(slotPath(4)) ?? 0;
  disk.truncate(slotPath(4), size - 1);
  await store.delete(filesOf(second).map(({ key }) => key));
  const told: number[] = [];
  const job = led(await open({ store, onUnreadable: (id) => told.push(id) }));
  t.same(told, [3, 2]);
  t.equal(job.manifest?.checkpointId, 1);
});

t.test('a state file with a flipped bit is found before anything starts from it', async (t) => {
  const { disk, store } = onDisk();
  const seed = Date.now() % 2 ** 31;
  t.comment(`seed ${seed}`);
  const first = led(await open({ store }));
  const good = await checkpoint(first, 1);
  const bad = await checkpoint(first, 2);
  for (const { key } of filesOf(bad)) disk.flipBit(`/c/delays/${key}`, new Prng(seed));
  const told: number[] = [];
  const job = led(await open({ store, onUnreadable: (id) => told.push(id) }));
  t.same(told, [2]);
  t.strictSame(job.manifest, good);
});

t.test('[scenario 8] where checkpoints were and none is readable, nothing starts empty', async (t) => {
  const { disk, store, slotPath } = onDisk();
  await checkpoint(led(await open({ store })), 1);
  disk.truncate(slotPath(2), 5);
  const told: number[] = [];
  const onUnreadable = (id: number) => told.push(id);
  t.equal(await codeOf(open({ store, onUnreadable })), 'MR3005');
  await t.rejects(open({ store, onUnreadable }), { code: 'MR3005', cause: { code: 'MR3004' } });
  for (const path of disk.files().keys()) disk.truncate(path, 3);
  t.equal(await codeOf(open({ store, onUnreadable })), 'MR3005');
  t.equal(await codeOf(open({ store, onUnreadable, mode: 'new' })), 'MR3005');
  t.equal(led(await open({ store, mode: 'fresh', onUnreadable })).start, 'from-beginning');
});

t.test('a log that is gone is missed where its data is', async (t) => {
  const store = new MemoryObjectStore();
  await checkpoint(led(await open({ store })), 1);
  await store.delete(await store.list('log/'));
  for (const mode of ['new', 'resume'] as const) t.equal(await codeOf(open({ store, mode })), 'MR3005', mode);
  const fresh = led(await open({ store, mode: 'fresh' }));
  t.equal(fresh.start, 'from-beginning');
  t.equal(fresh.nextCheckpointId, 2, 'the id of what is still there is not given again');
});

t.test('entries that were removed by hand are missed', async (t) => {
  const { disk, store, slotPath } = onDisk();
  const first = led(await open({ store }));
  await checkpoint(first, 1);
  await first.release();
  disk.remove(slotPath(2));
  t.equal(await codeOf(open({ store })), 'MR3005');
});

t.test('a job that fails at each start is found as fast after forty starts as after one', async (t) => {
  const store = new CountingStore();
  const first = led(await open({ store }));
  await checkpoint(first, 1);
  await checkpoint(first, 2);
  const reads: number[] = [];
  for (let pid = 2; pid < 42; pid++) {
    const before = store.reads;
    const job = led(await open({ store, pid }));
    t.equal(job.manifest?.checkpointId, 2);
    reads.push(store.reads - before);
    if (pid % 2 === 0) await job.release();
  }
  t.equal(Math.max(...reads), reads[0]);
  const last = led(await open({ store, pid: 42 }));
  const before = store.reads;
  await checkpoint(last, last.nextCheckpointId);
  await last.storage.retain(2, []);
  t.equal(store.reads - before, 1, 'the checkpoint before');
  const [oldest] = await store.list('log/');
  t.equal(oldest, 'log/0000000003', 'which stays with all that is above it');
  // What is above the checkpoint may be damaged: then it is looked at slot by slot, as far as need be.
  await open({ store, pid: 43 });
  const slots = await store.list('log/');
  const top = slots.at(-1) ?? '';
  await store.delete([top]);
  await store.put(top, once(Uint8Array.of(1, 2, 3)));
  const told: unknown[] = [];
  const onUnreadable = (id: number): void => void told.push(id);
  for (const pid of [50, 51]) {
    told.length = 0;
    t.equal(led(await open({ store, pid, onUnreadable })).manifest?.checkpointId, 3);
    t.same(told, [0], 'it might have held a newer one');
  }
});

t.test('a checkpoint that is reached from far above has to be the one that was meant', async (t) => {
  const stores = [new MemoryObjectStore(), new MemoryObjectStore()] as const;
  for (const [i, store] of stores.entries()) {
    const job = led(await open({ store, pid: 10 + i }));
    await checkpoint(job, 1);
    await checkpoint(job, 2);
  }
  const [store, another] = stores;
  for (const pid of [2, 3]) await open({ store, pid });
  const key = 'log/0000000003';
  await store.delete([key]);
  await store.put(key, another.get(key));
  t.equal(await codeOf(open({ store })), 'MR3005');
});

t.test('a storage that fails for the moment is no reason to fall back', async (t) => {
  const { disk, store } = onDisk();
  const first = led(await open({ store }));
  await checkpoint(first, 1);
  await checkpoint(first, 2);
  const faults: DiskFaultPlan = {
    faultOf: ({ path }) => (path.includes('/data/') ? { kind: 'fail', errno: 'EIO' } : undefined),
  };
  const failing = new FileObjectStore(new SimulatedFileSystem(disk, { faults }), '/c/delays', 'w2');
  t.equal(await codeOf(open({ store: failing })), 'MR3001');
});

t.test(
  'a run that died before its first checkpoint still begins from what it was to begin from',
  async (t) => {
    const store = new MemoryObjectStore();
    const origin = { path: '/savepoints/a', allowNonRestoredState: true, claim: false };
    await open({ store, mode: 'new', origin });
    for (const pid of [2, 3])
      t.match(await open({ store, pid, origin: { ...origin, path: '/other' } }), { origin });
    const job = led(await open({ store, pid: 4 }));
    await checkpoint(job, job.nextCheckpointId);
    t.match(await open({ store, pid: 5 }), { start: 'restore' });
    t.match(await open({ store, pid: 6, mode: 'fresh' }), { start: 'from-beginning', origin: undefined });
  },
);

t.test('what was written for a checkpoint that never completed goes with the next start', async (t) => {
  const store = new MemoryObjectStore();
  const write = async (job: Led, id: number): Promise<string> => {
    const file = job.storage.writerFor(id, 0, 'op-0').createFile('base');
    await file.append(Uint8Array.of(id));
    return (await file.finish(1)).key;
  };
  const first = led(await open({ store }));
  const early = await write(first, 1);
  const second = led(await open({ store, pid: 2 }));
  t.same(await store.list('data/'), [], 'before there is any completed checkpoint');
  t.equal(second.nextCheckpointId, 2, 'its id is not used again');
  await checkpoint(second, 2);
  const completed = await store.list('data/');
  await write(second, 3);
  await write(second, 4);
  const third = led(await open({ store, pid: 3 }));
  t.same(await store.list('data/'), completed, 'and above the newest one, which stays');
  t.notOk(completed.includes(early));
  // One that lands late is of no checkpoint either.
  await write(second, 5);
  const own = await write(third, third.nextCheckpointId);
  await third.storage.sweepUncompleted();
  t.same(await store.list('data/'), [...completed, own].sort(), 'its own are under way');
  await open({ store, pid: 4, mode: 'fresh' });
  t.same(
    await store.list('data/'),
    completed,
    'a new run keeps what the old one completed until it has its own',
  );
});
