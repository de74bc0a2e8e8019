import t from 'tap';
import { DiscardingSink } from '../../../core/api/discarding-sink.js';
import { PrintSink } from '../../../core/api/print-sink.js';
import { build } from '../../build.js';
import { MemoryFileSystem } from '../storage/memory-file-system.js';
import { SinkDriver, sinkContext } from '../storage/sink-driver.js';

const fileSystem = new MemoryFileSystem();

t.test('lines carry the prefix and the number of the subtask, as in Flink', async (t) => {
  const cases: [prefix: string | undefined, parallelism: number, line: string][] = [
    [undefined, 1, 'x'],
    [undefined, 2, '2> x'],
    ['words', 1, 'words> x'],
    ['words', 2, 'words:2> x'],
  ];
  for (const [prefix, parallelism, line] of cases) {
    const lines: string[] = [];
    const context = sinkContext(fileSystem, { lines, parallelism, subtaskIndex: parallelism - 1 });
    const driver = await SinkDriver.open(new PrintSink<string>(prefix), context);
    await driver.write('x');
    await driver.prepare(true);
    t.same(lines, [line]);
  }
});

t.test('it prints on standard output, or on that of errors', async (t) => {
  for (const to of [undefined, 'stdout', 'stderr'] as const) {
    const said: unknown[] = [];
    const context = {
      ...sinkContext(fileSystem),
      writeLine: async (line: string, where?: string) => void said.push([where, line]),
    };
    const driver = await SinkDriver.open(new PrintSink<string>('p', to), context);
    await driver.write('x');
    await driver.prepare(true);
    t.same(said, [[to ?? 'stdout', 'p> x']]);
  }
  const { graph } = build((env) => {
    env.fromSequence(1, 2).printToErr('numbers');
  });
  t.match(graph.vertices[0]?.name, 'Sink: Print to Std. Err (numbers)');
});

t.test('what is not a string is printed as JSON', async (t) => {
  const lines: string[] = [];
  const driver = await SinkDriver.open(new PrintSink(), sinkContext(fileSystem, { lines }));
  await driver.write({ a: 1n }, [1, 'x'], 5, null);
  await driver.prepare(true);
  t.same(lines, ['{"a":"1"}', '[1,"x"]', '5', 'null']);
});

t.test('a flush waits until every line was taken, and a failure to print fails it', async (t) => {
  const taken: (() => void)[] = [];
  const context = {
    ...sinkContext(fileSystem),
    writeLine: () => new Promise<void>((resolve) => taken.push(resolve)),
  };
  const driver = await SinkDriver.open(new PrintSink<number>(), context);
  await driver.write(...Array.from({ length: 1000 }, (_, i) => i));
  t.ok(driver.isBusy);
  let flushed = false;
  const flush = driver.prepare().then(() => {
    flushed = true;
  });
  for (const take of taken.splice(1)) take();
  await Promise.resolve();
  t.notOk(flushed);
  for (const take of taken) take();
  await flush;
  t.ok(flushed);
  t.notOk(driver.isBusy);

  const broken = { ...sinkContext(fileSystem), writeLine: () => Promise.reject(new Error('EPIPE')) };
  const failing = await SinkDriver.open(new PrintSink<number>(), broken);
  await failing.write(1);
  await t.rejects(failing.prepare(), { message: 'EPIPE' });
});

t.test('a discarding sink takes everything and commits nothing', async (t) => {
  const driver = await SinkDriver.open(new DiscardingSink<number>(), sinkContext(fileSystem));
  await driver.write(1, 2, 3);
  t.same(await driver.prepare(true), []);
});
