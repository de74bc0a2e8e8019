import t from 'tap';
import { killProcess, killTask, wait } from './acts.js';
import { type DirectedWorld, sweep } from './directed-world.js';
import type { Cue, Moment } from './fault-script.js';

t.setTimeout(240_000);

const WORLDS = 3;
/** Keyed, broadcast, union and operator-list state, operators without state between them, and splits of sources. */
const TOPOLOGIES = [
  'broadcast-state',
  'keyed-history',
  'custom-partitioned',
  'long-pipeline',
  'union-windows',
  'async-windows',
] as const;
const RESCALED: Cue = { name: 'checkpoint.completed', act: ({ damage }) => damage.rescaleJob() };

function worldOf(
  seed: number,
  cues: readonly Cue[],
  options: DirectedWorld['options'] = {},
): Omit<DirectedWorld, 'seed'> {
  const topology = TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'keyed-history';
  // Chains are the same at every parallelism.
  return { cues, options: { topology, chaining: false, maxParallelism: 8, ...options } };
}

const DURING: readonly (Moment & { readonly act: typeof killTask })[] = [
  { name: 'job.rescale-requested', act: killProcess },
  { name: 'job.attempt-gone', act: killProcess },
  { name: 'task.reports', text: /initializing/, act: killTask },
  { name: 'job.rescaled', act: killProcess },
];

t.test('[scenario 10] a running job is rescaled again and again', async (t) => {
  await sweep(
    t,
    2 * WORLDS,
    (seed) => worldOf(seed, [RESCALED, { name: 'job.rescaled', act: wait }, RESCALED]),
    ({ counts }) => t.ok(counts.has('job.rescaled'), 'it was'),
  );
});

for (const { act, ...moment } of DURING) {
  t.test(`[scenario 10] killed during a rescale, at ${moment.name}`, async (t) => {
    await sweep(t, WORLDS, (seed) => worldOf(seed, [RESCALED, { ...moment, act }]));
  });
}

/** Small segments and slow readers, so that barriers have something to overtake. */
const PRESSED: DirectedWorld['options'] = {
  alignedTimeoutMs: 0,
  segmentBytes: 256,
  spareSegments: 5,
  slowTasks: 0.5,
};
const OVERTAKEN: readonly Cue[] = [
  { name: 'task.snapshot-taken', nth: 4, act: wait },
  { name: 'checkpoint.completed', text: /persistedBytes=[1-9]/, act: wait },
];

t.test('[scenario 11] what a barrier has overtaken is there once after a kill', async (t) => {
  for (const name of ['checkpoint.completed', 'task.barrier-arrived', 'task.snapshot-taken']) {
    const kill = { name, act: name === 'checkpoint.completed' ? killProcess : killTask };
    await sweep(t, WORLDS, (seed) => worldOf(seed, [...OVERTAKEN, kill, { ...kill, nth: 2 }], PRESSED));
  }
});

t.test('[scenario 11] what a barrier has overtaken goes on at another parallelism', async (t) => {
  await sweep(t, WORLDS, (seed) => worldOf(seed, [...OVERTAKEN, RESCALED, RESCALED], PRESSED));
  // And so it does when a process is killed and the next one has other numbers of subtasks.
  const kill = { name: 'checkpoint.completed', text: /persistedBytes=[1-9]/, act: killProcess };
  await sweep(t, WORLDS, (seed) => worldOf(seed, [kill, kill], { ...PRESSED, moves: true }));
});
