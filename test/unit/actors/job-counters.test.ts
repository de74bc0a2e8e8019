import t from 'tap';
import { JobCounters } from '../../../actors/boot/job-counters.js';

t.test(
  'counts of subtasks and attempts are summed, and a later report replaces an earlier one',
  async (t) => {
    const counters = new JobCounters();
    const task = (attempt: number, subtask: number) => ({ jobId: 'job', attempt, vertexId: 0, subtask });
    t.strictSame(counters.sums(), {});
    counters.add(task(1, 0), { 'b.late': 1, 'a.skipped': 2 });
    counters.add(task(1, 0), { 'b.late': 3, 'a.skipped': 4 });
    counters.add(task(1, 1), { 'b.late': 10 });
    counters.add(task(2, 0), { 'b.late': 100 });
    t.strictSame(Object.entries(counters.sums()), [
      ['a.skipped', 4],
      ['b.late', 113],
    ]);
  },
);

t.test('of attempts that others have followed there are sums alone, which change no more', async (t) => {
  const counters = new JobCounters();
  const task = (attempt: number, subtask: number) => ({ jobId: 'job', attempt, vertexId: 0, subtask });
  for (let attempt = 1; attempt <= 3; attempt++)
    for (const subtask of [0, 1]) counters.add(task(attempt, subtask), { 'a.skipped': 1 });
  counters.add(task(5, 1), { 'a.skipped': 10, 'b.late': 2 });
  t.strictSame(counters.sums(), { 'a.skipped': 16, 'b.late': 2 });
  counters.add(task(2, 0), { 'a.skipped': 50 });
  t.strictSame(counters.sums(), { 'a.skipped': 16, 'b.late': 2 }, 'it comes too late');
  counters.add(task(3, 0), { 'a.skipped': 4 });
  t.strictSame(counters.sums(), { 'a.skipped': 19, 'b.late': 2 }, 'nobody has followed that one');
});
