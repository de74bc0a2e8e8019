import t from 'tap';
import { DiscardingSink } from '../../../core/api/discarding-sink.js';
import type { SingleOutputStreamOperator } from '../../../core/api/single-output-stream-operator.js';
import type { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import type { ChainNode } from '../../../core/graph/job-graph.js';
import { build } from '../../build.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';
import { refused } from '../../refused.js';

const sink = new DiscardingSink<unknown>();
const even = (n: number): boolean => n % 2 === 0;
const sum = (a: number, b: number): number => a + b;

/** Buffer timeouts of the edges behind each operator that has some. */
function bufferTimeouts(describe: (env: StreamExecutionEnvironment) => unknown) {
  const { vertices } = build((env) => void describe(env), { parallelism: 2 });
  const leaving = ({ name, outputs }: ChainNode) =>
    outputs.flatMap((output) => (output.kind === 'edge' ? [[name, output.edge.bufferTimeoutMs]] : []));
  return vertices.flatMap(({ nodes }) => nodes.flatMap(leaving));
}

t.test('a buffer timeout is that of the operator, else that of the environment', async (t) => {
  const job = (env: StreamExecutionEnvironment, timeout?: number | string) => {
    const mapped = env.fromSequence(1, 9).map((n) => n);
    if (timeout !== undefined) mapped.setBufferTimeout(timeout);
    mapped.keyBy(even).reduce(sum).rebalance().sinkTo(sink);
  };
  const of = (map: number | undefined, reduce: number | undefined) => [
    ['Map', map],
    ['Keyed Reduce', reduce],
  ];
  t.strictSame(
    bufferTimeouts((env) => job(env)),
    of(undefined, undefined),
  );
  t.strictSame(
    bufferTimeouts((env) => job(env.setBufferTimeout('5 ms'))),
    of(5, 5),
  );
  t.strictSame(
    bufferTimeouts((env) => job(env.setBufferTimeout(5), 0)),
    of(0, 5),
  );
  t.strictSame(
    bufferTimeouts((env) => job(env, -1)),
    of(Number.POSITIVE_INFINITY, undefined),
  );
  for (const wrong of [-2, '-5 s', Number.NaN]) {
    t.equal(refused(() => build((env) => void env.setBufferTimeout(wrong))).code, 'MR1001');
    t.equal(refused(() => build((env) => job(env, wrong))).code, 'MR1001');
  }
});

t.test('an operator that was made non-parallel stays so', async (t) => {
  const { graph } = build(
    (env) => {
      const mapped = env
        .fromSequence(1, 9)
        .map((n) => n)
        .forceNonParallel();
      mapped.setParallelism(1).sinkTo(sink);
      for (const set of [() => mapped.setParallelism(2), () => mapped.setMaxParallelism(2)]) {
        const error = refused(set);
        t.equal(error.code, 'MR1001');
        t.match(error.message, /was made non-parallel/);
      }
    },
    { parallelism: 4 },
  );
  t.strictSame(
    graph.vertices.map(({ name, parallelism, maxParallelism }) => [name, parallelism, maxParallelism]),
    [
      ['Source: Sequence', 4, 128],
      ['Map', 1, 1],
      ['Sink: Unnamed', 4, 128],
    ],
  );
});

t.test('descriptions are part of the graph', async (t) => {
  const { graph } = build((env) => {
    const numbers = env.fromSequence(1, 9).setDescription('1 to 9');
    numbers
      .map((n) => n)
      .sinkTo(sink)
      .setDescription('nowhere');
    t.equal(refused(() => numbers.setDescription(' ')).code, 'MR1001');
  });
  t.strictSame(
    graph.vertices.flatMap(({ operators }) => operators.map(({ description }) => description)),
    ['1 to 9', undefined, 'nowhere'],
  );
});

function uidsOf(describe: (env: StreamExecutionEnvironment) => void): string[] {
  const { graph } = build(describe);
  return graph.vertices.flatMap(({ operators }) => operators.map(({ uid }) => uid));
}

t.test('a uid hash stands in the place of the uid, and changes no other one', async (t) => {
  const counted = (change: (reduced: SingleOutputStreamOperator<number>) => unknown) =>
    uidsOf((env) => {
      const reduced = env.fromSequence(1, 9).keyBy(even).reduce(sum);
      change(reduced);
      reduced.keyBy(even).reduce(sum).sinkTo(sink, 'out').setUidHash('out-before');
    });
  const [source, first, second, last] = counted(() => {});
  t.equal(last, 'out-before');
  t.strictSame(
    counted((reduced) => reduced.setUidHash('before')),
    [source, 'before', second, last],
  );
  t.strictSame(
    counted((reduced) => reduced.uid('now').setUidHash(String(first))),
    [source, first, counted((reduced) => reduced.uid('now'))[2], last],
  );
  const error = refused(() => counted((reduced) => reduced.setUidHash(String(second))));
  t.equal(error.code, 'MR1002');
});

t.test(
  'state of an operator that had no uid is found by its uid hash when the graph has changed',
  async (t) => {
    const before: HarnessBuild = (_env, io) => {
      io.source<number>('in').keyBy(even).reduce(sum).sinkTo(io.sink('out')).uid('out');
    };
    const first = await PipelineHarness.create(before);
    await first.push('in', 3);
    const snapshot = await first.snapshot();
    const [warning = ''] = first.warnings;
    const derived = /'(keyed-reduce-[0-9a-f]+)' was derived/.exec(warning)?.[1];
    await first.close();
    const after: HarnessBuild = (_env, io) => {
      const counts = io
        .source<number>('in')
        .map((n) => n)
        .keyBy(even)
        .reduce(sum);
      counts.uid('sums').setUidHash(String(derived)).sinkTo(io.sink('out')).uid('out');
    };
    const next = await PipelineHarness.restore(snapshot, after);
    await next.push('in', 4);
    await next.push('in', 5);
    t.strictSame(
      next.take('out').map(({ value }) => value),
      [4, 8],
    );
    await next.close();
  },
);

t.test('enableCheckpointing is configuration of the job', async (t) => {
  const { graph } = build((env) => {
    env.enableCheckpointing('5 s').fromSequence(1, 2).sinkTo(sink);
  });
  t.strictSame(graph.configuration, {
    'execution.checkpointing.interval': '5000 ms',
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
  });
  const relaxed = build((env) => {
    env.enableCheckpointing(200, 'AT_LEAST_ONCE').fromSequence(1, 2).sinkTo(sink);
  });
  t.equal(relaxed.graph.configuration['execution.checkpointing.mode'], 'AT_LEAST_ONCE');
  for (const wrong of [0, -1, 'soon']) {
    t.equal(refused(() => build((env) => void env.enableCheckpointing(wrong))).code, 'MR1001');
  }
});

t.test('a job may insist on uids', async (t) => {
  const job = (env: StreamExecutionEnvironment) => {
    const numbers = env.configure({ 'pipeline.auto-generate-uids': false }).fromSequence(1, 2).uid('numbers');
    return numbers.map((n) => n);
  };
  const error = refused(() => build((env) => void job(env).sinkTo(sink).uid('out')));
  t.equal(error.code, 'MR1001');
  t.match(error.message, /'Map' was given no uid/);
  t.ok(build((env) => void job(env).setUidHash('mapped').sinkTo(sink).uid('out')));
});
