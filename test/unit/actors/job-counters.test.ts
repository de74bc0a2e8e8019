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
