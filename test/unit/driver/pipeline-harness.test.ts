import t from 'tap';
import {
  isMillraceError,
  type KeyedProcessFunction,
  OutputTag,
  type ProcessFunction,
  type Sink,
  TumblingEventTimeWindows,
  types,
  type ValueState,
  ValueStateDescriptor,
  Watermark,
  WatermarkStrategy,
} from '../../../core/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';

interface Click {
  readonly user: string;
  readonly n: number;
}

const late = new OutputTag<Click>('late');
const add = (a: Click, b: Click): Click => ({ user: a.user, n: a.n + b.n });

const sums: HarnessBuild = (_env, io) => {
  io.source<Click>('in')
    .keyBy(({ user }) => user)
    .window(TumblingEventTimeWindows.of('2 s'))
    .sideOutputLateData(late)
    .reduce(add)
    .uid('sums')
    .sinkTo(io.sink('out'));
};

/** Answers each text with its number among those of its first letter, and 100 ms later once more. */
const echo: HarnessBuild = (_env, io) => {
  io.source('in', types.string)
    .keyBy((text) => text[0] ?? '')
    .process<string>({
      open(ctx) {
        this.count = ctx.getState(new ValueStateDescriptor('count', types.int32));
      },
      processElement(text, ctx, out) {
        const count = (this.count?.value() ?? 0) + 1;
        this.count?.update(count);
        out.collect(`${text} ${count}`);
        ctx.timerService.registerProcessingTimeTimer(ctx.timerService.currentProcessingTime() + 100);
      },
      onTimer(timestamp, ctx, out) {
        out.collect(`${ctx.currentKey} at ${timestamp}: ${this.count?.value()}`);
      },
    } as Echo)
    .uid('echo')
    .sinkTo(io.sink('out'));
};

type Echo = KeyedProcessFunction<string, string, string> & { count?: ValueState<number> };

const values = (records: readonly { readonly value: unknown }[]): unknown[] =>
  records.map(({ value }) => value);

t.test(
  'a window fires with the watermark that ends it, on every backend and at any parallelism',
  async (t) => {
    for (const stateBackend of ['heap', 'lmdb'] as const) {
      for (const parallelism of [1, 3]) {
        const h = await PipelineHarness.create(sums, { parallelism, maxParallelism: 128, stateBackend });
        await h.push('in', { user: 'a', n: 1 }, 500);
        await h.push('in', { user: 'a', n: 2 }, 1500);
        await h.watermark('in', 1998);
        t.same(h.take('out'), []);
        t.same(h.takeWatermarks('out'), [1998]);
        await h.watermark('in', 1999);
        t.same(h.take('out'), [{ value: { user: 'a', n: 3 }, timestamp: 1999 }]);
        t.same(h.takeWatermarks('out'), [1999]);
        await h.push('in', { user: 'b', n: 9 }, 1999);
        t.same(h.takeSide('late'), [{ value: { user: 'b', n: 9 }, timestamp: 1999 }], 'consumed by nobody');
        t.same(h.takeSide('late'), []);
        await h.push('in', { user: 'b', n: 7 }, 2000);
        await h.endInput('in');
        t.same(h.take('out'), [{ value: { user: 'b', n: 7 }, timestamp: 3999 }]);
        t.same(h.takeWatermarks('out'), [Watermark.MAX]);
        await h.close();
        await h.close();
      }
    }
  },
);

t.test('processing time begins at 0, moves by what is said, and fires timers on the way', async (t) => {
  const h = await PipelineHarness.create(echo);
  await h.push('in', 'ab');
  await h.advanceProcessingTime(50);
  await h.push('in', 'ac');
  t.same(h.take('out'), [
    { value: 'ab 1', timestamp: undefined },
    { value: 'ac 2', timestamp: undefined },
  ]);
  await h.advanceProcessingTime(49);
  t.same(h.take('out'), []);
  await h.advanceProcessingTime(1000);
  t.same(h.take('out'), [
    { value: 'a at 100: 2', timestamp: undefined },
    { value: 'a at 150: 2', timestamp: undefined },
  ]);
  await h.close();
});

t.test('a snapshot holds state, timers and both times; the pipeline it was taken of goes on', async (t) => {
  const h = await PipelineHarness.create(echo);
  await h.advanceProcessingTime(1000);
  await h.push('in', 'ab');
  const snapshot = await h.snapshot();
  await h.push('in', 'ac');
  await h.advanceProcessingTime(100);
  t.same(values(h.take('out')), ['ab 1', 'ac 2', 'a at 1100: 2']);
  await h.close();
  for (const stateBackend of ['heap', 'lmdb', 'heap'] as const) {
    const again = await PipelineHarness.restore(snapshot, echo, { stateBackend });
    await again.push('in', 'ad');
    await again.advanceProcessingTime(100);
    t.same(values(again.take('out')), ['ad 2', 'a at 1100: 2']);
    await again.close();
  }
});

t.test(
  'generators are asked in processing time, as everywhere; an idle source holds nobody back',
  async (t) => {
    const h = await PipelineHarness.create((_env, io) => {
      const a = io
        .source('a', types.int32)
        .assignTimestampsAndWatermarks(
          WatermarkStrategy.forBoundedOutOfOrderness<number>(20).withTimestampAssigner((n) => n),
        );
      a.union(io.source('b', types.int32)).sinkTo(io.sink('out'));
    });
    await h.push('a', 100);
    await h.watermark('b', 50);
    t.same(h.takeWatermarks('out'), []);
    await h.advanceProcessingTime(200);
    t.same(h.takeWatermarks('out'), [50]);
    await h.idle('b');
    t.same(h.takeWatermarks('out'), [79]);
    await h.push('b', 1);
    t.same(h.take('out'), [
      { value: 100, timestamp: 100 },
      { value: 1, timestamp: undefined },
    ]);
    await h.endInput('b');
    await h.endInput('a');
    t.same(h.takeWatermarks('out'), [Watermark.MAX]);
    await h.close();
  },
);

t.test('what user code throws rejects the call, and every later one, with its place', async (t) => {
  const h = await PipelineHarness.create((_env, io) => {
    io.source('in', types.int32)
      .map((n) => {
        if (n < 0) throw new RangeError(`${n} is negative`);
        return n;
      })
      .name('roots')
      .sinkTo(io.sink('out'));
  });
  await h.push('in', 4);
  const thrown = { code: 'MR5001', what: /RangeError: -1 is negative/, where: { operator: 'roots' } };
  await t.rejects(h.push('in', -1), thrown);
  await t.rejects(h.push('in', 2), thrown);
  await t.rejects(h.snapshot(), thrown);
  t.same(values(h.take('out')), [4]);
  await h.close();
  await t.rejects(h.push('in', 2), { code: 'MR1001' });
});

t.test('an error in open, and what cannot be built, reject the creation', async (t) => {
  const failing = PipelineHarness.create((_env, io) => {
    io.source<string>('in')
      .process({
        open() {
          throw new Error('no such table');
        },
        processElement() {},
      })
      .sinkTo(io.sink('out'));
  });
  await t.rejects(failing, { code: 'MR5001', what: /no such table/ });
  await t.rejects(
    PipelineHarness.create((_env, io) => {
      io.source('in').sinkTo(io.sink('out'));
      io.source('in').sinkTo(io.sink('out'));
    }),
    { code: 'MR1001', what: /two sources 'in'/ },
  );
  await t.rejects(PipelineHarness.create(sums, { paralelism: 2 } as never), {
    code: 'MR1001',
    hint: /parallelism/,
  });
});

t.test(
  'a name that is not there, a time that is none, an input that has ended: refused by code',
  async (t) => {
    const h = await PipelineHarness.create(sums);
    await t.rejects(h.push('inn', 1), { code: 'MR1001', hint: /'in'/ });
    t.throws(() => h.take('output'), { code: 'MR1001', hint: /has: out/ });
    await t.rejects(h.watermark('in', 0.5), { code: 'MR1001' });
    await t.rejects(h.advanceProcessingTime(-1), { code: 'MR1001' });
    await h.endInput('in');
    await t.rejects(h.push('in', 1), { code: 'MR1001', what: /has ended/ });
    await h.close();
  },
);

t.test('calls take effect in their order, awaited or not', async (t) => {
  const h = await PipelineHarness.create(sums);
  void h.push('in', { user: 'a', n: 1 }, 10);
  void h.push('in', { user: 'a', n: 5 }, 20);
  await h.watermark('in', 5000);
  t.same(values(h.take('out')), [{ user: 'a', n: 6 }]);
  await h.close();
});

t.test('metrics are summed over the subtasks, or read of one operator', async (t) => {
  const h = await PipelineHarness.create(
    (_env, io) => {
      io.source('in', types.int32)
        .rebalance()
        .process<number>({
          open(ctx) {
            this.odd = ctx.counter('odd');
          },
          processElement(n) {
            if (n % 2 === 1) this.odd?.add(1);
          },
        } as OddCounter)
        .uid('parity')
        .sinkTo(io.sink('out'));
    },
    { parallelism: 3 },
  );
  for (let n = 0; n < 10; n++) await h.push('in', n);
  t.equal(h.metric('odd'), 5);
  t.equal(h.metric('parity.odd'), 5);
  t.equal(h.metric('even'), 0);
  await h.close();
});

type OddCounter = ProcessFunction<number, number> & { odd?: { add(count: number): void } };

t.test('each subtask has function objects of its own when they are made in the pipeline', async (t) => {
  const indices = new Set<number>();
  const h = await PipelineHarness.create(
    (_env, io) => {
      let own = -1;
      io.source('in', types.int32)
        .rebalance()
        .process<number>({
          open(ctx) {
            own = ctx.subtaskIndex;
          },
          processElement() {
            indices.add(own);
          },
        })
        .sinkTo(io.sink('out'));
    },
    { parallelism: 4 },
  );
  for (let n = 0; n < 8; n++) await h.push('in', n);
  t.same([...indices].sort(), [0, 1, 2, 3]);
  await h.close();
});

t.test('a committing sink commits at the end, and what a snapshot holds when it is restored', async (t) => {
  const committed: string[] = [];
  const sink: Sink<string, string> = {
    createWriter: () => {
      const pending: string[] = [];
      return {
        write: (value) => {
          pending.push(value);
        },
        flush: () => {},
        prepareCommit: () => pending.splice(0),
      };
    },
    createCommitter: () => ({
      commit: async (values) => {
        committed.push(...values);
      },
    }),
  };
  const h = await PipelineHarness.create((_env, io) => {
    io.source('in', types.string).sinkTo(sink, 'committing');
  });
  await h.push('in', 'a');
  t.same(committed, []);
  await h.endInput('in');
  t.same(committed, ['a']);
  await h.close();
});

t.test('an input that had ended when the snapshot was taken has ended after it', async (t) => {
  const build: HarnessBuild = (_env, io) => {
    io.source('a', types.int32)
      .union(io.source('b', types.int32))
      .keyBy((n) => n % 3)
      .reduce((x, y) => x + y)
      .uid('sums')
      .sinkTo(io.sink('out'));
  };
  const h = await PipelineHarness.create(build, { parallelism: 2 });
  await h.push('a', 3);
  await h.endInput('a');
  const snapshot = await h.snapshot();
  await h.close();
  const again = await PipelineHarness.restore(snapshot, build, { parallelism: 3 });
  await t.rejects(again.push('a', 1), { code: 'MR1001', what: /has ended/ });
  await again.push('b', 6);
  await again.endInput('b');
  t.same(values(again.take('out')), [9]);
  t.same(again.takeWatermarks('out'), [Watermark.MAX]);
  await again.close();
});

t.test('a harness that is left open does not keep the process alive', async (t) => {
  const h = await PipelineHarness.create(sums, { stateBackend: 'lmdb' });
  await h.push('in', { user: 'a', n: 1 }, 500);
  const standing = process.getActiveResourcesInfo().filter((kind) => !/Wrap|Timeout|Immediate/.test(kind));
  t.same(standing, []);
});

t.test('the error of a rejected call is one of the engine', async (t) => {
  const h = await PipelineHarness.create(sums);
  const error = await h.push('nowhere', 1).catch((reason: unknown) => reason);
  t.ok(isMillraceError(error));
  await h.close();
});
