import t from 'tap';
import { holdTask, killProcess, releaseTasks, wait } from './acts.js';
import { sweep } from './directed-world.js';
import type { Cue } from './fault-script.js';

t.setTimeout(240_000);

const TOPOLOGIES = [
  'keyed-history',
  'window-aggregate',
  'timers',
  'interval-join',
  'running-counts',
] as const;
const WORLDS = 3;
/** Virtual; a checkpoint in which nobody stands still takes less. */
const TIMEOUT_MS = 12;

function worldOf(seed: number, cues: readonly Cue[], alignedTimeoutMs = Number.POSITIVE_INFINITY) {
  const topology = TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers';
  return { cues, options: { topology, alignedTimeoutMs }, checkpointing: { timeoutMs: TIMEOUT_MS } };
}

/** A task stands still with its acknowledgement in its hands until the next checkpoint is under way. */
const LATE: readonly Cue[] = [
  { name: 'task.reports', text: /checkpoint-acknowledged/, nth: 2, act: holdTask },
  { name: 'checkpoint.aborted', text: /CHECKPOINT_EXPIRED/, act: wait },
  { name: 'checkpoint.triggered', act: releaseTasks },
];

t.test('[scenario 6] what a task acknowledges of an expired checkpoint comes during the next', async (t) => {
  for (const alignedTimeoutMs of [Number.POSITIVE_INFINITY, 0]) {
    await sweep(
      t,
      WORLDS,
      (seed) => worldOf(seed, LATE, alignedTimeoutMs),
      (report) => t.ok(report.counts.has('checkpoint.ignored-acknowledge'), 'one came late'),
    );
  }
});

t.test('[scenario 6] and the process is killed when the next one is complete, or all but', async (t) => {
  for (const name of ['checkpoint.storing', 'checkpoint.completed']) {
    const cue = { name, act: killProcess };
    await sweep(t, WORLDS, (seed) =>
      worldOf(seed, [...LATE, { name: 'checkpoint.ignored-acknowledge', act: wait }, cue]),
    );
  }
});
