import t from 'tap';
import { Prng } from '../../core/base/prng.js';
import { KillLock, type KillLockMemory } from '../../memory/kill-lock.js';
import { giveWay, type KillRounds, meet } from './litmus-roles.js';
import { litmusThread } from './litmus-thread.js';

/** A thread does transactions of two plain words under the lock, while this one ends it at a drawn moment. */
const ROUNDS = 5000;

t.test('a thread is ended before or between its transactions, never inside of one', async (t) => {
  const locks: KillLockMemory[] = Array.from({ length: ROUNDS }, () => KillLock.memory());
  const shared: KillRounds = {
    locks,
    meeting: new SharedArrayBuffer(4),
    words: new SharedArrayBuffer(ROUNDS * 2 * 4),
  };
  const writer = litmusThread<readonly number[]>({ role: 'killedWriter', count: ROUNDS, seed: 3, shared });
  const meeting = new Int32Array(shared.meeting);
  const words = new Int32Array(shared.words);
  const random = new Prng(5);
  const outcomes = { none: 0, some: 0, half: 0, afterKill: 0, lateEntry: 0, refused: 0 };
  let mostRefusals = 0;
  const atKill: number[] = [];
  for (const [round, memory] of locks.entries()) {
    const lock = new KillLock(memory);
    meet(meeting, 2 * round + 1);
    // In a quarter of the rounds the two meet at the first transaction, else in the middle of many.
    const wanted = random.below(4);
    for (let looks = 1; Atomics.load(words, 2 * round) < wanted; looks++) giveWay(looks);
    for (let spin = random.below(200); spin > 0; spin--) Atomics.load(meeting, 0);
    let refusals = 0;
    while (!lock.tryKill()) giveWay(++refusals);
    mostRefusals = Math.max(mostRefusals, refusals);
    if (refusals > 0) outcomes.refused++;
    const first = words[2 * round] ?? -1;
    const second = words[2 * round + 1] ?? -1;
    if (first !== second) outcomes.half++;
    atKill.push(first);
    meet(meeting, 2 * round + 2);
    if (words[2 * round] !== first || words[2 * round + 1] !== second) outcomes.afterKill++;
  }
  for (const [round, done] of (await writer).entries()) {
    if (done !== atKill[round]) outcomes.lateEntry++;
    else if (done === 0) outcomes.none++;
    else outcomes.some++;
  }
  t.equal(outcomes.half, 0, 'forbidden: whoever may end the thread sees whole transactions only');
  t.equal(outcomes.afterKill, 0, 'forbidden: nothing is written once the thread may be ended');
  t.equal(outcomes.lateEntry, 0, 'forbidden: a transaction that the one who ended it did not see');
  const { none, some, refused } = outcomes;
  t.equal(none + some, ROUNDS, `allowed: ended before the first ${none}, after some ${some}`);
  t.ok(some > 0, 'the writer was at work');
  t.ok(refused > 0, `asked while it was inside, and refused, in ${refused} rounds`);
  t.comment(`at most ${mostRefusals} refusals in one round`);
});

t.test(
  'who asks while a thread is inside waits for one leave, however soon it would enter again',
  async (t) => {
    const lock = new KillLock(KillLock.memory());
    t.ok(lock.enter());
    t.notOk(lock.tryKill(), 'inside');
    lock.leave();
    t.notOk(lock.enter(), 'wanted: it does not enter again');
    t.ok(lock.tryKill());
    t.ok(lock.tryKill(), 'for good');
    t.notOk(lock.enter());
  },
);

t.test(
  'of several threads that are inside, each has to leave, and none enters behind the question',
  async (t) => {
    const lock = new KillLock(KillLock.memory());
    t.ok(lock.enter());
    t.ok(lock.enter(), 'they do not exclude each other');
    t.notOk(lock.tryKill());
    lock.leave();
    t.notOk(lock.enter());
    t.notOk(lock.tryKill(), 'one is still inside');
    t.notOk(lock.killWaiting(1), 'however long it is waited for');
    lock.leave();
    t.ok(lock.killWaiting(1));
    t.throws(() => lock.leave(), { code: 'MR9001' });
  },
);
