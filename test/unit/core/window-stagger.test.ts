import t from 'tap';
import { TumblingEventTimeWindows } from '../../../core/window/tumbling-event-time-windows.js';
import { TumblingProcessingTimeWindows } from '../../../core/window/tumbling-processing-time-windows.js';
import type { WindowAssigner } from '../../../core/window/window-assigner.js';
import { WindowStagger } from '../../../core/window/window-stagger.js';
import { PipelineHarness } from '../../driver/index.js';
import { refused } from '../../refused.js';

/** Start of the window of a time, where the first record of all came at a wall time. */
function startOf(
  assigner: WindowAssigner,
  timestamp: number,
  nowMs: number,
  staggerShare = 0,
): number | undefined {
  const ctx = { currentProcessingTime: () => nowMs, staggerShare };
  return assigner.assignWindows(undefined, timestamp, ctx)[0]?.start;
}

t.test('aligned windows begin at the offset, whenever the first record comes', async (t) => {
  for (const stagger of [undefined, WindowStagger.ALIGNED]) {
    const windows = TumblingEventTimeWindows.of(5000, 100, stagger);
    t.equal(startOf(windows, 5150, 3, 0.9), 5100);
    t.equal(startOf(windows, 5050, 1234, 0.9), 100);
  }
});

t.test('natural windows begin as much later as the first record came into a window', async (t) => {
  const windows = TumblingEventTimeWindows.of(5000, 100, WindowStagger.NATURAL);
  t.equal(startOf(windows, 0, 6150), 0 - 5000 + 1250);
  t.equal(startOf(windows, 1250, 8000), 1250, 'the wall time of the first one counts');
  const wall = TumblingProcessingTimeWindows.of(5000, 0, WindowStagger.NATURAL);
  t.equal(startOf(wall, 0, 6150), 6150, 'the first window begins with it');
  t.equal(startOf(wall, 0, 11_149), 6150);
  t.equal(startOf(wall, 0, 11_150), 11_150);
  t.equal(startOf(TumblingEventTimeWindows.of(5000, 4000, WindowStagger.NATURAL), 0, 3000), -3000);
});

t.test('random windows begin anywhere, in a subtask always at the same time', async (t) => {
  const start = (share: number) =>
    startOf(TumblingEventTimeWindows.of(1000, 0, WindowStagger.RANDOM), 5000, 77, share);
  t.equal(start(0), 5000);
  t.equal(start(0.25), 4250);
  t.equal(start(0.9999), 4999);
  const starts = async (uid: string) => {
    const harness = await PipelineHarness.create(
      (_env, io) => {
        io.source<number>('in')
          .keyBy((n) => n)
          .window(TumblingEventTimeWindows.of(1_000_000, 0, WindowStagger.RANDOM))
          .apply<string>((_key, window, _elements, out) => out.collect(`${window.start}`))
          .uid(uid)
          .sinkTo(io.sink('out'));
      },
      { parallelism: 3 },
    );
    for (let n = 0; n < 30; n++) await harness.push('in', n, 5_000_000);
    await harness.endInput('in');
    const found = harness.take<string>('out').map(({ value }) => value);
    await harness.close();
    return [...new Set(found)].sort();
  };
  const [once, again, other] = [await starts('a'), await starts('a'), await starts('b')];
  t.equal(once.length, 3, 'one for each subtask');
  t.strictSame(again, once);
  t.notSame(other, once);
  for (const at of once) t.ok(Number(at) > 4_000_000 && Number(at) <= 5_000_000, at);
});

t.test('a stagger that there is not is refused', async (t) => {
  const error = refused(() => TumblingEventTimeWindows.of(1, 0, 'SOMETIMES' as WindowStagger));
  t.equal(error.code, 'MR1001');
});
