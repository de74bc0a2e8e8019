import t from 'tap';
import { killProcess, killTask, losePower } from './acts.js';
import { sweep } from './directed-world.js';
import type { Cue, Moment } from './fault-script.js';

t.setTimeout(240_000);

const TOPOLOGIES = ['keyed-history', 'window-aggregate', 'timers', 'large-state', 'running-counts'] as const;
const WORLDS = 3;

function worldOf(seed: number, cues: readonly Cue[], alignedTimeoutMs = Number.POSITIVE_INFINITY) {
  return { cues, options: { topology: TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers', alignedTimeoutMs } };
}

const FIRST: readonly Moment[] = [
  { name: 'checkpoint.triggered' },
  { name: 'task.snapshot-taken', nth: 2 },
  { name: 'checkpoint.storing' },
];

t.test('[scenario 9] everything ends in the first checkpoint, again and again', async (t) => {
  for (const moment of FIRST) {
    for (const act of [killProcess, losePower]) {
      const cues = [1, 2, 3].map(() => ({ ...moment, act }));
      await sweep(
        t,
        WORLDS,
        (seed) => worldOf(seed, cues),
        ({ processes }) => t.ok(processes > 3, `${processes} processes`),
      );
    }
  }
});

/** Moments of a restore: of the process, of its attempt, and of a task that reads its state. */
const RESTORING: readonly { readonly moment: Moment; readonly act: typeof killTask }[] = [
  { moment: { name: 'disk', text: /^p\d+ \d+ (?:read|open) .*\/log\// }, act: killProcess },
  { moment: { name: 'process.leads' }, act: killProcess },
  { moment: { name: 'job.attempt-deployed' }, act: killProcess },
  { moment: { name: 'task.reports', text: /initializing/, nth: 2 }, act: killTask },
  { moment: { name: 'disk', text: /^p\d+\.\d+ \S+ \d+ (?:read|open) .*\/data\// }, act: killTask },
  { moment: { name: 'task.reports', text: / running/ }, act: killTask },
];

t.test('[scenario 9] who restores is killed while it does, again and again', async (t) => {
  for (const { moment, act } of RESTORING) {
    const again = [1, 2, 3, 4].map(() => ({ ...moment, act }));
    const first = { name: 'checkpoint.completed', nth: 2, act: killProcess };
    for (const alignedTimeoutMs of [Number.POSITIVE_INFINITY, 0])
      await sweep(t, WORLDS, (seed) => worldOf(seed, [first, ...again], alignedTimeoutMs));
  }
});
