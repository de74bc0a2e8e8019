import t from 'tap';
import { durationMs, formatDuration } from '../../../core/base/duration.js';

t.test('durations are milliseconds or a number with a unit', async (t) => {
  const cases: [string | number, number][] = [
    [1500, 1500],
    ['500 ms', 500],
    ['100ms', 100],
    ['2 s', 2000],
    ['1.5 s', 1500],
    ['1 min', 60_000],
    ['29 h', 104_400_000],
    ['-8 h', -28_800_000],
    ['1 d', 86_400_000],
  ];
  for (const [text, ms] of cases) t.equal(durationMs(text), ms, String(text));
  for (const bad of ['', 'h', '5 parsecs', '1 h 2', Number.NaN]) {
    t.throws(() => durationMs(bad), { code: 'MR1001' }, String(bad));
  }
});

t.test('durations are printed for people', async (t) => {
  t.equal(formatDuration(950), '950 ms');
  t.equal(formatDuration(2500), '2.5 s');
  t.equal(formatDuration(5_400_000), '1 h 30 min');
});
