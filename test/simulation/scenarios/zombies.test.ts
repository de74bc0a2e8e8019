import t from 'tap';
import { pauseProcess, resumeProcesses } from './acts.js';
import { sweep } from './directed-world.js';
import type { Cue, Moment } from './fault-script.js';

t.setTimeout(240_000);

const TOPOLOGIES = ['keyed-history', 'map-filter', 'timers', 'session-windows', 'running-counts'] as const;
const WORLDS = 3;

/** Where the old process stands still, and how far the one in its place has come when it goes on. */
const STILL: readonly Moment[] = [
  { name: 'disk.link', text: /\/data\// },
  { name: 'checkpoint.storing' },
  { name: 'checkpoint.completed' },
  { name: 'disk', text: / link \/out\// },
];
const GOES_ON: readonly Moment[] = [
  { name: 'process.leads' },
  { name: 'job.attempt-deployed' },
  { name: 'checkpoint.completed' },
  { name: 'disk', text: / link \/out\// },
];

for (const still of STILL) {
  t.test(
    `[scenario 16] one that stood still at ${still.name} ${still.text?.source ?? ''} writes on`,
    async (t) => {
      for (const goesOn of GOES_ON) {
        const cues = (seed: number): Cue[] => [
          { ...still, nth: 1 + (seed % 3), act: pauseProcess },
          { ...goesOn, act: resumeProcesses },
        ];
        await sweep(
          t,
          WORLDS,
          (seed) => ({
            cues: cues(seed),
            options: { topology: TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers' },
          }),
          ({ processes }) => t.ok(processes > 2, 'another one took its place'),
        );
      }
    },
  );
}

t.test('[scenario 19] a process is suspended for an hour and wakes up beside nobody', async (t) => {
  await sweep(t, WORLDS, (seed) => ({
    cues: [
      {
        name: 'checkpoint.triggered',
        nth: 1 + (seed % 3),
        act: ({ machine }) => {
          // Whoever runs finds that an hour has passed, on both clocks.
          machine.time.advanceTo(machine.time.nowMs + 3_600_000);
          return true;
        },
      },
    ],
    options: { topology: TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers' },
    checkpointing: { timeoutMs: 600_000 },
  }));
});

t.test(
  '[scenario 19] the clock of the machine jumps between a trigger, its snapshots and its end',
  async (t) => {
    for (const byMs of [-3_600_000, 3_600_000]) {
      const jump: Cue['name'][] = ['checkpoint.triggered', 'task.snapshot-taken', 'checkpoint.storing'];
      await sweep(t, WORLDS, (seed) => ({
        cues: jump.map((name) => ({
          name,
          nth: 1 + (seed % 2),
          act: ({ machine }) => {
            machine.time.jumpWall(byMs);
            return true;
          },
        })),
        options: { topology: TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers' },
      }));
    }
  },
);
