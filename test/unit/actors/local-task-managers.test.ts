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
