import t from 'tap';
import { isMillraceError, Prng } from '../../../core/internal.js';
import { FileObjectStore, openJob, readManifestAt } from '../../../storage/index.js';
import type { DiskFault, DiskFaultPlan, DiskOperation } from '../../simulation/disk-fault-plan.js';
import { SimulatedDisk } from '../../simulation/simulated-disk.js';
import { SimulatedFileSystem } from '../../simulation/simulated-file-system.js';
import { SimulatedBucket, SimulatedObjectStore } from '../../simulation/simulated-object-store.js';
import { checkpoint, filesOf, type Led, led, manifestOf } from './led-job.js';

/** Faults that a test sets while it runs. */
class Script implements DiskFaultPlan {
  next: ((operation: DiskOperation) => DiskFault | undefined) | undefined;

  faultOf(operation: DiskOperation): DiskFault | undefined {
    return this.next?.(operation);
  }
}

async function start(disk: SimulatedDisk, pid: number, faults: DiskFaultPlan = new Script()): Promise<Led> {
  const store = new FileObjectStore(new SimulatedFileSystem(disk, { faults }), '/c/delays', `w${pid}`);
  return led(await open(store, pid));
}

function open(store: Parameters<typeof openJob>[0]['store'], pid: number) {
  return openJob({
    store,
    jobName: 'delays',
    mode: 'resume',
    holder: { host: 'h', bootId: 'b', pid, processStartTime: '' },
    holderState: () => 'unknown',
    nowMs: 0,
    onUnreadable: (id, error) => {
      throw new Error(`checkpoint ${id} was passed over: ${String(error)}`);
    },
    onWarning: (error) => {
      throw error;
    },
  });
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

function storesOf(view: SimulatedFileSystem) {
  return (folder: string) => new FileObjectStore(view, folder, 'reader');
}

function slotPath(slot: number): string {
  return `/c/delays/log/${String(slot).padStart(10, '0')}`;
}

/** Lets everything that is ready go on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3000; i++) await undefined;
}

/** A leader that stands still in the middle of claiming slot 3, and what wakes it. */
async function pausedAtSlot3(disk: SimulatedDisk) {
  const faults = new Script();
  const zombie = await start(disk, 1, faults);
  await checkpoint(zombie, 1);
  let wake: (() => void) | undefined;
  const until = new Promise<void>((resolve) => {
    wake = resolve;
  });
  faults.next = ({ kind, path }) =>
    kind === 'link' && path === slotPath(3) ? { kind: 'hold', until } : undefined;
  const late = codeOf(zombie.storage.complete(manifestOf(2, zombie.epoch, [])));
  await settle();
  return {
    zombie,
    late,
    wake: () => wake?.(),
  };
}

t.test('[scenario 16] a paused leader whose next slot was taken loses it', async (t) => {
  const disk = new SimulatedDisk();
  const { late, wake } = await pausedAtSlot3(disk);
  const next = await start(disk, 2);
  t.equal(next.manifest?.checkpointId, 1);
  wake();
  t.equal(await late, 'MR8003');
  await checkpoint(next, 2);
});

t.test(
  'a paused leader that creates a slot which was taken and removed again has completed nothing',
  async (t) => {
    const disk = new SimulatedDisk();
    const { zombie, late, wake } = await pausedAtSlot3(disk);
    const next = await start(disk, 2);
    const kept = [await checkpoint(next, 2), await checkpoint(next, 3)];
    await next.storage.retain(1, []);
    t.notOk(disk.files().has(slotPath(3)), 'its slot is free');
    wake();
    t.equal(await late, 'MR8003');
    t.ok(disk.files().has(slotPath(3)), 'it has created the slot all the same');
    t.equal(await codeOf(zombie.storage.retain(1, [])), 'MR8003');
    t.strictSame((await start(disk, 3)).manifest, kept[1]);
    // Even if all that is newer is damaged, what the zombie left is not taken for a checkpoint.
    disk.truncate(slotPath(5), 3);
    const newest = codeOf(
      readManifestAt(storesOf(new SimulatedFileSystem(disk)), '/c/delays', () => undefined),
    );
    t.equal(await newest, 'MR3005');
  },
);

t.test('the entry just below the kept ones counts only if its successor vouches for it', async (t) => {
  const disk = new SimulatedDisk();
  const { late, wake } = await pausedAtSlot3(disk);
  const next = await start(disk, 2);
  await checkpoint(next, 2);
  await next.storage.retain(1, []);
  t.same(
    [...disk.files().keys()].filter((path) => path.includes('/log/')),
    [slotPath(4)],
  );
  wake();
  t.equal(await late, 'MR8003');
  disk.truncate(slotPath(4), (disk.files().get(slotPath(4)) ?? 0) - 1);
  const told: number[] = [];
  const newest = readManifestAt(storesOf(new SimulatedFileSystem(disk)), '/c/delays', (id) => told.push(id));
  t.equal(await codeOf(newest), 'MR3005');
  t.same(told, [2], 'the damaged one is told, the one of the zombie is nothing');
});

t.test('a leader whose folder was removed has lost the lead, and does not begin a second log', async (t) => {
  const disk = new SimulatedDisk();
  const job = await start(disk, 1);
  await checkpoint(job, 1);
  disk.removeTree('/c/delays');
  t.equal(await codeOf(job.storage.complete(manifestOf(2, job.epoch, []))), 'MR8003');
});

t.test(
  '[scenario 4] a claim that is reported as failed and was made is found out, and is durable then',
  async (t) => {
    const disk = new SimulatedDisk();
    const faults = new Script();
    const job = await start(disk, 1, faults);
    await checkpoint(job, 1);
    faults.next = ({ kind, path }) =>
      kind === 'link' && path.includes('/log/') ? { kind: 'fail-after', errno: 'EIO' } : undefined;
    t.equal(await codeOf(job.storage.complete(manifestOf(2, job.epoch, []))), 'MR3001');
    faults.next = undefined;
    t.equal(await job.storage.resolveUnknown(2), true);
    for (let seed = 0; seed < 10; seed++) {
      t.equal((await start(disk.crash(new Prng(seed)), 2)).manifest?.checkpointId, 2);
    }
  },
);

t.test(
  'a claim that failed for good is found out, and its slot is used by the next checkpoint',
  async (t) => {
    const disk = new SimulatedDisk();
    const faults = new Script();
    const job = await start(disk, 1, faults);
    faults.next = ({ kind, path }) =>
      kind === 'link' && path.includes('/log/') ? { kind: 'fail', errno: 'EIO' } : undefined;
    t.equal(await codeOf(job.storage.complete(manifestOf(1, job.epoch, []))), 'MR3001');
    faults.next = undefined;
    t.equal(await job.storage.resolveUnknown(1), false);
    await checkpoint(job, 2);
    t.equal(await job.storage.resolveUnknown(1), false);
    t.same(
      [...disk.files().keys()].filter((path) => path.includes('/log/')),
      [slotPath(1), slotPath(2)],
    );
  },
);

t.test('a full disk is told as such, and does not stand in the way of finding out', async (t) => {
  const disk = new SimulatedDisk();
  const job = await start(disk, 1);
  const manifest = await checkpoint(job, 1);
  disk.capacityBytes = 0;
  const file = job.storage.writerFor(2, 0, 'op-0').createFile('delta');
  await file.append(new Uint8Array(10));
  await t.rejects(file.finish(1), { code: 'MR3003', message: /free space/ });
  t.equal(await codeOf(job.storage.complete(manifestOf(3, job.epoch, []))), 'MR3003');
  t.equal(await job.storage.resolveUnknown(3), false);
  t.same(await job.storage.latest(() => undefined), manifest);
  disk.capacityBytes = Number.MAX_SAFE_INTEGER;
  await checkpoint(job, 4);
});

t.test('where writes may arrive late, an unknown claim is settled before it can', async (t) => {
  const bucket = new SimulatedBucket();
  const store = new SimulatedObjectStore(bucket, new Prng(1));
  const job = led(await open(store, 1));
  const calm = store.rates;
  store.rates = { ...calm, late: 1 };
  t.equal(await codeOf(job.storage.complete(manifestOf(1, job.epoch, []))), 'MR3001');
  store.rates = calm;
  t.equal(await job.storage.resolveUnknown(1), false);
  await bucket.landLate();
  await checkpoint(job, 2);
  store.rates = { ...calm, late: 1 };
  t.equal(await codeOf(job.storage.complete(manifestOf(3, job.epoch, []))), 'MR3001');
  store.rates = calm;
  await bucket.landLate();
  t.equal(await job.storage.resolveUnknown(3), true, 'it arrived before the question');
  t.equal(led(await open(store, 2)).manifest?.checkpointId, 3);
});

t.test('a result is recorded though its confirmation is lost, and stays', async (t) => {
  const disk = new SimulatedDisk();
  const faults = new Script();
  const job = await start(disk, 1, faults);
  await checkpoint(job, 1);
  let failures = 1;
  faults.next = ({ kind, path }) =>
    kind === 'link' && path.includes('/log/') && failures-- > 0
      ? { kind: 'fail-after', errno: 'EIO' }
      : undefined;
  await job.storage.finish({ state: 'FINISHED', finishedMs: 7 }, false);
  const after = disk.crash(new Prng(1));
  const store = new FileObjectStore(new SimulatedFileSystem(after), '/c/delays', 'w9');
  t.match(await open(store, 2), { start: 'already-finished', result: { state: 'FINISHED', finishedMs: 7 } });
});

t.test('a result that a call recorded and rejected all the same is found by the next call', async (t) => {
  const disk = new SimulatedDisk();
  const faults = new Script();
  const job = await start(disk, 1, faults);
  await checkpoint(job, 1);
  let broken = false;
  faults.next = ({ kind, path }) => {
    if (broken) return { kind: 'fail', errno: 'EIO' };
    broken = kind === 'link' && path.includes('/log/');
    return broken ? { kind: 'fail-after', errno: 'EIO' } : undefined;
  };
  const result = { state: 'FINISHED', finishedMs: 7 } as const;
  t.equal(await codeOf(job.storage.finish(result, false)), 'MR3001');
  faults.next = undefined;
  await job.storage.finish(result, false);
  await job.release();
  const kept = [...disk.files().keys()].filter((path) => !path.includes('/.unfinished/'));
  t.same(kept, [slotPath(3)], 'it is recorded once, and the checkpoints are removed');
  const store = new FileObjectStore(new SimulatedFileSystem(disk), '/c/delays', 'w2');
  t.match(await open(store, 2), { start: 'already-finished', result });
});

t.test(
  'a snapshot that builds on files just removed does not complete; files under way are spared',
  async (t) => {
    const disk = new SimulatedDisk();
    const job = await start(disk, 1);
    const files = filesOf(await checkpoint(job, 1));
    await checkpoint(job, 2);
    await job.storage.retain(1, []);
    t.equal(await codeOf(job.storage.complete(manifestOf(3, job.epoch, files))), 'none', 'spared once');
    await checkpoint(job, 4);
    await job.storage.retain(1, []);
    await checkpoint(job, 5);
    await job.storage.retain(1, []);
    t.equal(await codeOf(job.storage.complete(manifestOf(6, job.epoch, files))), 'MR3007');
    t.equal(await job.storage.resolveUnknown(6), false);
    const pending = job.storage.writerFor(8, 0, 'op-0').createFile('delta');
    await pending.append(new Uint8Array(1));
    const written = await pending.finish(1);
    await checkpoint(job, 7);
    for (let i = 0; i < 3; i++) await job.storage.retain(1, []);
    await job.storage.complete(manifestOf(8, job.epoch, [written]));
  },
);

t.test('a file that a pass found named is spared once more, though that pass removed nothing', async (t) => {
  const disk = new SimulatedDisk();
  const faults = new Script();
  const job = await start(disk, 1, faults);
  const files = filesOf(await checkpoint(job, 1));
  await checkpoint(job, 2);
  await job.storage.retain(1, []);
  await job.storage.complete(manifestOf(3, job.epoch, files));
  faults.next = ({ kind, path }) =>
    kind === 'remove' && path.includes('/log/') ? { kind: 'fail', errno: 'EIO' } : undefined;
  t.equal(await codeOf(job.storage.retain(1, [])), 'MR3001');
  faults.next = undefined;
  await checkpoint(job, 4);
  await job.storage.retain(1, []);
  const isThere = (): boolean => files.every(({ key }) => disk.files().has(`/c/delays/${key}`));
  t.ok(isThere(), 'the first pass in a row that found it named by nothing');
  await job.storage.retain(1, []);
  t.notOk(isThere(), 'the second');
});

t.test(
  'discarding removes the files of the aborted checkpoint, and none that a completed one names',
  async (t) => {
    const disk = new SimulatedDisk();
    const job = await start(disk, 1);
    const kept = filesOf(await checkpoint(job, 1));
    const file = job.storage.writerFor(2, 0, 'op-0').createFile('delta');
    await file.append(new Uint8Array(1));
    const aborted = await file.finish(1);
    await job.storage.discard(1, kept);
    await job.storage.discard(2, [...kept, aborted]);
    const data = [...disk.files().keys()].filter((path) => path.includes('/data/'));
    t.same(
      data,
      kept.map(({ key }) => `/c/delays/${key}`),
    );
    t.equal(await codeOf(job.storage.complete(manifestOf(3, job.epoch, [aborted]))), 'MR3007');
  },
);

t.test('a checkpoint is found by the path of its job or of its entry', async (t) => {
  const disk = new SimulatedDisk();
  const view = new SimulatedFileSystem(disk);
  const job = await start(disk, 1);
  const first = await checkpoint(job, 1);
  const second = await checkpoint(job, 2);
  const newest = await readManifestAt(storesOf(view), '/c/delays', () => undefined);
  t.strictSame(newest.manifest, second);
  const older = await readManifestAt(storesOf(view), slotPath(2), () => undefined);
  t.strictSame(older.manifest, first);
  t.equal(older.folder, '/c/delays');
  const [file] = filesOf(first);
  if (file === undefined) throw new Error('The checkpoint names a file.');
  for await (const block of older.reader.read(file)) t.equal(block.length, 2);
  for (const path of ['/c/nothing', slotPath(1), slotPath(9)]) {
    t.equal(await codeOf(readManifestAt(storesOf(view), path, () => undefined)), 'MR3008', path);
  }
});

t.test('at whatever step of retaining and finishing the power goes, what is left is whole', async (t) => {
  /** The power goes at the given operation. Undefined: the job came to its end before. */
  const run = async (crashAt: number): Promise<SimulatedDisk | undefined> => {
    const disk = new SimulatedDisk();
    const faults = new Script();
    let after: SimulatedDisk | undefined;
    const job = await start(disk, 1, faults);
    for (let id = 1; id <= 4; id++) await checkpoint(job, id);
    await job.storage.retain(2, []);
    let left = crashAt;
    faults.next = () => {
      if (left-- === 0) after = disk.crash(new Prng(crashAt));
      return undefined;
    };
    const retained = job.storage.retain(1, []).then(() => job.storage.retain(1, []));
    void retained.then(() => job.storage.finish({ state: 'FINISHED', finishedMs: 1 }, false));
    await settle();
    return after;
  };
  const ends = { restored: 0, finished: 0 };
  for (let crashAt = 0; ; crashAt++) {
    const after = await run(crashAt);
    if (after === undefined) break;
    const store = new FileObjectStore(new SimulatedFileSystem(after), '/c/delays', 'w2');
    const opened = await open(store, 2);
    if (opened.start === 'already-finished') {
      ends.finished++;
      continue;
    }
    ends.restored++;
    t.equal(opened.manifest?.checkpointId, 4);
    for (const path of after.files().keys()) {
      if (!path.includes('/log/')) continue;
      const entry = readManifestAt(storesOf(new SimulatedFileSystem(after)), path, () => undefined);
      const { manifest } = await entry.catch(() => ({ manifest: undefined }));
      for (const { key } of filesOf(manifest)) t.ok(after.files().has(`/c/delays/${key}`), `${path} ${key}`);
    }
  }
  t.ok(ends.restored > 10 && ends.finished > 5, JSON.stringify(ends));
});

t.test('an entry that goes while the log is looked at is no damage', async (t) => {
  const disk = new SimulatedDisk();
  const faults = new Script();
  const job = await start(disk, 1);
  await checkpoint(job, 1);
  let once = true;
  faults.next = ({ kind, path }) => {
    if (once && kind === 'look at' && path === slotPath(2)) {
      // In this moment the leader completes two checkpoints and removes what is older.
      once = false;
      return { kind: 'hold', until: checkpoint(job, 2).then(() => job.storage.retain(1, [])) };
    }
    return undefined;
  };
  t.equal((await start(disk, 2, faults)).manifest?.checkpointId, 2);
});
