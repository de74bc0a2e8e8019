import t from 'tap';
import { MillraceError, types } from '../../../core/internal.js';
import { FileSink } from '../../../storage/index.js';
import { MemoryFileSystem } from './memory-file-system.js';
import { SinkDriver, sinkContext } from './sink-driver.js';

function visible(disk: MemoryFileSystem): string[] {
  return disk.paths().filter((path) => !path.includes('/.'));
}

function lines(disk: MemoryFileSystem): string[] {
  return visible(disk).flatMap((path) => disk.text(path).split('\n').slice(0, -1));
}

t.test('records become visible when their checkpoint is committed, and not before', async (t) => {
  const disk = new MemoryFileSystem();
  const driver = await SinkDriver.open(FileSink.textLines('/out'), sinkContext(disk));
  await driver.write('a', 'b');
  const first = await driver.prepare();
  t.same(visible(disk), []);
  await driver.write('c');
  await driver.commit(first);
  t.same(lines(disk), ['a', 'b']);
  t.match(visible(disk), [/^\/out\/part-[0-9a-f]{8}-0-1-0-00000\.txt$/]);
  const second = await driver.prepare(true);
  await driver.commit(second);
  t.same(lines(disk), ['a', 'b', 'c']);
  await driver.close();
  t.same(disk.paths(), visible(disk), 'no hidden file is left');
});

t.test('a checkpoint without records commits nothing and makes no file', async (t) => {
  const disk = new MemoryFileSystem();
  const driver = await SinkDriver.open(FileSink.textLines('/out'), sinkContext(disk));
  t.same(await driver.prepare(), []);
  await driver.close();
  t.same(disk.paths(), []);
});

t.test(
  '[scenario 3] committing again changes nothing, at whatever step the first commit ended',
  async (t) => {
    for (let step = 0; step < 5; step++) {
      const disk = new MemoryFileSystem();
      const driver = await SinkDriver.open(FileSink.textLines('/out'), sinkContext(disk));
      await driver.write('a');
      const committables = await driver.prepare();
      disk.failIn(step, new Error('crash'));
      const outcome = await driver.commit(committables).then(
        () => 'committed',
        () => 'failed',
      );
      t.equal(outcome, step < 3 ? 'failed' : 'committed');
      disk.failIn(Number.POSITIVE_INFINITY, new Error());
      await driver.commit(committables);
      await driver.commit(committables);
      t.same(lines(disk), ['a']);
      t.same(disk.paths(), visible(disk));
    }
  },
);

t.test('a new attempt removes what was not committed, and keeps what is about to be', async (t) => {
  const disk = new MemoryFileSystem();
  const sink = FileSink.textLines('/out');
  const first = await SinkDriver.open(sink, sinkContext(disk, { parallelism: 2 }));
  await first.write('a');
  const pending = await first.prepare();
  await first.write('lost');
  await first.prepare();
  const other = await SinkDriver.open(sink, sinkContext(disk, { parallelism: 2, subtaskIndex: 1 }));
  await other.write('of another subtask');
  const ofOther = await other.prepare();

  const second = await SinkDriver.open(sink, sinkContext(disk, { parallelism: 2, attempt: 1 }), pending);
  await second.commit(pending);
  await second.write('b');
  await second.commit(await second.prepare());
  await other.commit(ofOther);
  t.same(lines(disk), ['a', 'b', 'of another subtask']);
  t.same(disk.paths(), visible(disk));
});

t.test('who begins anew within an attempt takes no name that is in use', async (t) => {
  const disk = new MemoryFileSystem();
  const sink = FileSink.textLines('/out');
  const first = await SinkDriver.open(sink, sinkContext(disk));
  await first.write('a');
  const pending = await first.prepare();
  await first.commit(pending);
  const second = await SinkDriver.open(sink, sinkContext(disk), []);
  await second.write('b');
  await second.commit(await second.prepare());
  t.same(lines(disk), ['a', 'b']);
});

t.test('at another parallelism each writer looks after the files that it is given to commit', async (t) => {
  const disk = new MemoryFileSystem();
  const sink = FileSink.textLines('/out');
  const pending = [];
  for (const subtaskIndex of [0, 1, 2]) {
    const writer = await SinkDriver.open(sink, sinkContext(disk, { parallelism: 3, subtaskIndex }));
    await writer.write(`of ${subtaskIndex}`);
    pending.push(await writer.prepare());
    await writer.write('lost');
    await writer.prepare();
  }
  const [ofZero = [], ofOne = [], ofTwo = []] = pending;
  const context = (subtaskIndex: number) => sinkContext(disk, { parallelism: 2, subtaskIndex, attempt: 1 });
  const second = await SinkDriver.open(sink, context(1), ofOne);
  const first = await SinkDriver.open(sink, context(0), [...ofZero, ...ofTwo]);
  await second.commit(ofOne);
  await first.commit([...ofZero, ...ofTwo]);
  t.same(lines(disk), ['of 0', 'of 1', 'of 2']);
  t.same(disk.paths(), visible(disk));
});

t.test('[scenario 16] an attempt that wakes up late removes nothing of a later one', async (t) => {
  const disk = new MemoryFileSystem();
  const sink = FileSink.textLines('/out');
  const later = await SinkDriver.open(sink, sinkContext(disk, { epoch: 2 }));
  await later.write('a');
  const pending = await later.prepare();
  await SinkDriver.open(sink, sinkContext(disk, { epoch: 1, attempt: 7 }));
  await later.commit(pending);
  t.same(lines(disk), ['a']);
});

t.test('of a folder in which much is committed a start holds nothing', async (t) => {
  const disk = new MemoryFileSystem();
  const sink = FileSink.textLines('/out');
  const first = await SinkDriver.open(sink, sinkContext(disk));
  await first.write('a');
  const pending = await first.prepare();
  await first.write('lost');
  await first.prepare();
  const [file] = pending;
  if (file === undefined) throw new Error('nothing to commit');
  const committed = (number: number) =>
    file.target.replace(/-1-0-00000/, `-1-1-${number}`).slice('/out/'.length);
  const visitNames = disk.visitNames.bind(disk);
  disk.list = () => Promise.reject(new Error('the folder does not fit into memory'));
  disk.visitNames = async (folder, visit) => {
    for (let number = 0; number < 100_000; number++) visit(committed(number));
    disk.list = MemoryFileSystem.prototype.list;
    await visitNames(folder, visit);
  };
  const second = await SinkDriver.open(sink, sinkContext(disk, { attempt: 1 }), pending);
  await second.commit(pending);
  t.same(disk.paths(), [file.target], 'what was left is gone');
  await second.write('b');
  t.match(await second.prepare(), [{ target: `/out/${committed(100_000)}` }], 'and no name is used twice');
});

t.test('two jobs with sinks of one uid can write into one folder', async (t) => {
  const disk = new MemoryFileSystem();
  const sink = FileSink.textLines('/out');
  const first = await SinkDriver.open(sink, sinkContext(disk, { jobName: 'first' }));
  await first.write('a');
  const ofFirst = await first.prepare();
  const second = await SinkDriver.open(sink, sinkContext(disk, { jobName: 'second', epoch: 5 }));
  await second.write('b');
  await second.commit(await second.prepare());
  await first.commit(ofFirst);
  t.same(lines(disk).sort(), ['a', 'b']);
});

t.test('[scenario 17] what has disappeared before its commit is reported as lost', async (t) => {
  const disk = new MemoryFileSystem();
  const driver = await SinkDriver.open(FileSink.textLines('/out'), sinkContext(disk));
  await driver.write('a');
  const committables = await driver.prepare();
  for (const path of disk.paths()) await disk.remove(path);
  await t.rejects(driver.commit(committables), { code: 'MR6005' });
});

t.test('a file that was cut or whose name is taken is not committed', async (t) => {
  const disk = new MemoryFileSystem();
  const driver = await SinkDriver.open(FileSink.textLines('/out'), sinkContext(disk));
  await driver.write('a');
  const committables = await driver.prepare();
  const [file] = committables;
  if (file === undefined) throw new Error('nothing to commit');
  const content = disk.text(file.pending);
  disk.put(file.pending, '');
  await t.rejects(driver.commit(committables), { code: 'MR6005' });
  disk.put(file.pending, content);
  disk.put(file.target, 'x\n');
  await t.rejects(driver.commit(committables), { code: 'MR6006' });
  t.equal(disk.text(file.target), 'x\n');
});

t.test('a part is closed when it is big enough', async (t) => {
  const disk = new MemoryFileSystem();
  const sink = FileSink.textLines('/out', { maxPartBytes: 50_000 });
  const driver = await SinkDriver.open(sink, sinkContext(disk));
  const written = Array.from({ length: 3000 }, (_, i) => `line number ${i} of many`);
  await driver.write(...written);
  await driver.commit(await driver.prepare());
  t.ok(visible(disk).length > 1);
  t.same(lines(disk), written);
});

t.test('a writer is busy while its buffer is full, and not after a failure', async (t) => {
  const disk = new MemoryFileSystem();
  const driver = await SinkDriver.open(FileSink.textLines('/out'), sinkContext(disk));
  await driver.write('x'.repeat(2_000_000));
  t.ok(driver.isBusy);
  await driver.write('y');
  t.notOk(driver.isBusy);
  disk.failIn(0, new MillraceError('MR3003', 'The disk is full.'));
  await driver.write('z'.repeat(2_000_000));
  await t.rejects(driver.prepare(), { code: 'MR3003', hint: /Make room/ });
  t.notOk(driver.isBusy);
  await t.rejects(driver.write('z'), { code: 'MR3003' });
  await driver.close();
});

t.test('JSON lines are written by the type, or as they are', async (t) => {
  const disk = new MemoryFileSystem();
  const type = types.object({ id: types.bigint, at: types.timestamp, tag: types.optional(types.string) });
  const typed = await SinkDriver.open(FileSink.jsonLines('/typed', { type }), sinkContext(disk));
  await typed.write({ id: 12n, at: 5, extra: true } as { id: bigint; at: number });
  await t.rejects(typed.write({ id: 'x' } as never), { code: 'MR2002' });
  await typed.commit(await typed.prepare(true));
  t.same(lines(disk), ['{"id":"12","at":5}']);

  const plain = new MemoryFileSystem();
  const driver = await SinkDriver.open(FileSink.jsonLines('/plain'), sinkContext(plain));
  await driver.write(
    { a: 1, b: 'x\ny', c: undefined },
    10n,
    new Map([['k', new Map([[1, 2n]])]]),
    new Set([1]),
    new Uint8Array([1, 2]),
    Number.NaN,
    undefined,
    new Date(0),
    [{ when: new Date(0), big: 1n }],
  );
  await driver.commit(await driver.prepare(true));
  t.same(lines(plain), [
    '{"a":1,"b":"x\\ny"}',
    '"10"',
    '{"k":[[1,"2"]]}',
    '[1]',
    '"AQI="',
    'null',
    'null',
    '"1970-01-01T00:00:00.000Z"',
    '[{"when":"1970-01-01T00:00:00.000Z","big":"1"}]',
  ]);
});

t.test('records and options of the wrong kind are refused', async (t) => {
  const driver = await SinkDriver.open(FileSink.textLines('/out'), sinkContext(new MemoryFileSystem()));
  await t.rejects(driver.write(5 as never), { code: 'MR2002' });
  t.throws(() => FileSink.textLines(''), { code: 'MR1001' });
  t.throws(() => FileSink.textLines('x', { maxPartBytes: 0 }), { code: 'MR1001' });
  t.throws(() => FileSink.jsonLines('x', { typ: types.int32 } as never), { code: 'MR1001', hint: /'type'/ });
});
