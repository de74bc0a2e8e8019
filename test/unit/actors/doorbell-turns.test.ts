import t from 'tap';
import { DoorbellTurns, type TaskPace } from '../../../actors/boot/doorbell-turns.js';
import type { MetricPublisher } from '../../../actors/task/metric-publisher.js';
import { createDoorbells } from '../../../memory/doorbell.js';
import { createHeartbeats, Doorbell, Heartbeat } from '../../../memory/index.js';

/** Notes the limits of waits. */
class NotedBell extends Doorbell {
  readonly limits: number[] = [];

  override wait(ticket: number, timeoutMs: number): Promise<boolean> {
    this.limits.push(timeoutMs);
    return super.wait(ticket, timeoutMs);
  }
}

const NOT_BEHIND = { isBehind: false, onceCaughtUp: () => {} };

function turnsOf(pace: TaskPace = NOT_BEHIND) {
  const [handle] = createDoorbells(1);
  if (handle === undefined) throw new Error('there is no doorbell');
  const bell = new NotedBell(handle);
  const publisher = { beat: () => {}, turnsTo: () => {} } as unknown as MetricPublisher;
  return { bell, turns: new DoorbellTurns(bell, new Heartbeat(createHeartbeats(1), 0), publisher, pace) };
}

t.test('a sleep ends when its time has come, and leaves no timer of V8 behind', async (t) => {
  const { bell, turns } = turnsOf();
  turns.arm();
  const begin = performance.now();
  await turns.sleep(20);
  t.ok(performance.now() - begin >= 15);
  t.strictSame(bell.limits, [Number.POSITIVE_INFINITY]);
});

t.test('who is rung awake leaves no timer at all behind', async (t) => {
  const { bell, turns } = turnsOf();
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  turns.arm();
  const slept = turns.sleep(60_000);
  t.equal(timers(), before + 1);
  bell.ring();
  await slept;
  t.equal(timers(), before);
  t.strictSame(bell.limits, [Number.POSITIVE_INFINITY]);
});

t.test(
  'a task lets its snapshots write while they are behind, and looks at its mail all the same',
  async (t) => {
    const asked: (() => void)[] = [];
    const pace = { isBehind: true, onceCaughtUp: (then: () => void) => asked.push(then) };
    const { turns } = turnsOf(pace);
    const begin = performance.now();
    await turns.turn();
    t.ok(performance.now() - begin >= 15, 'it does not wait for ever');
    const turned = turns.turn();
    setImmediate(() => setImmediate(() => asked[1]?.()));
    await turned;
    t.equal(asked.length, 2);
    t.notOk(process.getActiveResourcesInfo().includes('Timeout'), 'no timer is left behind');
  },
);
