import t from 'tap';
import { LocalTaskManagers } from '../../../actors/boot/local-task-managers.js';
import { resolveOptions } from '../../../core/internal.js';

function managers(number: number): LocalTaskManagers {
  const values = { 'minicluster.number-of-taskmanagers': number, 'taskmanager.numberOfTaskSlots': 2 };
  return new LocalTaskManagers(resolveOptions([{ origin: 'flag', values }]));
}

t.test('a process has so many TaskManagers at the most, however they come', async (t) => {
  const few = managers(126);
  t.match(few.add(), /^taskmanager-\d+-127$/);
  const last = few.add();
  t.throws(() => few.add(), { code: 'MR4002', message: /has 128 TaskManagers/ });
  await few.terminate(last, new Map());
  t.match(few.add(), /^taskmanager-\d+-129$/, 'there is room again, and an id that was none before');
  t.throws(() => managers(129), { code: 'MR4002' });
});

t.test('before it has jobs a process takes over as many as there were', async (t) => {
  const taken = managers(2);
  const [first] = taken.status();
  taken.resize(3);
  t.equal(taken.present, 3);
  taken.resize(1);
  t.match(taken.status(), [{ id: first?.id }]);
  t.equal(taken.configured, 2);
});
