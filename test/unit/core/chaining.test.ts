import t from 'tap';
import type { DataStream } from '../../../core/api/data-stream.js';
import { DiscardingSink } from '../../../core/api/discarding-sink.js';
import type { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import { build } from '../../build.js';

type Describe = (numbers: DataStream<number>, env: StreamExecutionEnvironment) => DataStream<number>;

const same = (n: number): number => n;
const all = (): boolean => true;

/** What a stream of numbers, given a sink, becomes at parallelism 2: the names of the vertices. */
const CASES: readonly [string, Describe, string[]][] = [
  [
    'another parallelism',
    (numbers) => numbers.map(same).setParallelism(3),
    ['Source: Sequence', 'Map', 'Sink: out'],
  ],
  [
    'startNewChain',
    (numbers) => numbers.map(same).startNewChain().filter(all),
    ['Source: Sequence', 'Map -> Filter -> Sink: out'],
  ],
  [
    'disableChaining',
    (numbers) => numbers.map(same).disableChaining().filter(all),
    ['Source: Sequence', 'Map', 'Filter -> Sink: out'],
  ],
  [
    'disableOperatorChaining',
    (numbers, env) => {
      env.disableOperatorChaining();
      return numbers.filter(all);
    },
    ['Source: Sequence', 'Filter', 'Sink: out'],
  ],
  [
    'another slot sharing group, which consumers inherit',
    (numbers) => numbers.map(same).slotSharingGroup('heavy').filter(all),
    ['Source: Sequence', 'Map -> Filter -> Sink: out'],
  ],
  ['an exchange', (numbers) => numbers.rebalance().filter(all), ['Source: Sequence', 'Filter -> Sink: out']],
  [
    'a union',
    (numbers, env) => numbers.union(env.fromSequence(1, 2)).filter(all),
    ['Source: Sequence', 'Source: Sequence', 'Filter -> Sink: out'],
  ],
  [
    'forward keeps a chain',
    (numbers) => numbers.forward().filter(all),
    ['Source: Sequence -> Filter -> Sink: out'],
  ],
  [
    'another maximum parallelism keeps a chain',
    (numbers) => numbers.map(same).setMaxParallelism(64),
    ['Source: Sequence -> Map -> Sink: out'],
  ],
  [
    'one subtask for ever does not join what may become more',
    (numbers) => numbers.map(same).setParallelism(1).countWindowAll(2).sum().map(same).setParallelism(1),
    ['Source: Sequence', 'Map', 'GlobalWindows -> Map', 'Sink: out'],
  ],
];

for (const [name, describe, expected] of CASES) {
  t.test(`chains are cut by Flink's rules: ${name}`, async (t) => {
    const { graph } = build(
      (env) => {
        describe(env.fromSequence(1, 9), env).sinkTo(new DiscardingSink(), 'out');
      },
      { parallelism: 2 },
    );
    t.strictSame(
      graph.vertices.map((vertex) => vertex.name),
      expected,
    );
  });
}

t.test('a stream that is used twice stays one chain', async (t) => {
  const { graph } = build((env) => {
    const numbers = env.fromSequence(1, 9);
    numbers.filter(all).sinkTo(new DiscardingSink(), 'a');
    numbers.map(same).sinkTo(new DiscardingSink(), 'b');
  });
  t.strictSame(
    graph.vertices.map(({ name }) => name),
    ['Source: Sequence -> (Filter -> Sink: a, Map -> Sink: b)'],
  );
});
