import t from 'tap';
import { type FrozenTask, TaskCheckpointer } from '../../../actors/task/task-checkpointer.js';
import { MillraceError } from '../../../core/base/millrace-error.js';
import type { KeyedStateHandle } from '../../../core/checkpoint/snapshot-handle.js';
import type { KeyedSnapshot, SnapshotWriter } from '../../../core/ports/keyed-state-store.js';
import type { TaskReport } from '../../../core/protocol/control-message.js';

/** State whose writing ends when the test says so. */
class HeldSnapshot implements KeyedSnapshot {
  discards = 0;
  end: (sizeBytes: number) => void = () => {};
  fail: (error: unknown) => void = () => {};

  write(_writer: SnapshotWriter): Promise<KeyedStateHandle> {
    return new Promise((resolve, reject) => {
      this.fail = reject;
      this.end = (sizeBytes) =>
        resolve({
          format: 1,
          keyGroupStart: 0,
          keyGroupEnd: 127,
          files: [{ key: 'file', sizeBytes, entryCount: 1, crc32c: 0 }],
          tables: {},
        });
    });
  }

  discard(): void {
    this.discards++;
  }
}

function checkpointer() {
  const reports: TaskReport[] = [];
  let nowMs = 0;
  const host = {
    clock: { monotonicMs: () => nowMs, wallMs: () => 0 },
    completions: {
      watch: <T>(promise: Promise<T>, settled: (value: T) => void, failed: (error: unknown) => void) => {
        promise.then(settled, failed).catch((error: unknown) => {
          throw error;
        });
      },
    },
    snapshotWriter: (checkpointId: number): SnapshotWriter => ({
      checkpointId,
      createFile: () => {
        throw new Error('no file is expected');
      },
    }),
    report: (report: TaskReport) => reports.push(report),
  };
  const passMs = (ms: number): void => {
    nowMs += ms;
  };
  return { checkpointer: new TaskCheckpointer(host), reports, passMs };
}

function frozen(checkpointId: number, ...snapshots: readonly HeldSnapshot[]): FrozenTask {
  return {
    checkpointId,
    kind: 'checkpoint',
    startDelayMs: 2,
    alignmentMs: 3,
    syncMs: 1,
    processedBytes: 4,
    unaligned: false,
    operators: snapshots.map((keyed, index) => ({
      node: { uid: `uid-${index}`, name: '', keyType: undefined, operator: undefined as never, outputs: [] },
      owner: `uid-${index}-0`,
      snapshot: { keyed, lists: {} },
    })),
  };
}

/** Everything that is ready to go on has gone on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('a snapshot is acknowledged when the state of every operator is written', async (t) => {
  const { checkpointer: it, reports, passMs } = checkpointer();
  const [one, two] = [new HeldSnapshot(), new HeldSnapshot()];
  it.write(frozen(5, one, two));
  t.equal(it.pendingCount, 1);
  one.end(10);
  await settle();
  t.same(reports, []);
  passMs(7);
  two.end(20);
  await settle();
  t.match(reports, [
    {
      type: 'checkpoint-acknowledged',
      checkpointId: 5,
      snapshot: { operators: { 'uid-0': { lists: {} }, 'uid-1': { lists: {} } } },
      metrics: { alignmentMs: 3, syncMs: 1, asyncMs: 7, stateBytes: 30, persistedBytes: 0 },
    },
  ]);
  t.same([one.discards, two.discards], [1, 1]);
  t.equal(it.pendingCount, 0);
});

t.test('it is declined when one of them cannot be, but nothing is freed while another is read', async (t) => {
  const { checkpointer: it, reports } = checkpointer();
  const [one, two] = [new HeldSnapshot(), new HeldSnapshot()];
  it.write(frozen(5, one, two));
  one.fail(new MillraceError('MR3007', 'The disk is full.'));
  await settle();
  t.same([one.discards, two.discards, reports.length], [0, 0, 0]);
  two.end(20);
  await settle();
  t.same([one.discards, two.discards], [1, 1]);
  t.match(reports, [{ type: 'checkpoint-declined', checkpointId: 5, error: { code: 'MR3007' } }]);
});

t.test(
  'an aborted checkpoint is not spoken of, and what it froze is freed when its writing ends',
  async (t) => {
    const { checkpointer: it, reports } = checkpointer();
    const snapshots = [5, 6, 7].map(() => new HeldSnapshot());
    for (const [index, snapshot] of snapshots.entries()) it.write(frozen(5 + index, snapshot));
    it.abort(6);
    t.equal(it.pendingCount, 1);
    t.same(
      snapshots.map((each) => each.discards),
      [0, 0, 0],
    );
    snapshots[0]?.end(1);
    snapshots[1]?.fail(new Error('late'));
    snapshots[2]?.end(1);
    await settle();
    t.same(
      snapshots.map((each) => each.discards),
      [1, 1, 1],
    );
    t.match(reports, [{ type: 'checkpoint-acknowledged', checkpointId: 7 }]);
  },
);

t.test('closing waits until no snapshot is read any more', async (t) => {
  const { checkpointer: it, reports } = checkpointer();
  const [one, two] = [new HeldSnapshot(), new HeldSnapshot()];
  it.write(frozen(5, one));
  it.write(frozen(6, two));
  let closed = false;
  const closing = it.close().then(() => {
    closed = true;
  });
  one.end(1);
  await settle();
  t.notOk(closed);
  two.end(1);
  await closing;
  t.same([one.discards, two.discards, reports.length], [1, 1, 0]);
  await checkpointer().checkpointer.close();
});

t.test('ids only grow', async (t) => {
  const { checkpointer: it } = checkpointer();
  it.write(frozen(5, new HeldSnapshot()));
  t.throws(() => it.write(frozen(5, new HeldSnapshot())), { code: 'MR9001' });
});
