import t from 'tap';
import { type IntervalJoined, OutputTag, types } from '../../../core/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';
import { everyWay, results } from './vector-pipelines.js';

/** Vectors 28 to 31: interval joins. Records are texts whose first letter is the key. */

type Joined = IntervalJoined<string, string, string, string, string, number, number>;

/** `a b` of records a and b that meet. */
function joining(lower: number, upper: number, settings = (joined: Joined) => joined): HarnessBuild {
  return (_env, io) => {
    const [left, right] = ['left', 'right'].map((name) =>
      io.source(name, types.string).keyBy((text) => text[0] ?? ''),
    );
    if (left === undefined || right === undefined) throw new Error('there is no left');
    settings(left.intervalJoin(right).between(lower, upper) as Joined)
      .process<string>({
        processElement: (a, b, ctx, out) =>
          out.collect(`${a} ${b} ${ctx.leftTimestamp} ${ctx.rightTimestamp}`),
      })
      .uid('join')
      .sinkTo(io.sink('out'));
  };
}

async function both(h: PipelineHarness, watermark: number): Promise<void> {
  await h.watermark('left', watermark);
  await h.watermark('right', watermark);
}

/** Which right timestamps meet the left record at 10, whichever comes first. */
async function partnersOfTen(build: HarnessBuild): Promise<number[]> {
  const found: number[][] = [];
  for (const leftFirst of [true, false]) {
    await everyWay(build, async (h) => {
      if (leftFirst) await h.push('left', 'k', 10);
      for (let timestamp = 5; timestamp <= 15; timestamp++) await h.push('right', 'k', timestamp);
      if (!leftFirst) await h.push('left', 'k', 10);
      found.push(results(h).map(([text]) => Number(String(text).split(' ')[3])));
    });
  }
  for (const partners of found) t.strictSame(partners, found[0]);
  return found[0] ?? [];
}

t.test('28: both bounds count, or not', async (t) => {
  t.strictSame(await partnersOfTen(joining(-2, 1)), [8, 9, 10, 11]);
  t.strictSame(
    await partnersOfTen(joining(-2, 1, (j) => j.lowerBoundExclusive().upperBoundExclusive())),
    [9, 10],
  );
  t.strictSame(await partnersOfTen(joining(-2, 1, (j) => j.lowerBoundExclusive())), [9, 10, 11]);
  t.strictSame(await partnersOfTen(joining(-2, 1, (j) => j.upperBoundExclusive())), [8, 9, 10]);
  t.strictSame(await partnersOfTen(joining(2, 3)), [12, 13]);
  t.strictSame(await partnersOfTen(joining(0, 0)), [10]);
});

t.test('28: a lower bound above the upper one is refused', async (t) => {
  await t.rejects(PipelineHarness.create(joining(1, 0)), { code: 'MR1001' });
});

t.test('29: one result a pair, at the later of both times, as each comes', async (t) => {
  await everyWay(joining(-2, 1), async (h) => {
    await h.push('left', 'k1', 10);
    await h.push('left', 'k2', 10);
    t.strictSame(results(h), []);
    await h.push('right', 'other', 10);
    t.strictSame(results(h), []);
    await h.push('right', 'k3', 11);
    t.strictSame(results(h), [
      ['k1 k3 10 11', 11],
      ['k2 k3 10 11', 11],
    ]);
    await h.push('right', 'k4', 8);
    t.strictSame(results(h), [
      ['k1 k4 10 8', 10],
      ['k2 k4 10 8', 10],
    ]);
  });
});

t.test('30: below the watermark is late, at it is not; nothing is counted', async (t) => {
  const late = new OutputTag<string>('late');
  for (const tagged of [true, false]) {
    const build = joining(-2, 1, (j) =>
      tagged ? (j.sideOutputLeftLateData(late).sideOutputRightLateData(late) as Joined) : j,
    );
    await everyWay(build, async (h) => {
      await both(h, 10);
      await h.push('left', 'k1', 9);
      await h.push('right', 'k2', 9);
      await h.push('left', 'k3', 10);
      await h.push('right', 'k4', 10);
      t.strictSame(results(h), [['k3 k4 10 10', 10]]);
      t.equal(h.metric('numLateRecordsDropped'), 0);
      t.strictSame(
        h.takeSide('late'),
        tagged
          ? [
              { value: 'k1', timestamp: 9 },
              { value: 'k2', timestamp: 9 },
            ]
          : [],
      );
    });
  }
});

t.test('30: the watermark of a join is the lower of both', async (t) => {
  await everyWay(joining(-2, 1), async (h) => {
    await h.watermark('left', 100);
    await h.push('left', 'k', 50);
    await h.push('right', 'k', 50);
    t.strictSame(results(h), [['k k 50 50', 50]]);
    t.strictSame(h.takeWatermarks('out'), []);
    await h.watermark('right', 60);
    t.strictSame(h.takeWatermarks('out'), [60]);
  });
});

t.test('31: a record without a timestamp is refused, before it could be late', async (t) => {
  for (const side of ['left', 'right']) {
    const h = await PipelineHarness.create(joining(-2, 1));
    await both(h, 10);
    await t.rejects(h.push(side, 'k'), { code: 'MR5009', where: { uid: 'join' } });
    await h.close();
  }
});

/** Whether the state of a record at 10 is there when the watermark has come. */
async function isKept(build: HarnessBuild, side: string, watermark: number): Promise<boolean> {
  const kept = new Set<boolean>();
  await everyWay(build, async (h) => {
    await h.push(side, 'k', 10);
    await both(h, watermark);
    const { checkpoint } = await h.snapshot();
    kept.add(checkpoint.files.size > 0);
  });
  t.equal(kept.size, 1);
  return kept.has(true);
}

t.test('31: what nobody can meet any more is no longer in the state', async (t) => {
  for (const [lower, upper, leftUntil, rightUntil] of [
    [-2, 1, 11, 12],
    [-3, -1, 10, 13],
    [1, 3, 13, 10],
  ] as const) {
    const build = joining(lower, upper);
    t.ok(await isKept(build, 'left', leftUntil - 1));
    t.notOk(await isKept(build, 'left', leftUntil));
    t.ok(await isKept(build, 'right', rightUntil - 1));
    t.notOk(await isKept(build, 'right', rightUntil));
  }
});
