import t from 'tap';
import { killTask } from './acts.js';
import { type DirectedReport, sweep } from './directed-world.js';
import type { Cue, Moment } from './fault-script.js';

t.setTimeout(240_000);

/** What becomes of a checkpoint in a task, one after another: a kill after one is a kill before the next. */
const MOMENTS: readonly (Moment & { readonly says: string })[] = [
  { says: 'is told of the checkpoint', name: 'task.mail', text: /trigger-checkpoint/ },
  { says: 'has the first barrier', name: 'task.barrier-arrived' },
  { says: 'has all barriers', name: 'task.aligned' },
  { says: 'has taken its snapshot', name: 'task.snapshot-taken' },
  { says: 'has uploaded a file of it', name: 'disk', text: / link \S+\/data\// },
  { says: 'is to acknowledge it', name: 'task.reports', text: /checkpoint-acknowledged/ },
  { says: 'has acknowledged it', name: 'task.says', text: /checkpoint-acknowledged/ },
  { says: 'knows that it is complete', name: 'task.mail', text: /checkpoint-completed/ },
];
const TOPOLOGIES = ['keyed-history', 'window-aggregate', 'timers', 'connected', 'running-counts'] as const;

const WORLDS = 3;

function worldOf(seed: number, cues: readonly Cue[], alignedTimeoutMs: number) {
  const topology = TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers';
  return { cues, options: { topology, alignedTimeoutMs } };
}

for (const { says, ...moment } of MOMENTS) {
  t.test(`[scenario 1] a task is killed when it ${says}`, async (t) => {
    for (const alignedTimeoutMs of [Number.POSITIVE_INFINITY, 0]) {
      await sweep(
        t,
        WORLDS,
        (seed) => {
          // In several of its checkpoints, and in several of its tasks.
          const cue = { ...moment, nth: 1 + (seed % 3) * 2, act: killTask };
          return worldOf(seed, [cue, { ...cue, nth: 2 }], alignedTimeoutMs);
        },
        (report) => t.ok(attempts(report) > 1, 'the job has begun again'),
      );
    }
  });
}

t.test('[scenario 1] a task fails between its barriers, its snapshot and what follows', async (t) => {
  // A thread is not only ended between two steps.
  const inside = MOMENTS.filter(({ name }) => name.startsWith('task.') && !/mail|says|reports/.test(name));
  for (const { says, ...moment } of inside) {
    const fail = `simulated: the task fails when it ${says}`;
    await sweep(t, WORLDS, (seed) => worldOf(seed, [{ ...moment, nth: 1 + (seed % 3) * 4, fail }], 0));
  }
});

function attempts({ counts }: DirectedReport): number {
  return counts.get('job.attempt-deployed') ?? 0;
}
