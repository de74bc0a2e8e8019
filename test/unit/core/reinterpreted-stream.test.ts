import t from 'tap';
import { reinterpretAsKeyedStream } from '../../../core/api/reinterpreted-stream.js';
import { types } from '../../../core/serde/types.js';
import { build } from '../../build.js';
import { PipelineHarness } from '../../driver/index.js';

const lastDigit = (n: number): number => n % 10;

t.test('what lies by key already is keyed without an exchange', async (t) => {
  const { graph } = build((env) => {
    const keyed = env
      .fromSequence(1, 9)
      .keyBy(lastDigit)
      .reduce((a) => a);
    reinterpretAsKeyedStream(keyed, lastDigit, types.int32)
      .reduce((a) => a)
      .print();
  });
  t.equal(graph.vertices.length, 2, 'both folds are one task');
  t.strictSame(
    graph.edges.map(({ partitioner }) => partitioner),
    ['hash'],
  );
});

t.test('state of the key is where the record is', async (t) => {
  const harness = await PipelineHarness.create(
    (_env, io) => {
      const sums = io
        .source<number>('in')
        .keyBy(lastDigit)
        .reduce((a, b) => a + 10 * b);
      reinterpretAsKeyedStream(sums, lastDigit)
        .reduce((a, b) => a + 10 * b)
        .sinkTo(io.sink('out'));
    },
    { parallelism: 3 },
  );
  for (const n of [1, 2, 11]) await harness.push('in', n);
  t.strictSame(
    harness
      .take<number>('out')
      .map(({ value }) => value)
      .sort((a, b) => a - b),
    [1, 2, 1 + 10 * (1 + 10 * 11)],
  );
  await harness.close();
});

t.test('a record that lies elsewhere fails the job', async (t) => {
  const harness = await PipelineHarness.create(
    (_env, io) => {
      const spread = io
        .source<number>('in')
        .rebalance()
        .map((n) => n);
      reinterpretAsKeyedStream(spread, lastDigit)
        .reduce((a, b) => a + b)
        .sinkTo(io.sink('out'));
    },
    { parallelism: 3 },
  );
  const pushes = Array.from({ length: 9 }, (_, n) => harness.push('in', n));
  await t.rejects(Promise.all(pushes), { code: 'MR2007' });
  await Promise.allSettled(pushes);
  await harness.close();
});
