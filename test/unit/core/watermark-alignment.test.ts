import t from 'tap';
import { Watermark } from '../../../core/element/watermark.js';
import { WatermarkAlignment } from '../../../core/watermark/watermark-alignment.js';

t.test('a group is told its least watermark whenever that moves, and a new member at once', async (t) => {
  const alignment = new WatermarkAlignment<string>();
  t.same(alignment.onReport('a', 'g', 100), { members: ['a'], watermark: 100 });
  t.same(alignment.onReport('b', 'g', 200), { members: ['b'], watermark: 100 });
  t.same(alignment.onReport('b', 'g', 300).members, []);
  t.same(alignment.onReport('a', 'g', 250), { members: ['a', 'b'], watermark: 250 });
  t.same(
    alignment.onReport('c', 'other', 1),
    { members: ['c'], watermark: 1 },
    'groups know nothing of each other',
  );
});

t.test('whoever is idle or has ended holds nobody back', async (t) => {
  const alignment = new WatermarkAlignment<string>();
  alignment.onReport('a', 'g', 100);
  alignment.onReport('b', 'g', 200);
  t.same(alignment.onReport('a', 'g', Watermark.MAX), { members: ['a', 'b'], watermark: 200 });
  t.same(alignment.onReport('b', 'g', Watermark.MAX).watermark, Watermark.MAX);
  t.same(
    alignment.onReport('a', 'g', 150),
    { members: ['a', 'b'], watermark: 150 },
    'until it is active again',
  );
});
