import t from 'tap';
import { holdTask, releaseTasks, wait } from './acts.js';
import { sweep } from './directed-world.js';
import { type Cue, TURN } from './fault-script.js';

t.setTimeout(240_000);

const WORLDS = 3;

/** One small segment a channel, and none to lend. */
const NO_ROOM = {
  segmentBytes: 256,
  spareSegments: 0,
  network: {
    buffersPerChannel: 1,
    floatingBuffersPerGate: 0,
    maxBuffersPerChannel: 1,
    maxOverdraftBuffersPerGate: 0,
    requiredPerGateMax: 0x7fff_ffff,
  },
};

t.test('[scenario 12] the barrier of one channel comes last, when everybody has waited for it', async (t) => {
  // A source stands still as its checkpoint begins; those behind it have what others sent, and take no more.
  const cues: readonly Cue[] = [
    { name: 'task.mail', text: /^\S+ 0\/\d+ trigger-checkpoint/, act: holdTask },
    { name: TURN, nth: 300, act: releaseTasks },
  ];
  for (const alignedTimeoutMs of [Number.POSITIVE_INFINITY, 1]) {
    await sweep(t, WORLDS, (seed) => ({
      cues,
      options: {
        topology: ['union-windows', 'connected', 'interval-join'][seed % 3] ?? 'connected',
        alignedTimeoutMs,
        ...NO_ROOM,
      },
    }));
  }
});

t.test(
  '[scenario 12] a full channel, whose reader stands still, lets a checkpoint wait or pass',
  async (t) => {
    const cues: readonly Cue[] = [
      { name: 'task.step', text: /^\S+ [1-9]\/\d+ made [1-9]/, nth: 3, act: holdTask },
      { name: 'task.step', text: / back-pressured /, act: wait },
      { name: TURN, nth: 300, act: releaseTasks },
    ];
    const topologies = ['keyed-history', 'window-aggregate', 'timers', 'running-counts'] as const;
    for (const alignedTimeoutMs of [Number.POSITIVE_INFINITY, 0]) {
      await sweep(t, WORLDS, (seed) => ({
        cues,
        options: { topology: topologies[seed % topologies.length] ?? 'timers', alignedTimeoutMs, ...NO_ROOM },
      }));
    }
  },
);
