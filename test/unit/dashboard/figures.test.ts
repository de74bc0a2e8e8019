import t from 'tap';
import {
  agoText,
  bytesText,
  countText,
  durationText,
  eventTime,
  percentText,
  plainText,
  rateText,
  subtaskText,
  watermarkClock,
  watermarkText,
} from '../../../actors/dashboard/model/figures.js';

t.test('sizes, counts, rates and shares are short, and unknown ones are a dash', async (t) => {
  t.equal(bytesText(0), '0 B');
  t.equal(bytesText(1536), '1.5 KiB');
  t.equal(bytesText(1_811_939_328), '1.69 GiB');
  t.equal(countText(0.25), '0.3');
  t.equal(countText(1680.4), '1680');
  t.equal(countText(42_760), '42.8 k');
  t.equal(countText(28_800_000), '28.8 M');
  t.equal(rateText(12), '12/s');
  t.equal(percentText(0.004), '<1 %');
  t.equal(percentText(0.965), '97 %');
  t.equal(percentText(0), '0 %');
  for (const text of [bytesText, countText, rateText, percentText, durationText]) {
    t.equal(text(undefined), '–');
    t.equal(text(Number.NaN).slice(0, 1), '–');
  }
});

t.test('durations have two units at most', async (t) => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [350, '350 ms'],
    [2400, '2.4 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [3_599_900, '1 h'],
    [18_200_000, '5 h 3 min'],
    [187_200_000, '2 d 4 h'],
  ];
  for (const [ms, text] of cases) t.equal(durationText(ms), text, String(ms));
});

t.test('how long ago is told in whole seconds', async (t) => {
  t.equal(agoText(9000, 9900), 'just now');
  t.equal(agoText(2000, 9130), '7 s ago');
  t.equal(agoText(-1, 9000), '–');
  t.equal(agoText(10_000, 9000), 'just now', 'a clock that is ahead');
});

t.test('a watermark is a time, none yet, or the end; on the wire as in Flink', async (t) => {
  t.equal(eventTime('-9223372036854775808').kind, 'none');
  t.equal(eventTime(Number.MIN_SAFE_INTEGER).kind, 'none');
  t.equal(eventTime('9223372036854775807').kind, 'end');
  t.equal(eventTime(Number.MAX_SAFE_INTEGER).kind, 'end');
  t.equal(eventTime(undefined).kind, 'unknown');
  t.equal(eventTime('').kind, 'unknown');
  t.equal(watermarkText(1_700_000_000_000), '2023-11-14 22:13:20');
  t.equal(watermarkText('1700000000123'), '2023-11-14 22:13:20.123');
  t.equal(watermarkText(42), '42', 'small numbers, as tests use them');
  t.equal(watermarkText(Number.MIN_SAFE_INTEGER), 'none yet');
  t.equal(watermarkClock(1_700_000_000_123), '22:13:20.123');
  t.equal(watermarkClock(Number.MIN_SAFE_INTEGER), 'none yet');
});

t.test('a description comes as HTML and is shown as text', async (t) => {
  t.equal(plainText('a &lt;b&gt;<br/>+- c &amp;lt; d&#92;e'), 'a <b>\n+- c &lt; d\\e');
});

t.test('a subtask is named with its place, unless it is alone', async (t) => {
  t.equal(subtaskText('map', 0, 1), 'map');
  t.equal(subtaskText('map', 0, 2), 'map (1/2)');
});
