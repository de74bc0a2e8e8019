import t from 'tap';
import { DiscardingSink } from '../../../core/api/discarding-sink.js';
import { OutputTag } from '../../../core/api/output-tag.js';
import type { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import { graphDifference } from '../../../core/graph/graph-fingerprint.js';
import { types } from '../../../core/serde/types.js';
import { WatermarkStrategy } from '../../../core/watermark/watermark-strategy.js';
import { TumblingEventTimeWindows } from '../../../core/window/tumbling-event-time-windows.js';
import { build } from '../../build.js';
import { refused } from '../../refused.js';

const sink = new DiscardingSink<unknown>();

t.test('operators that can run together are one vertex', async (t) => {
  const { graph } = build(
    (env) => {
      env
        .fromSequence(1, 9)
        .map((n) => n + 1)
        .filter((n) => n > 3)
        .keyBy((n) => n % 2)
        .reduce((a, b) => a + b)
        .uid('sum')
        .sinkTo(sink, 'out');
    },
    { parallelism: 2 },
  );
  t.strictSame(
    graph.vertices.map(({ id, name, isSource, bounded, parallelism, maxParallelism }) => [
      id,
      name,
      isSource,
      bounded,
      parallelism,
      maxParallelism,
    ]),
    [
      [0, 'Source: Sequence -> Map -> Filter', true, true, 2, 128],
      [1, 'Keyed Reduce -> Sink: out', false, false, 2, 128],
    ],
  );
  t.strictSame(graph.edges, [
    {
      id: 0,
      source: 0,
      sourceUid: graph.vertices[0]?.operators.at(-1)?.uid,
      target: 1,
      inputIndex: 0,
      partitioner: 'hash',
      typeId: 'dynamic',
    },
  ]);
  t.strictSame(
    graph.vertices.flatMap(({ operators }) => operators.map(({ uid, keyed }) => [uid, keyed])),
    [
      ['source-Sequence', false],
      [graph.vertices[0]?.operators[1]?.uid, false],
      [graph.vertices[0]?.operators[2]?.uid, false],
      ['sum', true],
      ['sink-out', false],
    ],
  );
  t.strictSame(graph.warnings, []);
  t.equal(graph.name, 'example');
});

t.test('a union is several edges into one input', async (t) => {
  const { graph } = build((env) => {
    const numbers = env.fromSequence(1, 9);
    numbers.union(numbers, env.fromSequence(1, 2)).sinkTo(sink);
  });
  t.strictSame(
    graph.edges.map(({ source, target, inputIndex, partitioner }) => [
      source,
      target,
      inputIndex,
      partitioner,
    ]),
    [
      [0, 2, 0, 'forward'],
      [0, 2, 0, 'forward'],
      [1, 2, 0, 'forward'],
    ],
  );
});

t.test('uids do not depend on parallelism, names or what stands elsewhere', async (t) => {
  const uidsOf = (more: (env: StreamExecutionEnvironment) => void, parallelism: number, name: string) =>
    build(
      (env) => {
        const numbers = env.fromSequence(1, 9);
        numbers
          .keyBy((n) => n)
          .reduce((a) => a)
          .name(name)
          .sinkTo(sink, 'out');
        more(env);
      },
      { parallelism },
    ).graph.vertices.flatMap(({ operators }) => operators.map(({ uid }) => uid));
  const plain = uidsOf(() => {}, 1, 'x');
  t.strictSame(
    uidsOf(() => {}, 4, 'y'),
    plain,
  );
  const more = uidsOf(
    (env) =>
      void env
        .fromData([1])
        .map((n) => n)
        .sinkTo(sink, 'other'),
    1,
    'x',
  );
  t.strictSame(more.slice(0, plain.length), plain);
  t.equal(new Set(more).size, more.length);
});

t.test('operators in the same place get different uids, and the job is told', async (t) => {
  const { graph } = build((env) => {
    const keyed = env.fromSequence(1, 9).keyBy((n) => n);
    keyed.reduce((a) => a).sinkTo(sink, 'a');
    keyed.reduce((a) => a).sinkTo(sink, 'b');
  });
  const uids = graph.vertices.flatMap(({ operators }) => operators.map(({ uid }) => uid));
  t.equal(new Set(uids).size, uids.length);
  t.equal(graph.warnings.length, 2);
  t.match(graph.warnings[0], /'Keyed Reduce' keeps state and has no uid/);
});

t.test('a uid is given once', async (t) => {
  const error = refused(() =>
    build((env) => {
      env
        .fromSequence(1, 9)
        .map((n) => n)
        .uid('same')
        .filter(() => true)
        .uid('same')
        .sinkTo(sink);
    }),
  );
  t.equal(error.code, 'MR1002');
  t.match(error.message, /'same' is given to 'Map' and to 'Filter'/);
});

const REFUSED: readonly [string, string, (env: StreamExecutionEnvironment) => unknown][] = [
  ['no sink', 'MR1005', (env) => env.fromSequence(1, 9).map((n) => n)],
  ['nothing', 'MR1005', () => {}],
  [
    'forward to another parallelism',
    'MR1001',
    (env) =>
      env
        .fromSequence(1, 9)
        .forward()
        .map((n) => n)
        .setParallelism(3)
        .print(),
  ],
  ['parallelism 0', 'MR1001', (env) => env.setParallelism(0)],
  [
    'parallelism over the maximum',
    'MR1001',
    (env) => env.fromSequence(1, 9).setParallelism(4).setMaxParallelism(2).print(),
  ],
  [
    'negative lateness',
    'MR1001',
    (env) =>
      env
        .fromSequence(1, 9)
        .keyBy((n) => n)
        .window(TumblingEventTimeWindows.of(5))
        .allowedLateness(-1),
  ],
  ['negative disorder', 'MR1001', () => WatermarkStrategy.forBoundedOutOfOrderness(-1)],
  ['no idleness', 'MR1001', () => WatermarkStrategy.noWatermarks().withIdleness(0)],
  ['no function', 'MR1001', (env) => env.fromSequence(1, 9).map(undefined as never)],
  ['no sink object', 'MR1001', (env) => env.fromSequence(1, 9).sinkTo({} as never)],
  ['no source object', 'MR1001', (env) => env.fromSource({} as never, WatermarkStrategy.noWatermarks(), 'x')],
  [
    'no strategy',
    'MR1001',
    (env) => env.fromSource({ createReader() {}, createEnumerator() {} } as never, undefined as never, 'x'),
  ],
  ['an async map', 'MR5002', (env) => env.fromSequence(1, 9).map(async (n) => n)],
  [
    'an async window function',
    'MR5002',
    (env) =>
      env
        .fromSequence(1, 9)
        .keyBy((n) => n)
        .window(TumblingEventTimeWindows.of(5))
        .process({ async process() {} } as never),
  ],
  ['a generator', 'MR1001', (env) => env.fromSequence(1, 9).flatMap(function* () {} as never)],
  ['an empty uid', 'MR1001', (env) => env.fromSequence(1, 9).uid(' ')],
  [
    'a side output of a union',
    'MR1001',
    (env) => env.fromSequence(1, 9).union(env.fromSequence(1, 2)).getSideOutput(new OutputTag('x')),
  ],
  [
    'a throwing builder',
    'MR1009',
    () => {
      throw new TypeError('no');
    },
  ],
  ['an async builder', 'MR5002', async () => {}],
];

t.test('jobs that make no sense are refused', async (t) => {
  for (const [name, code, builder] of REFUSED) {
    t.equal(refused(() => build((env) => builder(env) as undefined)).code, code, name);
  }
});

t.test('nothing can be added once the job is built', async (t) => {
  let kept: StreamExecutionEnvironment | undefined;
  build((env) => {
    kept = env;
    env.fromSequence(1, 9).print();
  });
  t.equal(refused(() => kept?.fromSequence(1, 2)).code, 'MR1001');
});

t.test('types go with the records until a function makes others', async (t) => {
  const { graph } = build((env) => {
    const typed = env.fromData([1, 2], types.int32);
    typed
      .filter(() => true)
      .rebalance()
      .sinkTo(sink, 'filtered');
    typed.map(String).rebalance().sinkTo(sink, 'mapped');
    typed.map(String).returns(types.string).rebalance().sinkTo(sink, 'declared');
    typed
      .keyBy((n) => n)
      .reduce((a) => a)
      .uid('r')
      .rebalance()
      .sinkTo(sink, 'reduced');
    typed
      .union(env.fromData([3], types.int32))
      .filter(() => true)
      .rebalance()
      .sinkTo(sink, 'united');
    typed
      .union(env.fromSequence(1, 2))
      .filter(() => true)
      .rebalance()
      .sinkTo(sink, 'mixed');
    const tag = new OutputTag('side', types.boolean);
    const processed = typed.process({ processElement() {} });
    processed.getSideOutput(tag).rebalance().sinkTo(sink, 'side');
  });
  const typeInto = (name: string) => {
    const target = graph.vertices.find((vertex) => vertex.name === `Sink: ${name}`)?.id;
    return graph.edges.find((edge) => edge.target === target)?.typeId;
  };
  t.strictSame(['filtered', 'mapped', 'declared', 'reduced', 'united', 'mixed', 'side'].map(typeInto), [
    'int32',
    'dynamic',
    'string',
    'int32',
    'int32',
    'dynamic',
    'boolean',
  ]);
});

t.test('a side output has one type', async (t) => {
  const error = refused(() =>
    build((env) => {
      const processed = env.fromSequence(1, 9).process({ processElement() {} });
      processed.getSideOutput(new OutputTag('side', types.boolean)).print();
      processed.getSideOutput(new OutputTag('side', types.string)).print();
    }),
  );
  t.match(error.message, /MR1001.*two types: boolean and string/);
});

t.test('the job is told of windows that no watermark would ever fire', async (t) => {
  const windowed = (env: StreamExecutionEnvironment, strategy: WatermarkStrategy<number>) => {
    env
      .fromSequence(1, 9)
      .assignTimestampsAndWatermarks(strategy)
      .keyBy((n) => n)
      .window(TumblingEventTimeWindows.of(5))
      .reduce((a) => a)
      .uid('w')
      .print();
  };
  const warnings = (strategy: WatermarkStrategy<number>) =>
    build((env) => windowed(env, strategy)).graph.warnings;
  t.match(warnings(WatermarkStrategy.noWatermarks()), [
    /'TumblingEventTimeWindows' fires by event time, but no watermarks come from 'Source: Sequence'/,
  ]);
  t.strictSame(warnings(WatermarkStrategy.forMonotonousTimestamps()), []);
});

t.test('the fingerprint is the same in every thread and tells what differs', async (t) => {
  const of = (parallelism: number, uid = 'm', type = types.int32) =>
    build(
      (env) =>
        void env
          .fromData([1], type)
          .rebalance()
          .map((n) => n)
          .uid(uid)
          .sinkTo(sink),
      { parallelism },
    ).graph;
  t.equal(of(2).fingerprint, of(2).fingerprint);
  t.match(of(2).fingerprint, /^[0-9a-f]{32}$/);
  t.equal(graphDifference(of(2), of(2)), undefined);
  t.match(graphDifference(of(2), of(3)), /vertex 'Map -> Sink: Unnamed' has parallelism 2 here and 3 there/);
  t.match(graphDifference(of(2), of(2, 'n')), /has uid "m" here and "n" there/);
  t.match(graphDifference(of(2), of(2, 'm', types.float64)), /int32.* is .*float64.* there/);
});

t.test(
  'parallelism and name come from the operator, the job, the start, the default, in this order',
  async (t) => {
    const vertex = (builder: (env: StreamExecutionEnvironment) => void, options = {}) =>
      build((env) => {
        builder(env);
        env.fromSequence(1, 9).print();
      }, options).graph;
    t.equal(vertex(() => {}).vertices[0]?.parallelism, 1);
    t.equal(vertex(() => {}, { parallelism: 3 }).vertices[0]?.parallelism, 3);
    t.equal(vertex((env) => env.configure({ 'parallelism.default': 5 })).vertices[0]?.parallelism, 5);
    t.equal(vertex((env) => env.setParallelism(4), { parallelism: 3 }).vertices[0]?.parallelism, 4);
    t.equal(vertex((env) => env.setMaxParallelism(40)).vertices[0]?.maxParallelism, 40);
    t.equal(vertex(() => {}, { maxParallelism: 50 }).vertices[0]?.maxParallelism, 50);
    t.equal(vertex(() => {}, { parallelism: 100 }).vertices[0]?.maxParallelism, 256);
    t.equal(vertex((env) => env.configure({ 'pipeline.name': 'named' })).name, 'named');
    t.equal(vertex(() => {}, { name: 'given' }).name, 'given');
    t.strictSame(vertex((env) => env.configure({ 'pipeline.name': 'named' })).configuration, {
      'pipeline.name': 'named',
    });
  },
);

t.test('a vertex that is rescaled keeps its chain and its key groups', async (t) => {
  const of = (vertexParallelism: Readonly<Record<string, number>>) =>
    build(
      (env) =>
        void env
          .fromSequence(1, 9)
          .map((n) => n + 1)
          .disableChaining()
          .keyBy((n) => n)
          .reduce((a, b) => a + b)
          .uid('sum')
          .setMaxParallelism(200)
          .sinkTo(sink, 'out')
          .setParallelism(3),
      { parallelism: 2, vertexParallelism },
    ).graph;
  const shape = (vertexParallelism: Readonly<Record<string, number>>) => {
    const { vertices, edges } = of(vertexParallelism);
    const partitioners = edges.map(({ partitioner }) => partitioner);
    return [...vertices.map(({ name, parallelism }) => `${name} ${parallelism}`), ...partitioners];
  };
  const declared = of({});
  const [, map] = declared.vertices;
  t.same(shape({}), [
    'Source: Sequence 2',
    'Map 2',
    'Keyed Reduce 2',
    'Sink: out 3',
    'forward',
    'hash',
    'rebalance',
  ]);
  t.same(
    shape({ [map?.uid ?? '']: 4, sum: 3 }),
    ['Source: Sequence 2', 'Map 4', 'Keyed Reduce 3', 'Sink: out 3', 'rebalance', 'hash', 'forward'],
    'the sink stays by itself, though it could be chained now',
  );
  t.equal(of({ sum: 4 }).vertices[2]?.maxParallelism, 200);
  t.same(
    declared.vertices.map(({ parallelismConfigured }) => parallelismConfigured),
    [false, false, false, true],
  );
  t.match(
    refused(() => of({ sum: 201 })),
    { code: 'MR1001', what: /parallelism 201/ },
  );
  t.match(
    refused(() => of({ total: 2 })),
    { code: 'MR1001', what: /no vertex 'total'/ },
  );
});
