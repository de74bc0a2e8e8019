import t from 'tap';
import { Prng } from '../../../core/base/prng.js';
import { FarTimers } from '../../../core/state/far-timers.js';

t.test('buckets come in the order of time, each once, whatever came and went in them', async (t) => {
  const prng = new Prng(7);
  const timers = new FarTimers();
  let times: number[] = [];
  let taken = 0;
  for (let step = 0; step < 20_000; step++) {
    const what = prng.between(0, 9);
    if (what < 5) {
      const time = prng.between(0, 20) * 0x1_0000 + prng.between(0, 3);
      timers.add(time);
      times.push(time);
    } else if (what < 9 && times.length > 0) {
      const [time = 0] = times.splice(prng.between(0, times.length - 1), 1);
      timers.remove(time);
    } else if (times.length > 0) {
      const first = FarTimers.startOf(Math.min(...times));
      const left = times.filter((time) => FarTimers.startOf(time) !== first);
      const bucket = timers.takeFirst();
      if (bucket.start !== first || bucket.count !== times.length - left.length)
        t.fail(`step ${step}: ${JSON.stringify(bucket)} instead of ${first}`);
      times = left;
      taken++;
    }
    if (timers.isEmpty !== (times.length === 0)) t.fail(`step ${step}: ${times.length} timers`);
  }
  t.ok(taken > 500, `${taken} buckets`);
});
