import t from 'tap';
import { ThreadEnd } from '../../../actors/boot/threads/thread-end.js';

t.test(
  'what is waited for when the thread ends is refused with the first error, and so is what is asked later',
  async (t) => {
    const end = new ThreadEnd();
    const never = new Promise<string>(() => {});
    const [one, two] = [end.orEnd(never), end.orEnd(never)];
    t.equal(end.hasEnded, false);
    end.end(new Error('gone'));
    end.end(new Error('gone once more'));
    t.equal(end.hasEnded, true);
    await t.rejects(one, { message: 'gone' });
    await t.rejects(two, { message: 'gone' });
    await t.rejects(end.orEnd(Promise.resolve('late')), { message: 'gone' });
  },
);

t.test('an answer that comes first is given, and an error as it is', async (t) => {
  const end = new ThreadEnd();
  t.equal(await end.orEnd(Promise.resolve('answer')), 'answer');
  await t.rejects(end.orEnd(Promise.reject(new Error('refused'))), { message: 'refused' });
  end.end(new Error('gone'));
});
