import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { types } from '../../../core/serde/types.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import { ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import { InThreadStateWriter } from '../../../storage/state/in-thread-state-writer.js';
import { NO_DEADLINE, type SnapshotDeadline } from '../../../storage/state/lmdb-snapshot.js';
import { LmdbStateBackend } from '../../../storage/state/lmdb-state-backend.js';
import { NO_WRITE_GUARD } from '../../../storage/state/row-transaction.js';
import { SnapshotPace } from '../../../storage/state/snapshot-pace.js';
import { StateWriter } from '../../../storage/state/state-writer.js';
import type { StateWriterReply } from '../../../storage/state/state-writer-protocol.js';
import { KeyedStateLife } from '../../keyed-state.js';
import { refused } from '../../refused.js';

const SMALL = { managedBytes: 512 * 1024 };
const KEYS = 20_000;
const MEGABYTE = 1024 * 1024;

/** A deadline that comes when the test says so. */
class ManualDeadline implements SnapshotDeadline {
  readonly timeoutMs = 600_000;
  readonly #armed = new Set<() => void>();

  arm(onDue: () => void): () => void {
    this.#armed.add(onDue);
    return () => this.#armed.delete(onDue);
  }

  pass(): number {
    const armed = [...this.#armed];
    for (const onDue of armed) onDue();
    return armed.length;
  }

  get armed(): number {
    return this.#armed.size;
  }
}

function folderOf(t: { teardown(work: () => void): unknown }): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-lmdb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Gives every key another text; the sum of what lies on the disk afterwards. */
function rewrite(access: KeyedStateAccess, round: number, keys = KEYS): void {
  const text = access.getState(new ValueStateDescriptor('text', types.string));
  for (let key = 0; key < keys; key++) {
    access.keys.setCurrentKey(key);
    text.update(`${round} of ${key} ${'-'.repeat(80)}`);
  }
}

function lmdbBytes(folder: string): number {
  const [environment = ''] = readdirSync(folder);
  return statSync(join(folder, environment, 'data.mdb')).size;
}

/** Megabytes by which the file of LMDB grows while everything is written anew, again and again. */
async function growth(folder: string, access: KeyedStateAccess, life: KeyedStateLife): Promise<number> {
  const before = lmdbBytes(folder);
  for (let round = 1; round <= 4; round++) {
    rewrite(access, round);
    // What is not in a completed checkpoint does not leave memory as it is.
    if (!life.files.held) await life.checkpoint(access);
  }
  return (lmdbBytes(folder) - before) / MEGABYTE;
}

for (const end of ['deadline', 'abort'] as const) {
  t.test(
    `a snapshot that the storage does not take is given up with its ${end}, and pins nothing more`,
    async (t) => {
      const folder = folderOf(t);
      const writer = new InThreadStateWriter();
      const deadline = new ManualDeadline();
      const life = new KeyedStateLife(new LmdbStateBackend(folder, () => writer.connect(), deadline));
      const access = await life.open(undefined, SMALL);
      rewrite(access, 0);
      life.files.held = true;
      const slow = access.store.snapshot(1);
      const written = slow.write(life.files.writerFor(1));
      const pinned = await growth(folder, access, life);
      t.equal(deadline.armed, 1);
      if (end === 'deadline') t.equal(deadline.pass(), 1);
      else access.store.notifyCheckpointAborted(1);
      await t.rejects(written, {
        code: 'MR3007',
        why: end === 'deadline' ? /600000 ms/ : /aborted/,
      });
      slow.discard();
      access.store.notifyCheckpointAborted(1);
      t.equal(deadline.armed, 0);
      const free = await growth(folder, access, life);
      t.ok(free < pinned / 4, `${free} MB instead of ${pinned} MB`);
      // The storage comes back with what nobody waits for any more.
      await life.files.release();
      const after = await life.open(await life.checkpoint(access), SMALL);
      const text = after.getState(new ValueStateDescriptor('text', types.string));
      after.keys.setCurrentKey(KEYS - 1);
      t.match(text.value(), `4 of ${KEYS - 1} `);
      t.equal(
        life.files.names.some((name) => name.endsWith('base-1-0')),
        false,
        'it has left no file',
      );
      await access.store.close();
      await after.store.close();
    },
  );
}

t.test('a snapshot that falls behind what is put aside for it says so, until it has caught up', async (t) => {
  const writer = new InThreadStateWriter();
  const pace = new SnapshotPace();
  const backend = new LmdbStateBackend(folderOf(t), () => writer.connect(), NO_DEADLINE, pace);
  const life = new KeyedStateLife(backend);
  const access = await life.open(undefined, SMALL);
  rewrite(access, 0);
  t.notOk(pace.isBehind, 'there is none yet');
  const completed = life.checkpoint(access);
  // It has begun to write, and comes to no turn while the records come.
  await Promise.resolve();
  await Promise.resolve();
  rewrite(access, 1);
  rewrite(access, 2);
  t.ok(pace.isBehind);
  let isTold = false;
  pace.onceCaughtUp(() => {
    isTold = true;
  });
  t.notOk(pace.isBehind, 'nobody waits twice for one block, since its store may be away');
  await completed;
  t.ok(isTold && !pace.isBehind);
  await access.store.close();
});

t.test('a snapshot that is discarded in time has no deadline', async (t) => {
  const folder = folderOf(t);
  const writer = new InThreadStateWriter();
  const deadline = new ManualDeadline();
  const life = new KeyedStateLife(new LmdbStateBackend(folder, () => writer.connect(), deadline));
  const access = await life.open();
  rewrite(access, 0, 10);
  await life.checkpoint(access);
  access.store.snapshot(7).discard();
  t.equal(deadline.armed, 0);
  await access.store.close();
});

t.test(
  'state that would take more disk than its quota fails, and what was checkpointed is there',
  async (t) => {
    const folder = folderOf(t);
    const limited = new InThreadStateWriter(3 * MEGABYTE);
    const life = new KeyedStateLife(new LmdbStateBackend(folder, () => limited.connect()));
    const access = await life.open(undefined, SMALL);
    rewrite(access, 0, 5000);
    const completed = await life.checkpoint(access);
    const error = refused(() => rewrite(access, 1, 200_000));
    t.match(error, {
      code: 'MR3011',
      fatal: true,
      message: /takes \d+ bytes.*may take 3145728 bytes.*Raise state.backend.lmdb.max-size/,
    });
    const [environment = ''] = readdirSync(folder);
    const files = readdirSync(join(folder, environment));
    t.ok(
      files.some((name) => name.startsWith('spill-')),
      'what is put aside for checkpoints counts',
    );
    const used = files
      .filter((name) => name !== 'lock.mdb')
      .reduce((sum, name) => sum + statSync(join(folder, environment, name)).size, 0);
    t.ok(used < 4 * MEGABYTE, `${used} bytes`);
    await access.store.close();
    const after = await life.open(completed, SMALL);
    const text = after.getState(new ValueStateDescriptor('text', types.string));
    after.keys.setCurrentKey(4999);
    t.match(text.value(), '0 of 4999 ');
    await after.store.close();
  },
);

t.test('what is saved for a snapshot counts to the quota, though nothing is written to LMDB', async (t) => {
  const folder = folderOf(t);
  const limited = new InThreadStateWriter(MEGABYTE);
  const life = new KeyedStateLife(new LmdbStateBackend(folder, () => limited.connect()));
  const access = await life.open(undefined, { managedBytes: 8 * MEGABYTE });
  const count = access.getState(new ValueStateDescriptor('count', types.int32));
  const countAll = (value: number): void => {
    for (let key = 0; key < 120_000; key++) {
      access.keys.setCurrentKey(key);
      count.update(value);
    }
  };
  const snapshots = [1, 2, 3, 4].map((id) => {
    countAll(id);
    return access.store.snapshot(id);
  });
  countAll(5);
  const last = snapshots.at(-1);
  const spilled = readdirSync(folder).flatMap((name) => readdirSync(join(folder, name)));
  t.same(
    spilled.filter((name) => !name.startsWith('spill-')),
    [],
    'there is no environment',
  );
  await t.rejects(Promise.resolve(last?.write(life.files.writerFor(4))), {
    code: 'MR3011',
    message: /takes \d+ bytes/,
  });
  access.keys.setCurrentKey(0);
  t.equal(count.value(), 5, 'no record is to blame');
  for (const snapshot of snapshots) snapshot.discard();
  await access.store.close();
  t.same(readdirSync(folder), []);
});

t.test('what was put aside goes with a store that wrote nothing and did not close itself', async (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'store');
  mkdirSync(path);
  writeFileSync(join(path, 'spill-1'), 'rows');
  const writer = new StateWriter(NO_WRITE_GUARD);
  const replies: StateWriterReply[] = [];
  const closed = new Promise<void>((resolve) => {
    writer.handle({ type: 'spilled', path, spilledBytes: 4 }, (reply) => replies.push(reply));
    writer.handle({ type: 'close', path }, (reply) => {
      replies.push(reply);
      resolve();
    });
  });
  await closed;
  t.same(replies, [{ type: 'closed', path }]);
  t.same(readdirSync(folder), []);
});

t.test('values of several chunks give their memory back, whatever was written after them', async (t) => {
  const writer = new InThreadStateWriter();
  const life = new KeyedStateLife(new LmdbStateBackend(folderOf(t), () => writer.connect()));
  const access = await life.open(undefined, SMALL);
  const text = access.getState(new ValueStateDescriptor('text', types.string));
  const value = (round: number, key: number): string =>
    `${round} `.repeat(key === 0 ? 9000 + 100 * round : 300);
  for (let round = 0; round < 99; round++) {
    for (let key = 0; key < 8; key++) {
      access.keys.setCurrentKey(key);
      text.update(value(round, key));
    }
  }
  for (let key = 0; key < 8; key++) {
    access.keys.setCurrentKey(key);
    t.equal(text.value(), value(98, key));
  }
  await access.store.close();
});
