import t from 'tap';
import { killProcess, killTask, wait } from './acts.js';
import { sweep } from './directed-world.js';
import type { Cue, Moment } from './fault-script.js';

t.setTimeout(240_000);

const TOPOLOGIES = ['keyed-history', 'session-windows', 'timers', 'union-windows', 'connected'] as const;
const WORLDS = 3;

function worldOf(seed: number, cues: readonly Cue[], stops = { suspensions: 0, drains: 0 }) {
  const topology = TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers';
  return { cues, options: { topology, alignedTimeoutMs: seed % 2 === 0 ? 0 : 1 }, faults: stops };
}

/** A job comes to its end in parts. */
const ENDING: readonly Moment[] = [
  { name: 'task.mail', text: /no-more-splits/ },
  { name: 'task.reports', text: /data-finished/ },
  { name: 'task.says', text: /data-finished/, nth: 2 },
  { name: 'task.finished' },
  { name: 'task.finished', nth: 2 },
];

for (const moment of ENDING) {
  t.test(`[scenario 15] killed when some have ended and others not: ${moment.name}`, async (t) => {
    // Of whom it is said that he has finished, he is gone.
    for (const kill of moment.name === 'task.finished' ? [killProcess] : [killTask, killProcess]) {
      await sweep(t, WORLDS, (seed) =>
        worldOf(seed, [
          { ...moment, act: kill },
          { ...moment, act: kill },
        ]),
      );
    }
  });
}

const STOPPED: readonly Moment[] = [
  { name: 'checkpoint.triggered' },
  { name: 'task.snapshot-taken', nth: 2 },
  { name: 'checkpoint.storing' },
  { name: 'checkpoint.completed' },
  { name: 'task.mail', text: /no-more-splits/ },
  { name: 'task.reports', text: /data-finished/ },
];

for (const stop of ['suspend', 'drain'] as const) {
  t.test(`[scenario 15] told to ${stop} at any point, also during a checkpoint`, async (t) => {
    for (const moment of STOPPED) {
      const act: Cue = {
        ...moment,
        act: ({ processes }) => processes.active[0]?.stopJob(stop) ?? false,
      };
      const stops = { suspensions: 1, drains: stop === 'drain' ? 1 : 0 };
      await sweep(t, WORLDS, (seed) => worldOf(seed, [act], stops));
    }
  });

  t.test(`[scenario 15] told to ${stop}, and killed before it has`, async (t) => {
    const told: Cue = {
      name: 'checkpoint.completed',
      act: ({ processes }) => processes.active[0]?.stopJob(stop) ?? false,
    };
    const stops = { suspensions: 1, drains: stop === 'drain' ? 1 : 0 };
    for (const name of ['task.snapshot-taken', 'checkpoint.storing', 'disk.link']) {
      await sweep(t, WORLDS, (seed) => worldOf(seed, [told, { name, act: killProcess }], stops));
    }
  });
}

t.test('[scenario 15] savepoints are asked for while checkpoints are under way', async (t) => {
  const ask: Cue = { name: 'checkpoint.triggered', act: ({ damage }) => damage.requestCheckpoint() };
  const granted: Cue = { name: 'checkpoint.granted', act: wait };
  await sweep(t, WORLDS, (seed) => worldOf(seed, [ask, ask, granted, ask, ask]));
});
