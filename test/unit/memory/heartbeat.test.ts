import t from 'tap';
import { createHeartbeats, Heartbeat, HeartbeatMonitor } from '../../../memory/heartbeat.js';

t.test('silence lasts from the last step to the present, and a task that sleeps is not silent', async (t) => {
  const memory = createHeartbeats(2);
  const monitor = new HeartbeatMonitor(memory, 1000, 400);
  const [first, second] = [new Heartbeat(memory, 0), new Heartbeat(memory, 1)];
  const look = (nowMs: number) => [monitor.silentMs(0, nowMs), monitor.silentMs(1, nowMs)];
  t.same(look(1200), [200, 200]);
  first.beat();
  t.same(look(1400), [0, 400]);
  second.sleeping(true);
  t.same(look(1700), [300, 0]);
  second.sleeping(false);
  t.same(look(2000), [600, 300]);
});

t.test('of a time in which the monitor had no turn hardly anything counts', async (t) => {
  const memory = createHeartbeats(2);
  const monitor = new HeartbeatMonitor(memory, 1000, 400);
  const second = new Heartbeat(memory, 1);
  const look = (nowMs: number) => [monitor.silentMs(0, nowMs), monitor.silentMs(1, nowMs)];
  t.same(look(1200), [200, 200]);
  t.same(look(91_200), [600, 600], 'it was suspended');
  second.beat();
  t.same(look(91_400), [800, 0]);
  t.same(look(91_600), [1000, 200], 'who goes on to be silent is found out');
});
