import t from 'tap';
import { killProcess, losePower } from './acts.js';
import { type DirectedReport, sweep } from './directed-world.js';
import type { Moment } from './fault-script.js';

t.setTimeout(240_000);

const SLOT = /\/log\/\d+/;
const TOPOLOGIES = [
  'keyed-history',
  'session-windows',
  'timers',
  'broadcast-state',
  'union-windows',
] as const;
const WORLDS = 3;

/** All tasks have acknowledged a checkpoint; its number is the first of the script's. */
const ACKNOWLEDGED: Moment = { name: 'checkpoint.storing' };

interface Case {
  readonly says: string;
  readonly after: readonly Moment[];
  /** Whether the checkpoint is complete then; undefined: that is drawn. */
  readonly complete: boolean | undefined;
}

const CASES: readonly Case[] = [
  { says: 'before its metadata is written', after: [], complete: false },
  { says: 'when its metadata has a first byte', after: [disk('append to')], complete: undefined },
  { says: 'when its metadata is whole and has no name', after: [disk('sync')], complete: undefined },
  {
    says: 'when its metadata is durable, and nobody knows',
    after: [{ name: 'disk.link', text: SLOT }],
    complete: true,
  },
  {
    says: 'when it is complete, before a task reads that',
    after: [{ name: 'checkpoint.completed' }],
    complete: true,
  },
  {
    says: 'when one task knows that it is complete',
    after: [{ name: 'task.mail', text: /checkpoint-completed/ }],
    complete: true,
  },
];

for (const { says, after, complete } of CASES) {
  t.test(`[scenario 2] the process is killed after all acknowledgements, ${says}`, async (t) => {
    await sweep(
      t,
      WORLDS,
      (seed) => ({
        cues: cuesOf(1 + (seed % 3), after, killProcess),
        options: { topology: TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers' },
      }),
      (report, seed) => checkRestored(t, report, complete, seed),
    );
  });
  t.test(`[scenario 8] the power goes after all acknowledgements, ${says}`, async (t) => {
    await sweep(t, WORLDS, (seed) => ({
      cues: cuesOf(1 + (seed % 3), after, losePower),
      options: { topology: TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers' },
    }));
  });
}

function disk(operation: string): Moment {
  return { name: 'disk', text: new RegExp(`^p\\d+ \\d+ ${operation} .*/checkpoints/`) };
}

function cuesOf(nth: number, after: readonly Moment[], act: typeof killProcess) {
  const moments = [{ ...ACKNOWLEDGED, nth }, ...after];
  return moments.map((moment, index) => ({
    ...moment,
    act: index < moments.length - 1 ? () => true : act,
  }));
}

/** Which checkpoint the next process goes on from. */
function checkRestored(
  t: { equal(found: unknown, wanted: unknown, says: string): unknown },
  { story }: DirectedReport,
  complete: boolean | undefined,
  seed: number,
): void {
  if (complete === undefined) return;
  const killed = story.findIndex(({ name }) => name === 'process.killed');
  const stored = story.slice(0, killed).filter(({ name }) => name === 'checkpoint.storing');
  const ids = stored.map(({ text }) => Number(/checkpointId=(\d+)/.exec(text)?.[1]));
  const next = story.slice(killed).find(({ name }) => name === 'process.leads');
  const restored = Number(/restored=(\d+)/.exec(next?.text ?? '')?.[1]);
  t.equal(restored, (complete ? ids.at(-1) : ids.at(-2)) ?? 0, `seed ${seed}: what it goes on from`);
}
