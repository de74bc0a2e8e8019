import t from 'tap';
import { flameRows, hottest } from '../../../actors/dashboard/model/flame-rows.js';
import { RECORDED_FLAMES } from '../../dashboard/recorded-threads.js';

t.test('each call lies below its caller, within its width', (t) => {
  const rows = flameRows(RECORDED_FLAMES, []);
  t.equal(rows.length, 4);
  for (const [depth, bars] of rows.entries()) {
    for (const { left, width, path } of bars) {
      const caller = rows[depth - 1]?.find((one) => one.path.join() === path.slice(0, -1).join());
      if (depth > 0) t.ok(caller !== undefined && left >= caller.left, 'it has a caller');
      t.ok(left + width <= (caller === undefined ? 1 : caller.left + caller.width) + 1e-9);
    }
  }
  t.same(
    rows[1]?.map(({ name, left, width }) => [name, left, width]),
    [
      ['runOnce (stream-task.js:142)', 0, 0.9],
      ['(idle)', 0.9, 0.1],
    ],
  );
  t.end();
});

t.test('the call that is looked into takes the whole width', (t) => {
  const rows = flameRows(RECORDED_FLAMES, [0, 0]);
  t.match(rows[0], [{ name: 'processElement (flights.js:21)', left: 0, width: 1, path: [0, 0] }]);
  t.equal(rows[1]?.length, 1);
  t.equal(flameRows(RECORDED_FLAMES, [7, 7])[0]?.[0]?.name, 'root', 'all of it where that is no more');
  t.end();
});

t.test('the hottest functions are those that took the time themselves', (t) => {
  t.same(
    hottest(RECORDED_FLAMES, 2).map(({ share }) => share),
    [0.75, 0.1],
  );
  t.same(hottest({ name: 'root', value: 0, children: [] }, 2), []);
  t.end();
});
