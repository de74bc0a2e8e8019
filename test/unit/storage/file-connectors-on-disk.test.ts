import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { types } from '../../../core/internal.js';
import { FileSink, FileSource, LocalFileSystem } from '../../../storage/index.js';
import { SourceDriver } from '../../driver/source-driver.js';
import { SinkDriver, sinkContext } from './sink-driver.js';

const disk = new LocalFileSystem();

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-connectors-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

t.test('what a sink commits to the disk, a source reads from there', async (t) => {
  const out = join(folder(t), 'made', 'by the sink');
  const type = types.object({ i: types.int32, text: types.string });
  const records = Array.from({ length: 30_000 }, (_, i) => ({ i, text: `é ${'x'.repeat(i % 50)}` }));
  const sink = FileSink.jsonLines(out, { type, maxPartBytes: 300_000 });
  const first = await SinkDriver.open(sink, sinkContext(disk));
  await first.write(...records.slice(0, 20_000));
  await first.commit(await first.prepare());
  await first.write(...records.slice(20_000));
  const uncommitted = await first.prepare();

  const source = FileSource.jsonLines(out, type);
  const before = await SourceDriver.start(source, { fileSystem: disk });
  t.same(await before.readAll(), records.slice(0, 20_000));

  const second = await SinkDriver.open(sink, sinkContext(disk, { attempt: 1 }), uncommitted);
  await second.commit(uncommitted);
  await second.commit(uncommitted);
  t.ok(readdirSync(out).every((name) => /^part-.*\.jsonl$/.test(name)));
  const after = await SourceDriver.start(source, { fileSystem: disk });
  t.same(await after.readAll(), records);
});

t.test('several readers share the files, and each file is read by one', async (t) => {
  const path = folder(t);
  const expected: string[] = [];
  for (let file = 0; file < 7; file++) {
    const lines = Array.from({ length: file * 10 }, (_, i) => `${file}/${i}`);
    writeFileSync(join(path, `${file}.txt`), lines.join('\n'));
    expected.push(...lines);
  }
  writeFileSync(join(path, '_SUCCESS'), 'not read');
  const source = FileSource.textLines(join(path, '*'));
  const options = { fileSystem: disk, parallelism: 3 };
  const driver = await SourceDriver.start(source, options);
  const read = await driver.read(80, 3);
  const restored = await SourceDriver.restore(source, options, driver.snapshot());
  await driver.close();
  read.push(...(await restored.readAll(4)));
  await restored.close();
  t.same(read.sort(), expected.sort());
});

t.test('a folder that cannot be made is a coded error that says what to do', async (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'file'), 'in the way');
  const opening = SinkDriver.open(FileSink.textLines(join(path, 'file', 'out')), sinkContext(disk));
  await t.rejects(opening, { code: 'MR3001', hint: /choose another folder/ });
  t.equal(readFileSync(join(path, 'file'), 'utf8'), 'in the way');
});

t.test('output that cannot be written says what to do once', async (t) => {
  const out = join(folder(t), 'out');
  const driver = await SinkDriver.open(FileSink.textLines(out), sinkContext(disk));
  rmSync(out, { recursive: true, force: true });
  writeFileSync(out, 'in the way');
  const refused = await driver.write('a').then(
    () => driver.prepare().catch((error: unknown) => error),
    (error: unknown) => error,
  );
  t.match(refused, { code: 'MR6004', why: /ENOTDIR|EEXIST/, hint: /may be written by this user/ });
  t.equal(String(refused).match(/What to do/g)?.length, 1);
});

t.test('birdstrikes, with their quotes, are read as CSV', async (t) => {
  const strike = types.object({
    'Flight Date': types.string,
    'Cost Total $': types.float64,
    'Effect Amount of damage': types.string,
  });
  const source = FileSource.csv('node_modules/vega-datasets/data/birdstrikes.csv', strike);
  const driver = await SourceDriver.start(source, { fileSystem: disk });
  const strikes = await driver.readAll();
  await driver.close();
  t.equal(strikes.length, 10_000);
});
