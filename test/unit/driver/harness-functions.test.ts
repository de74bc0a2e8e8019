import t from 'tap';
import {
  AsyncDataStream,
  type FunctionInitializationContext,
  type ListState,
  ListStateDescriptor,
  MapStateDescriptor,
  OutputTag,
  type RichMapFunction,
  types,
  Watermark,
} from '../../../core/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';

/** What functions of every kind do in a harness: requests, broadcasts, operator state, two inputs. */

const values = (h: PipelineHarness, sink = 'out'): unknown[] => h.take(sink).map(({ value }) => value);

for (const order of ['ordered', 'unordered'] as const) {
  t.test(`${order} requests leave when they may, and time out on virtual time`, async (t) => {
    const answers = new Map<number, (results: readonly string[]) => void>();
    const h = await PipelineHarness.create((_env, io) => {
      const wait = order === 'ordered' ? AsyncDataStream.orderedWait : AsyncDataStream.unorderedWait;
      wait<number, string>(
        io.source('in', types.int32),
        {
          asyncInvoke: (n) => new Promise((resolve) => answers.set(n, resolve)),
          timeout(n, future) {
            future.complete([`${n} gave up`]);
          },
        },
        '100 ms',
      ).sinkTo(io.sink('out'));
    });
    const settle = async (n: number): Promise<unknown[]> => {
      answers.get(n)?.([`${n}`]);
      await h.advanceProcessingTime(0);
      return values(h);
    };
    await h.push('in', 1, 1);
    await h.push('in', 2, 2);
    await h.watermark('in', 2);
    await h.push('in', 3, 3);
    t.strictSame(await settle(2), order === 'ordered' ? [] : ['2']);
    t.strictSame(await settle(3), [], 'it does not overtake the watermark');
    t.strictSame(h.takeWatermarks('out'), []);
    await h.advanceProcessingTime(99);
    t.strictSame(values(h), []);
    await h.advanceProcessingTime(1);
    t.strictSame(values(h), order === 'ordered' ? ['1 gave up', '2', '3'] : ['1 gave up', '3']);
    t.strictSame(h.takeWatermarks('out'), [2]);
    t.strictSame(await settle(1), [], 'too late');
    await h.endInput('in');
    t.strictSame(h.takeWatermarks('out'), [Watermark.MAX]);
    await h.close();
  });
}

t.test('no more requests are under way than there is room for', async (t) => {
  const asked: number[] = [];
  const answers: (() => void)[] = [];
  const h = await PipelineHarness.create((_env, io) => {
    const ask = (n: number): Promise<number> => {
      asked.push(n);
      return new Promise((resolve) => answers.push(() => resolve(n)));
    };
    AsyncDataStream.orderedWait(io.source('in', types.int32), ask, '1 s', 2).sinkTo(io.sink('out'));
  });
  for (const n of [1, 2, 3]) await h.push('in', n);
  t.strictSame(asked, [1, 2]);
  answers[0]?.();
  await h.advanceProcessingTime(0);
  t.strictSame(asked, [1, 2, 3]);
  t.strictSame(values(h), [1]);
  await h.close();
});

t.test('requests that are under way are in the snapshot, and asked again after a restore', async (t) => {
  const asked: number[] = [];
  const build = (answered: boolean): HarnessBuild => {
    return (_env, io) => {
      AsyncDataStream.orderedWait<number, number>(
        io.source('in', types.int32),
        async (n) => {
          asked.push(n);
          if (!answered) await new Promise(() => {});
          return [n * 10];
        },
        '1 s',
      )
        .uid('asking')
        .sinkTo(io.sink('out'));
    };
  };
  const h = await PipelineHarness.create(build(false), { parallelism: 2 });
  for (const n of [1, 2, 3]) await h.push('in', n);
  const snapshot = await h.snapshot();
  await h.close();
  asked.length = 0;
  const again = await PipelineHarness.restore(snapshot, build(true), { parallelism: 3 });
  await again.push('in', 4);
  t.strictSame(asked.toSorted(), [1, 2, 3, 4]);
  t.strictSame(values(again).toSorted(), [10, 20, 30, 40]);
  await again.close();
});

const rules = new MapStateDescriptor('rules', types.string, types.string);

t.test('a broadcast is known to every subtask, after a rescale too', async (t) => {
  const build: HarnessBuild = (_env, io) => {
    io.source('in', types.string)
      .keyBy((key) => key)
      .connect(io.source('rules', types.string).broadcast(rules))
      .process<string>({
        processElement: (key, ctx, out) =>
          out.collect(`${key} ${ctx.getBroadcastState(rules).get(key) ?? 'unknown'}`),
        processBroadcastElement: (key, ctx) => ctx.getBroadcastState(rules).put(key, 'known'),
      })
      .uid('checked')
      .sinkTo(io.sink('out'));
  };
  let h = await PipelineHarness.create(build, { parallelism: 2 });
  await h.push('rules', 'a');
  for (const parallelism of [3, 1, 4]) {
    const snapshot = await h.snapshot();
    await h.close();
    h = await PipelineHarness.restore(snapshot, build, { parallelism });
    for (const key of 'abcdefgh') await h.push('in', key);
    t.strictSame(values(h).toSorted(), ['a known', ...[...'bcdefgh'].map((key) => `${key} unknown`)]);
  }
  await h.close();
});

/** Keeps what came to its subtask, and tells it when it is asked. */
function keeping(mode: 'split' | 'union'): RichMapFunction<string, string> {
  const kept: string[] = [];
  let subtask = -1;
  let state: ListState<string> | undefined;
  return {
    initializeState(ctx: FunctionInitializationContext) {
      const store = ctx.getOperatorStateStore();
      const descriptor = new ListStateDescriptor('kept', types.string);
      state = mode === 'split' ? store.getListState(descriptor) : store.getUnionListState(descriptor);
      kept.push(...state.get());
    },
    open(ctx) {
      subtask = ctx.subtaskIndex;
    },
    snapshotState: () => state?.update(kept),
    map(value) {
      if (value !== '?') kept.push(value);
      return `${subtask}: ${kept.join('')}`;
    },
  };
}

t.test('operator lists are dealt out anew, or given to all', async (t) => {
  for (const [mode, after] of [
    ['split', ['0: ac', '1: eb', '2: d']],
    ['union', ['0: acebd', '1: acebd', '2: acebd']],
  ] as const) {
    const build: HarnessBuild = (_env, io) => {
      io.source('in', types.string).rebalance().map(keeping(mode)).uid('kept').sinkTo(io.sink('out'));
    };
    const h = await PipelineHarness.create(build, { parallelism: 2 });
    for (const value of 'abcde') await h.push('in', value);
    const snapshot = await h.snapshot();
    await h.close();
    const again = await PipelineHarness.restore(snapshot, build, { parallelism: 3 });
    for (let i = 0; i < 3; i++) await again.push('in', '?');
    t.strictSame(values(again).toSorted(), after);
    await again.close();
  }
});

t.test('a list that nobody asks for outlives rescales as it is, and does not grow', async (t) => {
  const ignoring: RichMapFunction<string, string> = { map: (value) => value };
  for (const [mode, after] of [
    ['split', ['0: ace', '1: bd']],
    ['union', ['0: acebd', '1: acebd']],
  ] as const) {
    const buildWith =
      (fn: () => RichMapFunction<string, string>): HarnessBuild =>
      (_env, io) => {
        io.source('in', types.string).rebalance().map(fn()).uid('kept').sinkTo(io.sink('out'));
      };
    const h = await PipelineHarness.create(
      buildWith(() => keeping(mode)),
      { parallelism: 2 },
    );
    for (const value of 'abcde') await h.push('in', value);
    let snapshot = await h.snapshot();
    await h.close();
    for (const parallelism of [3, 3, 1, 4]) {
      const silent = await PipelineHarness.restore(
        snapshot,
        buildWith(() => ignoring),
        { parallelism },
      );
      snapshot = await silent.snapshot();
      await silent.close();
    }
    const again = await PipelineHarness.restore(
      snapshot,
      buildWith(() => keeping(mode)),
      { parallelism: 2 },
    );
    for (let i = 0; i < 2; i++) await again.push('in', '?');
    const letters = (text: unknown): string => [...String(text)].toSorted().join('');
    t.strictSame(values(again).map(letters).toSorted(), after.map(letters).toSorted());
    await again.close();
  }
});

t.test('two inputs have times of their own, and share timers and side outputs', async (t) => {
  const seen = new OutputTag<string>('seen');
  const h = await PipelineHarness.create((_env, io) => {
    const [a, b] = [io.source('a', types.string), io.source('b', types.string)];
    a.keyBy((key) => key)
      .connect(b.keyBy((key) => key))
      .process<string>({
        processElement1: (_key, ctx) => ctx.timerService.registerEventTimeTimer(10),
        processElement2: (key, ctx) => ctx.output(seen, `${key} at ${ctx.timestamp}`),
        onTimer: (timestamp, ctx, out) => out.collect(`${ctx.currentKey} ${timestamp}`),
      })
      .uid('both')
      .sinkTo(io.sink('out'));
  });
  await h.push('a', 'k', 5);
  await h.push('b', 'k');
  await h.push('b', 'l', 3);
  t.strictSame(h.takeSide('seen'), [
    { value: 'k at undefined', timestamp: undefined },
    { value: 'l at 3', timestamp: 3 },
  ]);
  await h.watermark('a', 20);
  await h.watermark('b', 9);
  t.strictSame(h.take('out'), []);
  await h.endInput('b');
  t.strictSame(h.take('out'), [{ value: 'k 10', timestamp: 10 }]);
  t.strictSame(h.takeWatermarks('out'), [9, 20]);
  await h.close();
});

t.test('every operator counts its records and knows its watermark, in a run of maps too', async (t) => {
  const h = await PipelineHarness.create(
    (_env, io) => {
      const odd = new OutputTag<number>('odd');
      const split = io
        .source('in', types.int32)
        .map((n) => n + 1)
        .uid('more')
        .filter((n) => n !== 3)
        .uid('without')
        .process<number>({
          processElement: (n, ctx, out) => (n % 2 === 1 ? ctx.output(odd, n) : out.collect(n)),
        })
        .uid('split');
      split.sinkTo(io.sink('out')).uid('out');
    },
    { parallelism: 2 },
  );
  for (let n = 0; n < 6; n++) await h.push('in', n, n);
  await h.watermark('in', 77);
  const counts = (uid: string) => [h.metric(`${uid}.numRecordsIn`), h.metric(`${uid}.numRecordsOut`)];
  t.strictSame(['source-in', 'more', 'without', 'split', 'out'].map(counts), [
    [0, 6],
    [6, 6],
    [6, 5],
    [5, 5],
    [3, 0],
  ]);
  t.equal(h.metric('numRecordsIn'), 20);
  t.equal(h.metric('currentInputWatermark'), 77);
  t.equal(h.metric('split.currentOutputWatermark'), 77);
  t.equal(h.metric('source-in.currentInputWatermark'), 0, 'a source has no input');
  await h.close();
  t.equal(h.metric('split.numRecordsIn'), 5, 'also when all is over');
});

t.test('without uids a pipeline is found again at another parallelism', async (t) => {
  const build: HarnessBuild = (_env, io) => {
    io.source('in', types.int32)
      .map((n) => n)
      .keyBy((n) => n % 5)
      .reduce((a, b) => a + b)
      .filter((n) => n >= 0)
      .keyBy((n) => n % 2)
      .process<number>({
        open(ctx) {
          this.most = ctx.getListState(new ListStateDescriptor('most', types.int32));
        },
        processElement(n, _ctx, out) {
          this.most?.add(n);
          out.collect(Math.max(...(this.most?.get() ?? [])));
        },
      } as Most)
      .sinkTo(io.sink('out'));
  };
  const h = await PipelineHarness.create(build, { parallelism: 1 });
  for (const n of [5, 10, 3]) await h.push('in', n);
  const snapshot = await h.snapshot();
  t.strictSame(values(h), [5, 15, 15]);
  await h.close();
  for (const parallelism of [1, 2, 5]) {
    const again = await PipelineHarness.restore(snapshot, build, { parallelism });
    await again.push('in', 20);
    await again.push('in', 8);
    t.strictSame(values(again).toSorted(), [35, 35]);
    await again.close();
  }
});

interface Most {
  most?: ListState<number>;
  open(ctx: { getListState(descriptor: ListStateDescriptor<number>): ListState<number> }): void;
  processElement(n: number, ctx: unknown, out: { collect(n: number): void }): void;
}
