import t from 'tap';
import { Prng } from '../../../core/base/prng.js';
import { KeyContext, StateNamespace } from '../../../core/state/key-context.js';
import { StateRow } from '../../../core/state/state-row.js';
import { TimerQueue } from '../../../core/state/timer-queue.js';

const keys = new KeyContext({ start: 0, end: 127 }, 128);

function rowOf(time: number, key: string): StateRow {
  const row = new StateRow();
  keys.setCurrentKey(key);
  keys.composeTimer(row, time, StateNamespace.VOID);
  return row;
}

function textOf(row: StateRow): string {
  return Buffer.from(row.bytes.subarray(0, row.length)).toString('latin1');
}

t.test('comes out in the order of the rows, though its memory is moved together on the way', async (t) => {
  const random = new Prng(7);
  const queue = new TimerQueue();
  const expected: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    const row = rowOf(random.between(-50, 50) * 1e9, `key ${random.below(5000)} of some length`);
    queue.add(row);
    expected.push(textOf(row));
  }
  expected.sort();
  const into = new StateRow();
  const seen: string[] = [];
  while (queue.size > 0) {
    const first = queue.firstTime;
    queue.take(into);
    t.equal(into.time === first, true);
    seen.push(textOf(into));
  }
  t.equal(seen.join() === expected.join(), true);
  t.equal(queue.firstTime, Number.POSITIVE_INFINITY);
});

t.test('pruning leaves one of each entry that exists', async (t) => {
  const queue = new TimerQueue();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 1000; i++) queue.add(rowOf(i % 10, `k${i}`));
  }
  queue.prune((row) => row.time % 2 === 0);
  t.equal(queue.size, 500);
  const into = new StateRow();
  let last = '';
  while (queue.size > 0) {
    queue.take(into);
    t.equal(into.time % 2 === 0 && textOf(into) > last, true);
    last = textOf(into);
  }
});
