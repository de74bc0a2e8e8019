import t from 'tap';
import { OutputTag } from '../../../core/api/output-tag.js';
import type { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import { Watermark } from '../../../core/element/watermark.js';
import type { FlatMapFunction } from '../../../core/operator/functions.js';
import { OperatorChain } from '../../../core/operator/operator-chain.js';
import { build } from '../../build.js';
import { InlineJob, RecordingSink } from '../../inline-job.js';
import { RecordingOutput } from '../../operator-test-harness.js';
import { OperatorWorld } from '../../operator-world.js';
import { refused } from '../../refused.js';

/** The vertex behind a rebalance from a sequence, with an edge behind it recorded. */
async function chainOf(builder: (env: StreamExecutionEnvironment) => unknown) {
  const { vertices } = build((env) => void builder(env));
  const vertex = vertices[1];
  if (vertex === undefined) throw new Error('the job has no second vertex');
  const world = new OperatorWorld();
  const edge = new RecordingOutput();
  const asked: number[] = [];
  const chain = new OperatorChain(vertex, {
    contextOf: (node) => {
      asked.push(node);
      return {
        ...world.context({ uid: `node-${node}` }),
        userError: (error) => new Error(`node ${node}: ${error instanceof Error ? error.message : error}`),
      };
    },
    edgeOutput: () => edge,
    requestSplit: () => {},
  });
  await chain.open();
  const [input] = chain.headInputs;
  const push = (value: unknown): void => input?.processElement(value as never, 7);
  return { chain, edge, push, input, asked };
}

t.test('maps and filters run as one operator, in their order', async (t) => {
  const seen: string[] = [];
  const see = <T>(mark: string, value: T): T => {
    seen.push(mark);
    return value;
  };
  const { chain, edge, push, asked } = await chainOf((env) =>
    env
      .fromSequence(1, 9)
      .rebalance()
      .map((n) => see(`a${n}`, n * 10))
      .filter((n) => see(`b${n}`, n !== 20))
      .map((n) => see(`c${n}`, n + 1))
      .filter((n) => see(`d${n}`, n > 0))
      .map((n) => see(`e${n}`, String(n)))
      .rebalance()
      .print(),
  );
  push(1);
  push(2);
  t.strictSame(edge.take(), [['11', 7]]);
  t.strictSame(seen, ['a1', 'b10', 'c10', 'd11', 'e11', 'a2', 'b20']);
  t.strictSame(asked, [0, 1, 2, 3, 4]);
  t.equal(new Set(chain.operators).size, 2, 'four steps in one operator, the fifth in another');
  t.equal(chain.snapshotState(1).length, 5);
});

const thirdThrows: FlatMapFunction<number, number> = (n, out) => {
  out.collect(n);
  if (n === 3) throw new Error('third');
};

t.test('an error is told of the operator whose code threw it', async (t) => {
  const { chain, push } = await chainOf((env) =>
    env
      .fromSequence(1, 9)
      .rebalance()
      .map((n) => n)
      .filter((n) => {
        if (n === 2) throw new Error('second');
        return true;
      })
      .flatMap(thirdThrows)
      .map((n) => {
        if (n === 4) throw new Error('fourth');
        return n;
      })
      .rebalance()
      .print(),
  );
  for (const [value, message] of [
    [2, 'node 1: second'],
    [3, 'node 2: third'],
    [4, 'node 3: fourth'],
  ] as const) {
    t.throws(
      () => {
        try {
          push(value);
        } catch (error) {
          throw chain.locate(error);
        }
      },
      { message },
    );
  }
});

t.test('functions that return promises are refused', async (t) => {
  const later = <T>(value: T) => Promise.resolve(value);
  const cases: [string, (env: StreamExecutionEnvironment) => unknown][] = [
    [
      'map',
      (env) =>
        env
          .fromSequence(1, 9)
          .rebalance()
          .map((n) => later(n))
          .rebalance()
          .print(),
    ],
    [
      'filter',
      (env) =>
        env
          .fromSequence(1, 9)
          .rebalance()
          .filter((() => later(true)) as never)
          .rebalance()
          .print(),
    ],
    [
      'flatMap',
      (env) =>
        env
          .fromSequence(1, 9)
          .rebalance()
          .flatMap((() => later(1)) as never)
          .rebalance()
          .print(),
    ],
    [
      'processElement',
      (env) =>
        env
          .fromSequence(1, 9)
          .rebalance()
          .process({ processElement: (() => later(1)) as never })
          .rebalance()
          .print(),
    ],
  ];
  for (const [name, builder] of cases) {
    const { push } = await chainOf(builder);
    const error = refused(() => push(1));
    t.equal(error.code, 'MR5002', name);
    t.match(error.message, new RegExp(name));
  }
});

t.test('a filter keeps what is truthy', async (t) => {
  const { edge, push } = await chainOf((env) =>
    env
      .fromSequence(1, 9)
      .rebalance()
      .filter(((n: number) => n % 3) as never)
      .map((n) => n)
      .rebalance()
      .print(),
  );
  for (const n of [1, 2, 3, 4]) push(n);
  t.strictSame(
    edge.take(),
    [1, 2, 4].map((n) => [n, 7]),
  );
});

t.test('a stream that is used twice and its side output go where they belong', async (t) => {
  const tag = new OutputTag<number>('odd');
  const nobody = new OutputTag<number>('nobody');
  const [a, b, odd] = [new RecordingSink<number>(), new RecordingSink<number>(), new RecordingSink<number>()];
  const job = build((env) => {
    const numbers = env.fromSequence(1, 4).process<number>({
      processElement(n, ctx, out) {
        if (n % 2 === 1) ctx.output(tag, n);
        ctx.output(nobody, n);
        out.collect(n);
      },
    });
    numbers.map((n) => n * 10).sinkTo(a, 'a');
    numbers.sinkTo(b, 'b');
    numbers.getSideOutput(tag).sinkTo(odd, 'odd');
  });
  t.equal(job.graph.vertices.length, 1, 'all in one chain');
  await (await InlineJob.start(job)).run();
  t.strictSame(
    [a.values, b.values, odd.values],
    [
      [10, 20, 30, 40],
      [1, 2, 3, 4],
      [1, 3],
    ],
  );
});

t.test('side outputs cross edges too, and are not given to those who take the main output', async (t) => {
  const tag = new OutputTag<string>('side');
  const [main, side] = [new RecordingSink<number>(), new RecordingSink<string>()];
  const job = build(
    (env) => {
      const numbers = env.fromSequence(1, 6).process<number>({
        processElement(n, ctx, out) {
          if (n > 4) ctx.output(tag, `n${n}`);
          else out.collect(n);
        },
      });
      numbers.rebalance().sinkTo(main, 'main');
      numbers.getSideOutput(tag).rebalance().sinkTo(side, 'side');
    },
    { parallelism: 2 },
  );
  await (await InlineJob.start(job)).run();
  t.strictSame([...main.values].sort(), [1, 2, 3, 4]);
  t.strictSame([...side.values].sort(), ['n5', 'n6']);
});

t.test('watermarks and idleness pass through a chain', async (t) => {
  const { edge, input } = await chainOf((env) =>
    env
      .fromSequence(1, 9)
      .rebalance()
      .map((n) => n)
      .flatMap<number>((n, out) => out.collect(n))
      .rebalance()
      .print(),
  );
  input?.processWatermark(5);
  input?.processIdle();
  input?.processActive();
  input?.processWatermark(Watermark.MAX);
  t.strictSame(edge.take(), [
    { watermark: 5 },
    { status: 'idle' },
    { status: 'active' },
    { watermark: Watermark.MAX },
  ]);
});

t.test('operators open from the tail and close from the head, whatever some of them throw', async (t) => {
  const order: string[] = [];
  const named = (name: string) => ({
    open: () => void order.push(`open ${name}`),
    processElement: () => {},
    close: () => {
      order.push(`close ${name}`);
      if (name === 'a') throw new Error('no');
    },
  });
  const { chain } = await chainOf((env) =>
    env.fromSequence(1, 9).rebalance().process(named('a')).process(named('b')).rebalance().print(),
  );
  await t.rejects(chain.close(), { message: 'node 0: no' });
  t.strictSame(order, ['open b', 'open a', 'close a', 'close b']);
});

t.test('records are counted at every operator, also where several share one object', async (t) => {
  const tag = new OutputTag<number>('odd');
  const { chain, edge, push } = await chainOf((env) => {
    const numbers = env
      .fromSequence(1, 9)
      .rebalance()
      .map((n) => n)
      .filter((n) => n > 2)
      .filter((n) => n > 4)
      .process<number>({
        processElement(n, ctx, out) {
          if (n % 2 === 1) ctx.output(tag, n);
          for (let i = 0; i < n; i++) out.collect(n);
        },
      });
    numbers.getSideOutput(tag).rebalance().print();
    return numbers
      .flatMap((n, out) => out.collect(n))
      .rebalance()
      .print();
  });
  for (let n = 1; n <= 6; n++) push(n);
  const counted = chain.operators.map((_, node) => [chain.counts.in(node, 6), chain.counts.out(node, 6)]);
  t.strictSame(counted, [
    [6, 6],
    [6, 4],
    [4, 2],
    [2, 12],
    [11, 11],
  ]);
  t.equal(chain.counts.leaving(), 12);
  t.equal(edge.take().length, 12);
});
