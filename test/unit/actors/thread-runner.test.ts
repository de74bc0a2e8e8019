import t from 'tap';
import { ThreadRunner, type ThreadTurns } from '../../../actors/runner/thread-runner.js';
import type { StreamTask } from '../../../actors/task/stream-task.js';
import { Progress } from '../../../core/internal.js';

/** Runs `count` records, each of which takes as long as `costMs` says; the busy times between two turns, ms. */
async function busyTimes(count: number, costMs: (record: number) => number): Promise<number[]> {
  let now = 0;
  let done = 0;
  let turned = 0;
  const between: number[] = [];
  const task = {
    isBackPressured: false,
    nextWakeMs: Number.POSITIVE_INFINITY,
    flush(): void {},
    runOnce(budget: number): Progress {
      for (let i = 0; i < budget && done < count; i++) now += costMs(done++);
      return done === count ? Progress.DONE : Progress.MADE;
    },
  };
  const turns: ThreadTurns = {
    turn: async () => {
      between.push(now - turned);
      turned = now;
    },
    sleep: async () => {},
    arm: () => {},
    beat: () => {},
  };
  const clock = { monotonicMs: () => now, wallMs: () => now };
  // The runner sees no more of a task than this.
  const runner = new ThreadRunner(
    task as unknown as StreamTask,
    { receive: () => undefined },
    turns,
    clock,
    100,
  );
  await runner.run();
  return between;
}

t.test('slow records do not keep the event loop from turning', async (t) => {
  const times = await busyTimes(2000, () => 1);
  t.ok(times.length > 1000, `${times.length} turns`);
  t.ok(Math.max(...times.slice(10)) <= 2, 'about a millisecond between turns, once the first steps are over');
});

t.test('quick records are not slowed down by looks at the clock, nor after slow ones', async (t) => {
  const quick = await busyTimes(100_000, () => 0.001);
  t.ok(quick.length <= 100, `${quick.length} turns for 100 ms`);
  const mixed = await busyTimes(100_000, (record) => (record < 1000 ? 1 : 0.001));
  t.ok(mixed.length < 1200, `${mixed.length} turns for 1000 slow records and 99 ms of quick ones`);
});
