import t from 'tap';
import {
  EventTimeTrigger,
  OutputTag,
  SlidingEventTimeWindows,
  type Trigger,
  TumblingEventTimeWindows,
  Watermark,
} from '../../../core/index.js';
import { PipelineHarness } from '../../driver/index.js';
import {
  add,
  at,
  type Count,
  everyWay,
  ONE,
  play,
  purging,
  results,
  summing,
  W,
  type Windowing,
} from './vector-pipelines.js';

/** Vectors 9 to 16 and 18: when windows fire, and what comes too late. */

/** Windows of 2 s, purged as they fire unless it is said otherwise. */
const tumbling =
  (latenessMs = 0, trigger: Trigger<Count> = purging()): Windowing =>
  (keyed) =>
    keyed.window(TumblingEventTimeWindows.of('2 s')).trigger(trigger).allowedLateness(latenessMs);

t.test('9: with 500 ms of lateness, purging and not', async (t) => {
  for (const [trigger, again] of [
    [purging(), 1],
    [EventTimeTrigger.create(), 3],
  ] as const) {
    await everyWay(summing(tumbling(500, trigger)), async (h) => {
      t.strictSame(await play(h, at(500), W(1500), at(1300), W(2300)), [['key2-2', 1999]]);
      t.strictSame(await play(h, at(1997)), [[`key2-${again}`, 1999]], 'at once');
      t.strictSame(await play(h, W(6000), at(1998)), []);
      t.equal(h.metric('numLateRecordsDropped'), 1);
      t.equal(h.metric('sums.numLateRecordsDropped'), 1);
      t.strictSame(h.takeWatermarks('out'), [1500, 2300, 6000]);
    });
  }
});

t.test('10: a window fires with the first watermark that reaches its last moment', async (t) => {
  await everyWay(summing(tumbling()), async (h) => {
    t.strictSame(await play(h, at(0), W(1998)), []);
    t.strictSame(await play(h, W(1999)), [['key2-1', 1999]]);
  });
});

t.test('10: what fires comes before the watermark that fired it', async (t) => {
  const order: unknown[] = [];
  const h = await PipelineHarness.create((_env, io) => {
    io.source<Count>('in')
      .keyBy('key')
      .window(TumblingEventTimeWindows.of(2000))
      .reduce(add)
      .uid('sums')
      .sinkTo({
        createWriter: () => ({
          write: ({ count }, { timestamp, watermark }) => void order.push([count, timestamp, watermark]),
          writeWatermark: (timestamp) => void order.push(timestamp),
          flush: () => {},
        }),
      });
  });
  await play(h, at(0), at(2000), W(10), W(5000)).catch(() => undefined);
  t.strictSame(order, [10, [1, 1999, 10], [1, 3999, 10], 5000]);
  await h.close();
});

t.test('[scenario 14] 11: at the watermark late, above it not', async (t) => {
  await everyWay(summing(tumbling()), async (h) => {
    t.strictSame(await play(h, W(1985), at(1980), W(1999)), [['key2-1', 1999]]);
    t.strictSame(await play(h, at(1998), W(Watermark.MAX)), []);
    t.equal(h.metric('numLateRecordsDropped'), 1);
  });
});

t.test('12: what comes within the lateness of a window that has fired fires it at once', async (t) => {
  await everyWay(summing(tumbling(1000, EventTimeTrigger.create())), async (h) => {
    t.strictSame(await play(h, W(2500), at(100)), [['key2-1', 1999]]);
    t.strictSame(await play(h, at(200)), [['key2-2', 1999]]);
    t.strictSame(await play(h, W(2998), at(300)), [['key2-3', 1999]]);
    t.strictSame(await play(h, W(2999), at(400)), [], 'the window has gone');
  });
});

t.test('14: a record is late when all its windows are, and only then', async (t) => {
  const late = new OutputTag<Count>('late');
  const sliding: Windowing = (keyed) => keyed.window(SlidingEventTimeWindows.of(3000, 1000));
  await everyWay(
    summing((keyed) => sliding(keyed).sideOutputLateData(late)),
    async (h) => {
      t.strictSame(await play(h, W(2999), at(1500)), [], '[0, 3000) is late, two others are not');
      t.strictSame(await play(h, W(3999)), [['key2-1', 3999]]);
      t.strictSame(await play(h, at(2000), at(999)), []);
      t.strictSame(h.takeSide('late'), [{ value: ONE, timestamp: 999 }]);
      t.strictSame(h.takeSide('late'), []);
      t.equal(h.metric('numLateRecordsDropped'), 0, 'the side output replaces the count');
    },
  );
  await everyWay(summing(sliding), async (h) => {
    t.strictSame(await play(h, W(9000), at(999)), []);
    t.equal(h.metric('numLateRecordsDropped'), 1);
    t.strictSame(h.takeSide('late'), []);
  });
});

t.test('14: a side output that somebody consumes is taken all the same', async (t) => {
  const late = new OutputTag<Count>('late');
  const h = await PipelineHarness.create((_env, io) => {
    const sums = io
      .source<Count>('in')
      .keyBy('key')
      .window(TumblingEventTimeWindows.of(1000))
      .sideOutputLateData(late)
      .reduce(add)
      .uid('sums');
    sums.sinkTo(io.sink('out'));
    sums.getSideOutput(late).sinkTo(io.sink('late'));
  });
  await play(h, W(5000), at(1));
  t.strictSame(results(h, 'late'), [[ONE, 1]]);
  t.strictSame(h.takeSide('late'), [{ value: ONE, timestamp: 1 }]);
  await h.close();
});

t.test('15: a cleanup time beyond the end of time is never reached', async (t) => {
  const windows: Windowing = (keyed) => keyed.window(TumblingEventTimeWindows.of(1000)).allowedLateness(2000);
  const timestamp = Watermark.MAX - 1750;
  const lastTime = Math.floor(timestamp / 1000) * 1000 + 999;
  await everyWay(summing(windows), async (h) => {
    t.strictSame(await play(h, at(timestamp), W(Watermark.MAX - 1500)), []);
    t.strictSame(await play(h, W(lastTime)), [['key2-1', lastTime]]);
    t.strictSame(await play(h, at(timestamp)), [['key2-2', lastTime]], 'its contents are still there');
    await h.endInput('in');
    t.strictSame(results(h), []);
  });
});

t.test('16: a negative lateness is refused when the pipeline is built', async (t) => {
  await t.rejects(PipelineHarness.create(summing(tumbling(-1))), { code: 'MR1001' });
  await t.rejects(
    PipelineHarness.create(
      summing((keyed) => keyed.window(TumblingEventTimeWindows.of(1)).allowedLateness('-1 s')),
    ),
    { code: 'MR1001' },
  );
});

t.test('18: what was purged fires nothing', async (t) => {
  await everyWay(summing(tumbling(500)), async (h) => {
    t.strictSame(await play(h, at(0), W(1999)), [['key2-1', 1999]]);
    t.strictSame(await play(h, W(2498), W(9000)), []);
    await h.endInput('in');
    t.strictSame(results(h), []);
  });
});
