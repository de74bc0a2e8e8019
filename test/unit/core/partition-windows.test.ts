import t from 'tap';
import type { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import { types } from '../../../core/serde/types.js';
import { build } from '../../build.js';
import { InlineJob, RecordingSink } from '../../inline-job.js';
import { OperatorWorld } from '../../operator-world.js';
import { refused } from '../../refused.js';

interface Item {
  readonly key: string;
  readonly n: number;
}

const item = types.object({ key: types.string, n: types.float64 });

const ITEMS: readonly Item[] = [
  { key: 'b', n: 2 },
  { key: 'a', n: -1.5 },
  { key: 'b', n: 10 },
  { key: 'a', n: 2 },
  { key: 'c', n: 2 },
];

async function batch<T>(
  describe: (env: StreamExecutionEnvironment, sink: RecordingSink<T>) => void,
  world = new OperatorWorld(),
): Promise<T[]> {
  const sink = new RecordingSink<T>();
  const job = build((env) => describe(env.setRuntimeMode('BATCH'), sink));
  await (await InlineJob.start(job, { world })).run();
  t.strictSame(world.failures, []);
  return sink.values;
}

const items = (env: StreamExecutionEnvironment) => env.fromData(ITEMS, item);

const text = ({ key, n }: Item): string => `${key} ${n}`;

t.test('a partition is sorted either way, and equal records stay as they came', async (t) => {
  const up = await batch<string>((env, sink) =>
    items(env).fullWindowPartition().sortPartition('n', 'ASCENDING').map(text).sinkTo(sink, 'out'),
  );
  t.strictSame(up, ['a -1.5', 'b 2', 'a 2', 'c 2', 'b 10']);
  const down = await batch<string>((env, sink) =>
    items(env)
      .fullWindowPartition()
      .sortPartition(({ n }) => n, 'DESCENDING')
      .map(text)
      .sinkTo(sink, 'out'),
  );
  t.strictSame(down, ['b 10', 'b 2', 'a 2', 'c 2', 'a -1.5']);
});

t.test('texts descend too, one being the beginning of another', async (t) => {
  const words = ['ab', 'b', '', 'a', 'abc', 'ü'];
  const down = await batch<string>((env, sink) =>
    env
      .fromData(words, types.string)
      .fullWindowPartition()
      .sortPartition((word) => word, 'DESCENDING')
      .sinkTo(sink, 'out'),
  );
  t.strictSame(down, ['ü', 'b', 'abc', 'ab', 'a', '']);
});

t.test('of a keyed stream each key is a partition', async (t) => {
  const keyed = (env: StreamExecutionEnvironment) => items(env).keyBy('key').fullWindowPartition();
  const sorted = await batch<string>((env, sink) =>
    keyed(env).sortPartition('n', 'DESCENDING').map(text).sinkTo(sink, 'out'),
  );
  t.strictSame(sorted, ['a 2', 'a -1.5', 'b 10', 'b 2', 'c 2']);
  const reduced = await batch<string>((env, sink) =>
    keyed(env)
      .reduce((a, b) => ({ key: a.key, n: a.n + b.n }))
      .map(text)
      .sinkTo(sink, 'out'),
  );
  t.strictSame(reduced, ['a 0.5', 'b 12', 'c 2']);
  const mapped = await batch<string>((env, sink) =>
    keyed(env)
      .mapPartition<string>((all, out) => out.collect(Array.from(all, text).join(', ')))
      .sinkTo(sink, 'out'),
  );
  t.strictSame(mapped, ['a -1.5, a 2', 'b 2, b 10', 'c 2']);
});

const counting = {
  createAccumulator: () => 0,
  add: (_value: unknown, count: number) => count + 1,
  getResult: (count: number) => `${count} records`,
};

t.test('without keys, all of a subtask is a partition, an empty one too', async (t) => {
  const run = (values: readonly Item[]) =>
    batch<string>((env, sink) => {
      const partition = env.fromData(values, item).fullWindowPartition();
      partition.aggregate(counting).sinkTo(sink, 'counted');
      partition
        .mapPartition<string>((all, out) => out.collect(`${[...all].length} mapped`))
        .sinkTo(sink, 'mapped');
      partition
        .reduce((a, b) => (a.n >= b.n ? a : b))
        .map(text)
        .sinkTo(sink, 'reduced');
    });
  t.strictSame((await run(ITEMS)).toSorted(), ['5 mapped', '5 records', 'b 10']);
  t.strictSame((await run([])).toSorted(), ['0 mapped', '0 records']);
});

t.test('results come before the end of event time, for windows behind a partition', async (t) => {
  const totals = await batch<number>((env, sink) =>
    items(env)
      .fullWindowPartition()
      .aggregate({ ...counting, getResult: (count: number) => count })
      .keyBy((count) => count)
      .reduce((a, b) => a + b)
      .sinkTo(sink, 'out'),
  );
  t.strictSame(totals, [5]);
});

t.test('a partition of ten times the managed memory is sorted', async (t) => {
  const world = new OperatorWorld();
  world.managedBytes = 64 * 1024;
  const sorted = await batch<number>((env, sink) => {
    env
      .fromSequence(0, 19_999)
      .map((i) => (i * 7919) % 20_000)
      .returns(types.float64)
      .fullWindowPartition()
      .sortPartition((n) => n, 'ASCENDING')
      .sinkTo(sink, 'out');
  }, world);
  t.equal(sorted.length, 20_000);
  t.ok(sorted.every((n, i) => n === i));
  const onDisk = [...world.fileSystem.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  t.ok(onDisk > 10 * world.managedBytes, `${onDisk} bytes went through files`);
});

t.test('a job that streams cannot wait for the end of its input', (t) => {
  const job = (env: StreamExecutionEnvironment): void =>
    void items(env).fullWindowPartition().sortPartition('n', 'ASCENDING').print();
  const error = refused(() => build(job));
  t.equal(error.code, 'MR1001');
  t.match(error.message, "'Sort Partition' waits for the end");
  t.equal(build((env) => job(env.setRuntimeMode('AUTOMATIC'))).graph.runtimeMode, 'BATCH');
  const wrong = (env: StreamExecutionEnvironment): void =>
    void items(env)
      .fullWindowPartition()
      .sortPartition('n', 'UPWARDS' as never);
  t.match(refused(() => build(wrong)).message, 'UPWARDS');
  t.end();
});
