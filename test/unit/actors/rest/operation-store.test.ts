import t from 'tap';
import { OperationStore } from '../../../../actors/rest/operation-store.js';
import { refused } from '../../../refused.js';

const ID = 'b'.repeat(32);

function store() {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs, wallMs: () => 0 };
  let ids = 0;
  const newId = () => (++ids).toString(16).padStart(32, '0');
  return { clock, operations: new OperationStore({ clock, newId, keepMs: 1000 }) };
}

t.test('an outcome is known until its time is over', async (t) => {
  const { clock, operations } = store();
  const id = operations.start('savepoints/a', undefined, async () => 'path');
  t.same(operations.outcome('savepoints/a', id), { type: 'in-progress' });
  await Promise.resolve();
  clock.nowMs = 1000;
  t.same(operations.outcome('savepoints/a', id), { type: 'completed', value: 'path' });
  clock.nowMs = 1001;
  t.equal(refused(() => operations.outcome('savepoints/a', id)).code, 'MR7002');
});

t.test('an id belongs to what it was given for', async (t) => {
  const { operations } = store();
  operations.start('savepoints/a', ID, async () => 'path');
  t.equal(refused(() => operations.outcome('savepoints/b', ID)).code, 'MR7002');
  t.equal(refused(() => operations.outcome('checkpoints/a', ID)).code, 'MR7002');
});

t.test('an id has its form', async (t) => {
  const { operations } = store();
  for (const id of ['', 'x', ID.toUpperCase(), `${ID}0`, 1, {}, '../../../../../../../etc/passwd00']) {
    t.equal(refused(() => operations.start('s', id, async () => undefined)).code, 'MR7003', String(id));
  }
});

t.test('there is a limit to what is under way', async (t) => {
  const { operations } = store();
  const never = () => new Promise<undefined>(() => undefined);
  for (let i = 0; i < 1000; i++) operations.start('s', undefined, never);
  t.equal(refused(() => operations.start('s', undefined, never)).code, 'MR5003');
});

t.test('the end waits until every outcome was told', async (t) => {
  const { operations } = store();
  await operations.allRead();
  let finish = (_: string): void => {};
  const id = operations.start('s', undefined, () => new Promise((resolve) => (finish = resolve)));
  let told = false;
  const all = operations.allRead().then(() => (told = true));
  t.same(operations.outcome('s', id), { type: 'in-progress' });
  finish('path');
  await new Promise(setImmediate);
  t.notOk(told);
  t.match(operations.outcome('s', id), { type: 'completed' });
  await all;
});
