import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  SlidingEventTimeWindows,
  type StreamExecutionEnvironment,
  TumblingEventTimeWindows,
  types,
  Watermark,
  WatermarkStrategy,
} from '../../../core/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';

interface Click {
  readonly user: string;
  readonly n: number;
}

const click = types.object({ user: types.string, n: types.int32 });

const BATCH = { configuration: { 'execution.runtime-mode': 'BATCH' } };

const values = (h: PipelineHarness, sink = 'out'): unknown[] => h.take(sink).map(({ value }) => value);

t.test('a batch says nothing until its input has ended, and then what is final', async (t) => {
  const sums: HarnessBuild = (_env, io) => {
    io.source('in', click).keyBy('user').sum('n').uid('sums').sinkTo(io.sink('out'));
  };
  for (const build of [
    sums,
    ((env, io) => {
      sums(env, io);
      env.setRuntimeMode('BATCH');
    }) as HarnessBuild,
  ]) {
    const h = await PipelineHarness.create(build, build === sums ? { ...BATCH, parallelism: 2 } : {});
    for (const [user, n] of [
      ['b', 1],
      ['a', 2],
      ['b', 4],
    ] as const) {
      await h.push('in', { user, n }, n);
    }
    await h.watermark('in', 1000);
    await h.advanceProcessingTime(1000);
    t.strictSame([h.take('out'), h.takeWatermarks('out')], [[], []]);
    await h.endInput('in');
    t.strictSame(
      h.take<Click>('out').toSorted((a, b) => a.value.n - b.value.n),
      [
        { value: { user: 'a', n: 2 }, timestamp: 2 },
        { value: { user: 'b', n: 5 }, timestamp: 4 },
      ],
    );
    t.strictSame(h.takeWatermarks('out'), [Watermark.MAX]);
    await h.close();
  }
});

t.test('a batch has no snapshots, and goes on from none', async (t) => {
  const build: HarnessBuild = (_env, io) => {
    io.source('in', click).keyBy('user').sum('n').uid('sums').sinkTo(io.sink('out'));
  };
  const streaming = await PipelineHarness.create(build);
  const snapshot = await streaming.snapshot();
  await streaming.close();
  await t.rejects(PipelineHarness.restore(snapshot, build, BATCH), { code: 'MR1001', what: /batch/ });
  const h = await PipelineHarness.create(build, BATCH);
  await t.rejects(h.snapshot(), { code: 'MR3007', what: /batch/ });
  await h.close();
});

t.test(
  'what waits for the end runs as a batch where the mode is found out, and is refused in a stream',
  async (t) => {
    const build =
      (mode: 'AUTOMATIC' | 'STREAMING'): HarnessBuild =>
      (env, io) => {
        env.setRuntimeMode(mode);
        io.source('in', types.int32)
          .fullWindowPartition()
          .sortPartition((n) => n, 'ASCENDING')
          .sinkTo(io.sink('out'));
      };
    await t.rejects(PipelineHarness.create(build('STREAMING')), {
      code: 'MR1001',
      what: /waits for the end/,
    });
    const h = await PipelineHarness.create(build('AUTOMATIC'));
    for (const n of [3, 1, 2]) await h.push('in', n);
    await h.endInput('in');
    t.strictSame(values(h), [1, 2, 3]);
    await h.close();
  },
);

t.test('windows over a whole stream see its records by time, however they came', async (t) => {
  const h = await PipelineHarness.create((_env, io) => {
    const clicks = io.source('in', click);
    clicks
      .windowAll(TumblingEventTimeWindows.of(10))
      .process<string>({
        process: ({ window }, elements, out) =>
          out.collect(`${window.start}: ${elements.map(({ n }) => n).join()}`),
      })
      .sinkTo(io.sink('out'));
    clicks.countWindowAll(2).sum('n').sinkTo(io.sink('pairs'));
  }, BATCH);
  for (const n of [15, 3, 12, 1, 2, 30, 11]) await h.push('in', { user: 'a', n }, n);
  await h.endInput('in');
  t.strictSame(h.take('out'), [
    { value: '0: 1,2,3', timestamp: 9 },
    { value: '10: 11,12,15', timestamp: 19 },
    { value: '30: 30', timestamp: 39 },
  ]);
  t.strictSame(
    h.take<Click>('pairs').map(({ value }) => value.n),
    [3, 14, 27],
  );
  await h.close();
});

/** Ten times the managed memory, and more. */
const RECORDS = 12_000;
const SMALL = { ...BATCH, parallelism: 2, managedMemory: 64 * 1024 };

interface Item {
  readonly key: number;
  readonly time: number;
  readonly text: string;
}

const item = types.object({ key: types.int32, time: types.int32, text: types.string });

/** `perKey` records of each key, far apart from each other. */
function items(env: StreamExecutionEnvironment, perKey: number) {
  const keys = RECORDS / perKey;
  return env
    .fromSequence(0, RECORDS - 1)
    .map((i): Item => {
      const place = (i * 7919) % RECORDS;
      return { key: place % keys, time: Math.floor(place / keys) * 10, text: 'x'.repeat(60 + (i % 40)) };
    })
    .returns(item)
    .assignTimestampsAndWatermarks(
      WatermarkStrategy.forMonotonousTimestamps<Item>().withTimestampAssigner(({ time }) => time),
    )
    .returns(item);
}

async function run(build: HarnessBuild): Promise<{ results: unknown[]; spilledBytes: number }> {
  const h = await PipelineHarness.create(build, SMALL);
  await h.advanceProcessingTime(0);
  const results = values(h);
  const spilledBytes = h.metric('spilledBytes');
  await h.close();
  return { results, spilledBytes };
}

t.test('sorts of ten times the managed memory go through files, which are removed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-batch-'));
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder;
  t.teardown(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    rmSync(folder, { recursive: true });
  });
  const { results, spilledBytes } = await run((env, io) => {
    items(env, 4)
      .fullWindowPartition()
      .sortPartition('time', 'DESCENDING')
      .map(({ time }) => time)
      .setParallelism(1)
      .sinkTo(io.sink('out'));
  });
  t.equal(results.length, RECORDS);
  t.ok(spilledBytes > 10 * 64 * 1024, `${spilledBytes} bytes spilled`);
  t.strictSame(readdirSync(folder), []);
});

t.test(
  'a partition of ten times the managed memory is gone through, with a page of it in memory',
  async (t) => {
    const { results, spilledBytes } = await run((env, io) => {
      const all = items(env, 4).fullWindowPartition();
      all
        .mapPartition<number>((values, out) => {
          let bytes = 0;
          for (const { text } of values) bytes += text.length;
          out.collect(bytes);
        })
        .setParallelism(1)
        .sinkTo(io.sink('out'));
    });
    t.strictSame(results, [Array.from({ length: RECORDS }, (_, i) => 60 + (i % 40)).reduce((a, b) => a + b)]);
    t.ok(spilledBytes > 10 * 64 * 1024, `${spilledBytes} bytes spilled`);
  },
);

t.test('a partition is seen once, and need not be seen to its end', async (t) => {
  const twice = await PipelineHarness.create((_env, io) => {
    io.source('in', types.int32)
      .fullWindowPartition()
      .mapPartition<number>((all, out) => out.collect([...all].length + [...all].length))
      .sinkTo(io.sink('out'));
  }, BATCH);
  await twice.push('in', 1);
  await t.rejects(twice.endInput('in'), { code: 'MR1001', what: /looked at once/ });
  await twice.close();
  const first = await PipelineHarness.create((_env, io) => {
    io.source('in', click)
      .keyBy('user')
      .fullWindowPartition()
      .mapPartition<string>((all, out) => {
        for (const { user, n } of all) {
          out.collect(`${user} ${n}`);
          break;
        }
      })
      .sinkTo(io.sink('out'));
  }, BATCH);
  for (const [user, n] of [
    ['b', 5],
    ['a', 3],
    ['c', 1],
    ['a', 2],
    ['b', 4],
  ] as const) {
    await first.push('in', { user, n }, n);
  }
  await first.endInput('in');
  t.strictSame(values(first), ['a 2', 'b 4', 'c 1']);
  await first.close();
});

t.test('joins of ten times the managed memory find every pair', async (t) => {
  for (const joined of ['interval', 'window', 'coGroup'] as const) {
    const { results, spilledBytes } = await run((env, io) => {
      const [left, right] = [items(env, 3), items(env, 3)];
      const pairs = {
        interval: () =>
          left
            .keyBy('key')
            .intervalJoin(right.keyBy('key'))
            .between(-10, 0)
            .process<string>({
              processElement: (a, b, _ctx, out) => out.collect(`${a.key} ${a.time} ${b.time}`),
            }),
        window: () =>
          left
            .join(right)
            .where(({ key }) => key)
            .equalTo(({ key }) => key)
            .window(TumblingEventTimeWindows.of(20))
            .apply((a, b) => `${a.key} ${a.time} ${b.time}`),
        coGroup: () =>
          left
            .coGroup(right)
            .where(({ key }) => key)
            .equalTo(({ key }) => key)
            .window(SlidingEventTimeWindows.of(20, 20))
            .apply<string>((as, bs, out) => {
              for (const a of as) for (const b of bs) out.collect(`${a.key} ${a.time} ${b.time}`);
            }),
      }[joined]();
      pairs.sinkTo(io.sink('out'));
    });
    const meets = (a: number, b: number): boolean =>
      joined === 'interval' ? a - 10 <= b && b <= a : Math.floor(a / 20) === Math.floor(b / 20);
    const expected: string[] = [];
    for (let key = 0; key < RECORDS / 3; key++) {
      for (const a of [0, 10, 20])
        for (const b of [0, 10, 20]) if (meets(a, b)) expected.push(`${key} ${a} ${b}`);
    }
    t.equal(results.length, expected.length, joined);
    t.strictSame(results.toSorted(), expected.toSorted());
    t.ok(spilledBytes > 10 * 64 * 1024, `${spilledBytes} bytes spilled`);
  }
});
