import t from 'tap';
import { DiscardingSink } from '../../../core/api/discarding-sink.js';
import { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import { types } from '../../../core/serde/types.js';
import { MapStateDescriptor } from '../../../core/state/state-descriptor.js';
import { build } from '../../build.js';
import { refused } from '../../refused.js';

const sink = new DiscardingSink<unknown>();

t.test('connected streams are two inputs, each partitioned by its own key, and begin a chain', async (t) => {
  const rules = new MapStateDescriptor('rules', types.string, types.float64);
  const { graph } = build(
    (env) => {
      const [a, b] = [env.fromSequence(1, 9), env.fromData(['x'], types.string)];
      const both = a
        .keyBy((n) => n % 2)
        .connect(b.keyBy((text) => text.length))
        .process<number>({ processElement1() {}, processElement2() {} })
        .uid('both');
      both
        .connect(b.broadcast(rules))
        .process({ processElement() {}, processBroadcastElement() {} })
        .uid('ruled')
        .print();
      a.connect(a.union(a))
        .map({ map1: (n) => n, map2: (n) => n })
        .sinkTo(sink, 'self');
    },
    { parallelism: 2 },
  );
  t.strictSame(
    graph.edges.map(({ target, inputIndex, partitioner, typeId }) => [
      graph.vertices[target]?.name,
      inputIndex,
      partitioner,
      typeId,
    ]),
    [
      ['KeyedCoProcess', 0, 'hash', 'float64'],
      ['KeyedCoProcess', 1, 'hash', 'string'],
      ['Co-Process-Broadcast -> Sink: Print to Std. Out', 0, 'forward', 'dynamic'],
      ['Co-Process-Broadcast -> Sink: Print to Std. Out', 1, 'broadcast', 'string'],
      ['Co-Map -> Sink: self', 0, 'forward', 'float64'],
      ['Co-Map -> Sink: self', 1, 'forward', 'float64'],
      ['Co-Map -> Sink: self', 1, 'forward', 'float64'],
    ],
  );
  t.strictSame(graph.warnings, []);
});

const REFUSED: readonly [string, string, (env: StreamExecutionEnvironment) => unknown][] = [
  ['connecting no stream', 'MR1001', (env) => env.fromSequence(1, 9).connect({} as never)],
  [
    'connecting with another job',
    'MR1001',
    (env) => env.fromSequence(1, 9).connect(new StreamExecutionEnvironment().fromSequence(1, 2)),
  ],
  ['broadcasting by other state', 'MR1001', (env) => env.fromSequence(1, 9).broadcast({} as never)],
  [
    'broadcasting two states of a name',
    'MR1001',
    (env) => env.fromSequence(1, 9).broadcast(new MapStateDescriptor('a'), new MapStateDescriptor('a')),
  ],
  [
    'half a co-process function',
    'MR1001',
    (env) =>
      env
        .fromSequence(1, 9)
        .connect(env.fromSequence(1, 9))
        .process({ processElement1() {} } as never),
  ],
  [
    'an async co-map',
    'MR5002',
    (env) =>
      env
        .fromSequence(1, 9)
        .connect(env.fromSequence(1, 9))
        .map({ map1: async () => 1, map2: () => 1 } as never),
  ],
  ['a lower bound above the upper', 'MR1001', (env) => joined(env).between(2, '1 ms')],
  [
    'bounds that exclude each other',
    'MR1001',
    (env) =>
      joined(env)
        .between(0, 1)
        .lowerBoundExclusive()
        .upperBoundExclusive()
        .process({ processElement() {} }),
  ],
  [
    'late records of an interval join to a name',
    'MR1001',
    (env) =>
      joined(env)
        .between(0, 1)
        .sideOutputRightLateData('late' as never),
  ],
  ['joining no keyed stream', 'MR1001', (env) => keyed(env).intervalJoin(env.fromSequence(1, 2) as never)],
  [
    'no join function',
    'MR1001',
    (env) =>
      joined(env)
        .between(0, 1)
        .process({} as never),
  ],
];

const keyed = (env: StreamExecutionEnvironment) => env.fromSequence(1, 9).keyBy((n) => n);
const joined = (env: StreamExecutionEnvironment) => keyed(env).intervalJoin(keyed(env));

t.test('an interval join without watermarks is warned of', async (t) => {
  const { graph } = build((env) => {
    joined(env)
      .between('-1 s', '1 min')
      .process({ processElement() {} })
      .uid('join')
      .print();
  });
  t.match(
    graph.warnings.at(-1),
    /'Interval Join' fires by event time, but no watermarks come from 'Source: Sequence'/,
  );
});

t.test('connections that make no sense are refused', async (t) => {
  for (const [name, code, builder] of REFUSED) {
    t.equal(refused(() => build((env) => builder(env) as undefined)).code, code, name);
  }
});
