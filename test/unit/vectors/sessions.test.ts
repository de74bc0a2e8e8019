import t from 'tap';
import {
  EventTimeSessionWindows,
  OutputTag,
  ProcessingTimeSessionWindows,
  type Trigger,
  TriggerResult,
  type WindowedStream,
} from '../../../core/index.js';
import type { PipelineHarness } from '../../driver/index.js';
import {
  at,
  type Count,
  everyWay,
  ONE,
  play,
  purging,
  results,
  summing,
  summingWithBounds,
  W,
} from './vector-pipelines.js';

/** Vectors 17 and 19 to 24: windows that merge. */

const sessions = (windowing: (windowed: WindowedStream<Count, string>) => WindowedStream<Count, string>) =>
  summingWithBounds((keyed) => windowing(keyed.window(EventTimeSessionWindows.withGap('3 s'))));

/** With what all vectors of sessions begin. */
async function begin(h: PipelineHarness): Promise<void> {
  const came = await play(
    h,
    ...[at(1000), W(1999), at(2000), W(4998), at(4500), at(8500), W(7400), at(7000), W(11_501)],
    ...[at(11_600), W(14_600)],
  );
  t.strictSame(came, [
    ['key2-5 [1000, 11500)', 11_499],
    ['key2-1 [11600, 14600)', 14_599],
  ]);
}

t.test('17: processing time knows no timestamps', async (t) => {
  await everyWay(
    summing((keyed) => keyed.window(ProcessingTimeSessionWindows.withGap('3 s'))),
    async (h) => {
      t.strictSame(await play(h, { ms: 3 }, at(1), { ms: 997 }, at(1_000_000), { ms: 2998 }), []);
      t.strictSame(await play(h, { ms: 1 }), [['key2-2', 3999]]);
      await h.advanceProcessingTime(1001);
      for (const key of ['key2', 'key2', 'key1', 'key1', 'key1']) await h.push('in', { key, count: 1 });
      await h.advanceProcessingTime(5000);
      t.strictSame(results(h).toSorted(), [
        ['key1-3', 7999],
        ['key2-2', 7999],
      ]);
    },
  );
});

t.test('19: without lateness what comes to a session that has ended is dropped', async (t) => {
  await everyWay(
    sessions((windowed) => windowed),
    async (h) => {
      await begin(h);
      t.strictSame(await play(h, at(10_000)), []);
      t.equal(h.metric('numLateRecordsDropped'), 1);
    },
  );
});

t.test('20: within the lateness it merges into the session that is kept, and fires at once', async (t) => {
  await everyWay(
    sessions((windowed) => windowed.allowedLateness(10)),
    async (h) => {
      await begin(h);
      t.strictSame(await play(h, at(10_000)), [['key2-2 [10000, 14600)', 14_599]]);
      t.strictSame(await play(h, at(14_500), W(20_000)), [['key2-3 [10000, 17500)', 17_499]]);
    },
  );
});

t.test('[scenario 14] 22: it merges two sessions that have fired', async (t) => {
  await everyWay(
    sessions((windowed) => windowed.allowedLateness('10 s')),
    async (h) => {
      await begin(h);
      t.strictSame(await play(h, at(10_000)), [['key2-7 [1000, 14600)', 14_599]]);
      t.strictSame(await play(h, at(14_500), W(20_000)), [['key2-8 [1000, 17500)', 17_499]]);
    },
  );
});

t.test('a session that has fired and grows fires again at its new end', async (t) => {
  await everyWay(
    sessions((windowed) => windowed.allowedLateness(10_000)),
    async (h) => {
      t.strictSame(await play(h, at(1000), W(4000)), [['key2-1 [1000, 4000)', 3999]]);
      t.strictSame(await play(h, at(3500), W(6498)), []);
      t.strictSame(await play(h, W(6499)), [['key2-2 [1000, 6500)', 6499]]);
    },
  );
});

t.test('21, 23: after a purge a session goes on with what came since', async (t) => {
  await everyWay(
    sessions((windowed) => windowed.trigger(purging()).allowedLateness('10 s')),
    async (h) => {
      await begin(h);
      t.strictSame(await play(h, at(10_000)), [['key2-1 [1000, 14600)', 14_599]]);
      t.strictSame(await play(h, at(14_500), W(20_000)), [['key2-1 [1000, 17500)', 17_499]]);
    },
  );
});

t.test('lateness is that of the merged window: a late record may save itself by merging', async (t) => {
  const late = new OutputTag<Count>('late');
  await everyWay(
    sessions((windowed) => windowed.sideOutputLateData(late)),
    async (h) => {
      t.strictSame(await play(h, at(5000), W(6000), at(2500)), []);
      t.strictSame(await play(h, at(-1000)), []);
      t.strictSame(await play(h, W(8000)), [['key2-2 [2500, 8000)', 7999]]);
      t.strictSame(h.takeSide('late'), [{ value: ONE, timestamp: -1000 }]);
      t.equal(h.metric('numLateRecordsDropped'), 0);
    },
  );
});

t.test('24: the trigger hears of a merge first, then what was merged is cleared', async (t) => {
  const said: string[] = [];
  const telling: Trigger<Count> = {
    onElement: () => TriggerResult.CONTINUE,
    onMerge: ({ start, end }) => void said.push(`onMerge ${start} ${end}`),
    clear: ({ start, end }) => void said.push(`clear ${start} ${end}`),
  };
  await everyWay(
    (_env, io) => {
      io.source<Count>('in')
        .keyBy(({ key }) => key)
        .window(EventTimeSessionWindows.withGap(10))
        .trigger(telling)
        .reduce((a, b) => {
          said.push('contents');
          return { key: a.key, count: a.count + b.count };
        })
        .uid('sums')
        .sinkTo(io.sink('out'));
    },
    async (h) => {
      said.length = 0;
      await play(h, at(0), at(18), at(9));
      t.strictSame(said, ['onMerge 0 28', 'clear 0 10', 'clear 18 28', 'contents', 'contents']);
    },
  );
});
