import t from 'tap';
import {
  type RunnableTask,
  type TaskTime,
  ThreadRunner,
  type ThreadTurns,
} from '../../../actors/runner/thread-runner.js';
import { Progress } from '../../../core/ports/tasklet.js';
import type { TaskMessage } from '../../../core/protocol/control-message.js';

const CANCEL: TaskMessage = { type: 'cancel' };

/** What one step does: it takes some time and ends in some progress. */
interface Step {
  readonly progress: Progress;
  readonly ms?: number;
  /** For each record of the budget. */
  readonly msPerRecord?: number;
}

/** A task by script, the clock it takes its time from, and the turns of its thread; all of it is written down. */
class ScriptedThread implements RunnableTask, ThreadTurns {
  readonly log: string[] = [];
  /** When it was asked to publish what has waited for long. */
  readonly due: number[] = [];
  readonly budgets: number[] = [];
  readonly mail: TaskMessage[] = [];
  readonly slept: number[] = [];
  /** What it was seen to begin to do, and when. */
  readonly turned: [TaskTime['doing'], number][] = [];
  nextWakeMs = Number.POSITIVE_INFINITY;
  isBackPressured = false;
  records = 0;
  watermark = 0;
  nowMs = 1000;
  /** Called at each sleep: what happens meanwhile. */
  onSleep: () => void = () => {};
  /** Called between the arming of the doorbell and the sleep. */
  onArm: () => void = () => {};
  readonly #steps: Step[];

  constructor(steps: readonly Step[]) {
    this.#steps = [...steps];
  }

  get steps(): number {
    return this.#steps.length;
  }

  runOnce(budget: number): Progress {
    this.log.push('step');
    this.budgets.push(budget);
    const step = this.#steps.shift() ?? { progress: Progress.DONE };
    this.nowMs += step.ms ?? (step.msPerRecord ?? 0) * budget;
    return step.progress;
  }

  flush(): void {
    this.log.push('flush');
  }

  flushDue(nowMs: number): void {
    this.due.push(nowMs - 1000);
  }

  deliver(message: TaskMessage): void {
    this.log.push(message.type);
  }

  async turn(): Promise<void> {
    this.log.push('turn');
  }

  arm(): void {
    this.log.push('arm');
    this.onArm();
  }

  async sleep(timeoutMs: number): Promise<void> {
    this.log.push('sleep');
    this.slept.push(timeoutMs);
    this.nowMs += Math.min(timeoutMs, 5);
    this.onSleep();
  }

  beat(): void {
    this.log.push('beat');
  }

  turnsTo({ doing, sinceMs }: TaskTime): void {
    this.turned.push([doing, sinceMs - 1000]);
  }

  async run(): Promise<TaskTime> {
    const mailbox = { receive: () => this.mail.shift() };
    const clock = { monotonicMs: () => this.nowMs, wallMs: () => 0 };
    const runner = new ThreadRunner(this, mailbox, this, clock);
    await runner.run();
    return runner.time;
  }
}

const made = (step: Omit<Step, 'progress'> = {}): Step => ({ progress: Progress.MADE, ...step });
const idle: Step = { progress: Progress.IDLE };
const waiting: Step = { progress: Progress.WAITING };

t.test('mail is read before every step', async (t) => {
  const thread = new ScriptedThread([made(), made()]);
  thread.mail.push(CANCEL);
  await thread.run();
  t.same(thread.log.slice(0, 3), ['cancel', 'step', 'step']);
});

t.test(
  'the event loop turns and the thread shows a beat once a millisecond of work has passed',
  async (t) => {
    const thread = new ScriptedThread(Array.from({ length: 8 }, () => made({ ms: 0.4 })));
    await thread.run();
    const rounds = thread.log.join(' ').split('turn');
    t.equal(rounds.length, 3);
    for (const round of rounds.slice(0, -1)) t.equal(round.trim(), 'step step step beat');
  },
);

t.test(
  'slow records make steps of few records, so that mail and turns wait for one of them at most',
  async (t) => {
    const thread = new ScriptedThread([
      ...Array.from({ length: 10 }, () => made({ msPerRecord: 0.0001 })),
      ...Array.from({ length: 3 }, () => made({ msPerRecord: 10 })),
      ...Array.from({ length: 9 }, () => made({ msPerRecord: 0.0001 })),
    ]);
    await thread.run();
    t.same(thread.budgets.slice(0, 10), [1, 2, 4, 8, 16, 32, 64, 128, 256, 256], 'up to a bound');
    t.same(thread.budgets.slice(10, 13), [256, 1, 1], 'what a step took tells what the next may take');
    t.equal(thread.budgets.at(-2), 256, 'and back');
  },
);

t.test('a task that goes idle publishes what it has, looks once more, and sleeps', async (t) => {
  const thread = new ScriptedThread([idle, idle]);
  await thread.run();
  t.same(thread.log.slice(0, 7), ['step', 'flush', 'beat', 'arm', 'step', 'flush', 'sleep']);
  t.same(thread.slept, [Number.POSITIVE_INFINITY]);
});

t.test('mail or work that came after arming is not slept over', async (t) => {
  const withMail = new ScriptedThread([idle]);
  withMail.onArm = () => withMail.mail.push(CANCEL);
  await withMail.run();
  t.same(withMail.log.slice(0, 5), ['step', 'flush', 'beat', 'arm', 'cancel']);
  t.same(withMail.slept, []);
  const withWork = new ScriptedThread([idle, made()]);
  await withWork.run();
  t.same(withWork.slept, []);
});

t.test('it sleeps until its next wake-up at most', async (t) => {
  const thread = new ScriptedThread([idle, idle]);
  thread.nextWakeMs = thread.nowMs + 3;
  await thread.run();
  t.same(thread.slept, [3]);
});

t.test('a wait of no time still gives the event loop a turn', async (t) => {
  const thread = new ScriptedThread([waiting, waiting]);
  thread.nextWakeMs = thread.nowMs - 1;
  await thread.run();
  t.same(thread.slept, []);
  t.same(thread.log.slice(0, 7), ['step', 'flush', 'beat', 'arm', 'step', 'flush', 'turn']);
});

t.test('a busy task is asked each millisecond for what has waited long enough', async (t) => {
  const thread = new ScriptedThread(Array.from({ length: 5 }, () => made({ ms: 1 })));
  await thread.run();
  t.strictSame(thread.due, [1, 2, 3, 4, 5]);
  t.strictSame(
    thread.log.filter((entry) => entry === 'flush'),
    ['flush', 'flush'],
    'all of it when it is done',
  );
});

t.test('time is told apart: busy, idle, back-pressured', async (t) => {
  const thread = new ScriptedThread([made({ ms: 2 }), idle, idle, idle, idle]);
  thread.onSleep = () => {
    thread.isBackPressured = true;
  };
  t.match(await thread.run(), { busyMs: 2, idleMs: 5, backPressuredMs: 5, doing: 'nothing' });
  t.same(
    thread.turned,
    [
      ['busy', 0],
      ['idle', 2],
      ['busy', 7],
      ['backPressured', 7],
      ['busy', 12],
      ['nothing', 12],
    ],
    'each as it begins, however long it lasts',
  );
});

t.test('a task that is done is not asked again', async (t) => {
  const thread = new ScriptedThread([idle, { progress: Progress.DONE }, made()]);
  await thread.run();
  t.equal(thread.steps, 1);
});

/** Runs `count` records, each of which takes as long as `costMs` says; the busy times between two turns, ms. */
async function busyTimes(count: number, costMs: (record: number) => number): Promise<number[]> {
  const thread = new ScriptedThread([]);
  const between: number[] = [];
  let done = 0;
  let turned = thread.nowMs;
  thread.runOnce = (budget) => {
    for (let i = 0; i < budget && done < count; i++) thread.nowMs += costMs(done++);
    return done === count ? Progress.DONE : Progress.MADE;
  };
  thread.turn = async () => {
    between.push(thread.nowMs - turned);
    turned = thread.nowMs;
  };
  await thread.run();
  return between;
}

t.test('slow records do not keep the event loop from turning', async (t) => {
  const times = await busyTimes(2000, () => 1);
  t.ok(times.length > 1000, `${times.length} turns`);
  t.ok(Math.max(...times) <= 2, 'about a millisecond between turns, from the first one on');
});

t.test('quick records are not slowed down by looks at the clock, nor after slow ones', async (t) => {
  const quick = await busyTimes(100_000, () => 0.001);
  t.ok(quick.length <= 100, `${quick.length} turns for 100 ms`);
  const mixed = await busyTimes(100_000, (record) => (record < 1000 ? 1 : 0.001));
  t.ok(mixed.length < 1200, `${mixed.length} turns for 1000 slow records and 99 ms of quick ones`);
});
