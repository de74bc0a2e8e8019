import t from 'tap';
import { Watermark } from '../../../core/element/watermark.js';
import { WatermarkValve } from '../../../core/watermark/watermark-valve.js';

function valveOf(channels: number) {
  const said: (number | string)[] = [];
  const valve = new WatermarkValve(channels, {
    emitWatermark: (timestamp) => said.push(timestamp),
    emitIdle: () => said.push('idle'),
    emitActive: () => said.push('active'),
  });
  return { valve, take: () => said.splice(0) };
}

t.test('the watermark is the least of all channels, and never goes back', async (t) => {
  const { valve, take } = valveOf(2);
  valve.inputWatermark(0, 100);
  t.strictSame(take(), [], 'nothing is known of the other channel');
  valve.inputWatermark(1, 50);
  valve.inputWatermark(1, 50);
  valve.inputWatermark(1, 40);
  t.strictSame(take(), [50]);
  t.equal(valve.watermark, 50);
  t.strictSame(valve.heldBackBy(), [1]);
});

t.test('a channel that goes idle holds nothing back', async (t) => {
  const { valve, take } = valveOf(2);
  valve.inputWatermark(0, 100);
  valve.inputWatermark(1, 50);
  valve.inputIdle(1);
  t.strictSame(take(), [50, 100]);
});

t.test('when the last channel goes idle, what the idle ones knew comes out first', async (t) => {
  const { valve, take } = valveOf(2);
  valve.inputWatermark(0, 100);
  valve.inputWatermark(1, 50);
  valve.inputIdle(0);
  t.strictSame(take(), [50]);
  valve.inputIdle(1);
  t.strictSame(take(), [100, 'idle']);
  t.ok(valve.isIdle);
});

t.test('the last one to go idle tells nothing of the others before it has caught up', async (t) => {
  const { valve, take } = valveOf(3);
  valve.inputWatermark(0, 10);
  valve.inputIdle(0);
  valve.inputWatermark(1, 100);
  valve.inputWatermark(2, 50);
  valve.inputActive(0);
  valve.inputIdle(1);
  valve.inputIdle(2);
  t.strictSame(take(), [50]);
  valve.inputIdle(0);
  t.strictSame(take(), ['idle']);
});

t.test('a channel that comes back ahead is told of with the next watermark, whoever brings it', async (t) => {
  const { valve, take } = valveOf(3);
  valve.inputIdle(2);
  valve.inputWatermark(0, 60);
  valve.inputWatermark(1, 50);
  valve.inputIdle(0);
  valve.inputActive(2);
  valve.inputWatermark(2, 10);
  valve.inputIdle(1);
  t.strictSame(take(), [50]);
  valve.inputActive(0);
  t.strictSame(take(), [], 'it says nothing by coming back');
  valve.inputWatermark(2, 20);
  t.strictSame(take(), [60]);
});

t.test('a channel that wakes up counts again once it has caught up', async (t) => {
  const { valve, take } = valveOf(2);
  valve.inputWatermark(0, 10);
  valve.inputWatermark(1, 10);
  valve.inputIdle(1);
  valve.inputWatermark(0, 100);
  take();
  valve.inputActive(1);
  valve.inputWatermark(1, 60);
  valve.inputWatermark(0, 110);
  t.strictSame(take(), [110], 'the one that lags is not waited for');
  valve.inputWatermark(1, 110);
  valve.inputWatermark(0, 200);
  t.strictSame(take(), [], 'now it is');
  valve.inputWatermark(1, 150);
  t.strictSame(take(), [150]);
});

t.test('watermarks of idle channels say nothing', async (t) => {
  const { valve, take } = valveOf(1);
  valve.inputIdle(0);
  valve.inputWatermark(0, 100);
  valve.inputActive(0);
  valve.inputWatermark(0, 90);
  t.strictSame(take(), ['idle', 'active', 90]);
});

t.test('a finished channel holds nothing back and does not end event time for the others', async (t) => {
  const { valve, take } = valveOf(2);
  valve.inputWatermark(0, 100);
  valve.inputWatermark(1, 50);
  valve.inputWatermark(1, Watermark.MAX);
  t.strictSame(take(), [50, 100]);
  valve.inputIdle(0);
  t.strictSame(take(), ['idle'], 'not the end of time');
  valve.inputActive(0);
  valve.inputWatermark(0, 120);
  valve.inputFinished(1);
  t.strictSame(take(), ['active', 120]);
  valve.inputFinished(0);
  t.strictSame(take(), [Watermark.MAX]);
});

t.test('the last active channel to finish lets the idle ones show what they knew', async (t) => {
  const { valve, take } = valveOf(2);
  valve.inputWatermark(0, 70);
  valve.inputWatermark(1, 50);
  valve.inputIdle(0);
  valve.inputFinished(1);
  t.strictSame(take(), [50, 70, 'idle']);
  valve.inputFinished(0);
  t.strictSame(take(), ['active', Watermark.MAX]);
});

t.test('channels that were finished before the start end event time together', async (t) => {
  const { valve, take } = valveOf(2);
  valve.inputFinished(0);
  valve.inputFinished(1);
  valve.inputFinished(1);
  t.strictSame(take(), [Watermark.MAX]);
});
