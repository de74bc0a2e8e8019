import t from 'tap';
import { Turns } from '../../../../actors/rest/turns.js';

t.test(
  'so many have their turn at a time, so many wait in order, and the others are told at once',
  async (t) => {
    const turns = new Turns(2, 1);
    const ends: (() => void)[] = [];
    const done: number[] = [];
    const work = (n: number) => () =>
      new Promise<void>((resolve) => {
        ends[n] = () => {
          done.push(n);
          resolve();
        };
      });
    const taken = [0, 1, 2, 3].map((n) => turns.take(work(n)));
    t.equal(taken[3], undefined, 'one waits already');
    t.equal(ends[2], undefined, 'whose turn has not come');
    ends[1]?.();
    await taken[1];
    const rejected = turns.take(() => Promise.reject(new Error('no')));
    ends[2]?.();
    await t.rejects(rejected ?? Promise.resolve(), { message: 'no' });
    ends[0]?.();
    await Promise.all([taken[0], taken[2]]);
    t.same(done, [1, 2, 0]);
    await turns.take(async () => done.push(4));
    t.same(done, [1, 2, 0, 4], 'a turn that ended in a rejection is free again');
  },
);
