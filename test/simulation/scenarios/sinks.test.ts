import t from 'tap';
import type { TaskMessage } from '../../../core/internal.js';
import { type Machinery, SOUND } from '../machinery.js';
import { killProcess, killTask } from './acts.js';
import { sweep } from './directed-world.js';
import type { Cue, Moment } from './fault-script.js';
import { faultyDisk, firstOperations } from './faulty-disk.js';

t.setTimeout(240_000);

const TOPOLOGIES = ['keyed-history', 'map-filter', 'timers', 'side-outputs', 'running-counts'] as const;
const WORLDS = 3;
const OUTPUT = /^\/out\/.*\/[^.][^/]*$/;

function worldOf(seed: number, cues: readonly Cue[], machinery: Machinery = SOUND) {
  return { cues, machinery, options: { topology: TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers' } };
}

/** Committing begins when a task reads that a checkpoint is complete. */
const COMPLETE: Moment = { name: 'checkpoint.completed' };
const SHOWN: Moment = { name: 'disk', text: / link \/out\// };
const TIDIED: Moment = { name: 'disk', text: / remove \/out\// };

const IN_COMMIT: readonly { readonly says: string; readonly moments: readonly Moment[] }[] = [
  { says: 'with all that was prepared still to be committed', moments: [COMPLETE] },
  { says: 'when a file has its visible name and its hidden one', moments: [COMPLETE, SHOWN] },
  { says: 'when one of its files is committed', moments: [COMPLETE, TIDIED] },
  { says: 'when several are', moments: [COMPLETE, TIDIED, TIDIED, SHOWN] },
];

for (const { says, moments } of IN_COMMIT) {
  t.test(`[scenario 3] a sink is killed after its pre-commit, ${says}, and commits again`, async (t) => {
    // Who is killed before any sink knows of the completion is the whole process.
    for (const kill of moments.length === 1 ? [killProcess] : [killTask, killProcess]) {
      await sweep(
        t,
        WORLDS,
        (seed) =>
          worldOf(seed, [
            ...moments.map((moment, index) => ({
              ...moment,
              nth: index === 0 ? 1 + (seed % 2) : 1,
              act: index < moments.length - 1 ? () => true : kill,
            })),
            // It is killed in its second commit too.
            { ...SHOWN, act: kill },
          ]),
        (report) => t.ok(report.restores > 0, 'it goes on from the checkpoint that it commits'),
      );
    }
  });
}

t.test('[scenario 4] a commit takes effect, and is said to have failed: it is tried again', async (t) => {
  for (const count of [1, 3]) {
    await sweep(
      t,
      WORLDS,
      (seed) => {
        const plan = firstOperations(count, { kind: 'link', path: OUTPUT }, { errno: 'EIO', when: 'after' });
        const machinery = {
          ...SOUND,
          fileSystem: (disk: Parameters<typeof faultyDisk>[0]) => faultyDisk(disk, plan),
        };
        return worldOf(seed, [], machinery);
      },
      ({ counts }) => t.ok((counts.get('job.attempt-failed') ?? 0) > 0, 'a commit was said to have failed'),
    );
  }
});

/**
 * What befalls notices of completion. Only as long as no source has been told that nothing more comes: for the last
 * ones a job waits, and between living tasks and a living master nothing is lost.
 */
class Notices {
  readonly #pass: (mailbox: TaskMessage[], notice: TaskMessage, number: number) => void;
  #ended = false;
  /** Notices that were not just handed on. */
  befallen = 0;

  constructor(pass: (mailbox: TaskMessage[], notice: TaskMessage, number: number) => void) {
    this.#pass = pass;
  }

  post(mailbox: TaskMessage[], message: TaskMessage): void {
    this.#ended ||= message.type === 'no-more-splits';
    if (message.type !== 'checkpoint-completed' || this.#ended) mailbox.push(message);
    else this.#pass(mailbox, message, ++this.befallen);
  }
}

const NOTICES: readonly { readonly says: string; readonly notices: () => Notices }[] = [
  {
    says: 'are lost',
    notices: () => new Notices((mailbox, notice, number) => number % 3 === 0 && mailbox.push(notice)),
  },
  { says: 'come twice', notices: () => new Notices((mailbox, notice) => mailbox.push(notice, notice)) },
  {
    says: 'come after the next one',
    notices: () => {
      const held = new Map<TaskMessage[], TaskMessage>();
      return new Notices((mailbox, notice) => {
        const late = held.get(mailbox);
        if (late === undefined) held.set(mailbox, notice);
        else {
          held.delete(mailbox);
          mailbox.push(notice, late);
        }
      });
    },
  },
];

for (const { says, notices } of NOTICES) {
  t.test(`[scenario 5] notices of completed checkpoints ${says}`, async (t) => {
    for (const kill of [[], [{ ...SHOWN, nth: 3, act: killProcess }]]) {
      const made: Notices[] = [];
      await sweep(t, WORLDS, (seed) => {
        const one = notices();
        made.push(one);
        return worldOf(seed, kill, { ...SOUND, post: one.post.bind(one) });
      });
      const befallen = made.reduce((sum, one) => sum + one.befallen, 0);
      t.ok(befallen > WORLDS, `${befallen} notices`);
    }
  });
}
