import t from 'tap';
import { Watermark } from '../../../core/element/watermark.js';
import { InternalTimerService } from '../../../core/state/internal-timer-service.js';
import { StateNamespace } from '../../../core/state/key-context.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import { KeyedStateLife } from '../../keyed-state.js';
import { refused } from '../../refused.js';

interface Service {
  readonly service: InternalTimerService;
  readonly fired: unknown[];
  readonly wakes: number[];
}

function serviceOver(access: KeyedStateAccess): Service {
  const fired: unknown[] = [];
  const wakes: number[] = [];
  const fire = (time: number) => fired.push([time, access.keys.currentKey]);
  const service = new InternalTimerService(
    'user-timers',
    access,
    StateNamespace.VOID,
    { wallMs: () => 5, wakeAt: (at) => wakes.push(at), mustYield: () => false },
    { onEventTime: fire, onProcessingTime: fire },
  );
  return { service, fired, wakes };
}

t.test('a timer that is registered and deleted again and again fires once, or never', async (t) => {
  const access = await new KeyedStateLife().open();
  const { service, fired } = serviceOver(access);
  for (let i = 0; i < 5000; i++) {
    access.keys.setCurrentKey('kept');
    service.deleteEventTimeTimer(10);
    service.registerEventTimeTimer(10);
    access.keys.setCurrentKey('gone');
    service.registerEventTimeTimer(i);
    service.deleteEventTimeTimer(i);
  }
  t.equal(service.eventTimeTimerCount, 1);
  service.advanceWatermark(Watermark.MAX);
  t.same(fired, [[10, 'kept']]);
});

t.test('timers survive a restore, at the ends of event time too', async (t) => {
  const life = new KeyedStateLife();
  const before = await life.open();
  const { service } = serviceOver(before);
  before.keys.setCurrentKey({ id: 1 });
  service.registerEventTimeTimer(Watermark.MAX);
  service.registerEventTimeTimer(Watermark.MIN);
  service.registerProcessingTimeTimer(700);
  service.registerProcessingTimeTimer(300);
  const after = serviceOver(await life.open(await life.checkpoint(before)));
  t.same(after.wakes, [300]);
  after.service.restoreWatermark(20);
  t.equal(after.service.currentWatermark(), 20);
  t.equal(after.service.resume(), true);
  t.same(after.fired, []);
  after.service.advanceWatermark(30);
  t.same(after.fired, [[Watermark.MIN, { id: 1 }]]);
  after.service.onWake(300);
  t.same(after.wakes, [300, 700]);
  after.service.advanceWatermark(Watermark.MAX);
  t.same(after.fired.slice(1), [
    [300, { id: 1 }],
    [Watermark.MAX, { id: 1 }],
  ]);
});

t.test('a timer registered below the watermark fires with the next one', async (t) => {
  const access = await new KeyedStateLife().open();
  const { service, fired } = serviceOver(access);
  service.advanceWatermark(100);
  access.keys.setCurrentKey(1);
  service.registerEventTimeTimer(50);
  service.onWake(10);
  t.same(fired, []);
  service.advanceWatermark(100);
  t.same(fired, [[50, 1]]);
});

t.test('a time that is no whole number, and a watermark that goes back, are refused', async (t) => {
  const access = await new KeyedStateLife().open();
  const { service } = serviceOver(access);
  t.equal(refused(() => service.registerEventTimeTimer(1)).code, 'MR2005');
  access.keys.setCurrentKey(1);
  t.equal(refused(() => service.registerEventTimeTimer(1.5)).code, 'MR1001');
  t.equal(refused(() => service.registerProcessingTimeTimer(Number.NaN)).code, 'MR1001');
  service.advanceWatermark(10);
  t.equal(refused(() => service.advanceWatermark(9)).code, 'MR9001');
});
