import t from 'tap';
import type { DiskOperationKind } from '../disk-fault-plan.js';
import { SOUND } from '../machinery.js';
import { killProcess } from './acts.js';
import { sweep } from './directed-world.js';
import { faultyDisk, firstOperations, type PlannedDiskFault } from './faulty-disk.js';

t.setTimeout(240_000);

const TOPOLOGIES = ['keyed-history', 'window-aggregate', 'timers', 'running-counts'] as const;
const WORLDS = 3;
/** So many operations in a row go wrong, of which each may be tried again some times. */
const BURSTS = [1, 4];

interface Case {
  readonly says: string;
  readonly kind: DiskOperationKind;
  readonly path: RegExp;
  readonly fault: PlannedDiskFault;
}

const DATA = /^\/checkpoints\/.*\/data\//;
const SCRATCH = /^\/checkpoints\//;
const SLOT = /^\/checkpoints\/.*\/log\/\d/;

const CASES: readonly Case[] = [
  {
    says: 'a write of state fails',
    kind: 'append to',
    path: SCRATCH,
    fault: { errno: 'EIO', when: 'before' },
  },
  {
    says: 'a write of state is said to have failed',
    kind: 'append to',
    path: SCRATCH,
    fault: { errno: 'EIO', when: 'after' },
  },
  {
    says: 'bytes do not become durable',
    kind: 'sync',
    path: SCRATCH,
    fault: { errno: 'EIO', when: 'before' },
  },
  { says: 'a name is not given', kind: 'link', path: DATA, fault: { errno: 'EIO', when: 'before' } },
  {
    says: 'a name is given, and the answer lost',
    kind: 'link',
    path: DATA,
    fault: { errno: 'EIO', when: 'after' },
  },
  { says: 'metadata is not written', kind: 'link', path: SLOT, fault: { errno: 'EIO', when: 'before' } },
  {
    says: 'metadata is written, and the answer lost',
    kind: 'link',
    path: SLOT,
    fault: { errno: 'EIO', when: 'after' },
  },
  { says: 'there is no room', kind: 'append to', path: SCRATCH, fault: { errno: 'ENOSPC', when: 'before' } },
  { says: 'there are no handles', kind: 'create', path: SCRATCH, fault: { errno: 'EMFILE', when: 'before' } },
  {
    says: 'what is old is not removed',
    kind: 'remove',
    path: SCRATCH,
    fault: { errno: 'EIO', when: 'before' },
  },
  {
    says: 'what is old is removed, and the answer lost',
    kind: 'remove',
    path: SCRATCH,
    fault: { errno: 'EIO', when: 'after' },
  },
];

for (const { says, kind, path, fault } of CASES) {
  t.test(`[scenario 7] ${says}`, async (t) => {
    for (const count of BURSTS) {
      let failed = 0;
      await sweep(t, WORLDS, (seed) => {
        const burst = firstOperations(count, { kind, path }, fault);
        // Not while a process takes the lead, which has tests of its own: once a checkpoint has begun.
        let begun = false;
        const plan: typeof burst = (operation, at) => {
          begun ||= DATA.test(at) || at.startsWith('/out/');
          const planned = begun ? burst(operation, at) : undefined;
          if (planned !== undefined) failed++;
          return planned;
        };
        return {
          // And then the process goes on from what there is.
          cues: [{ name: 'checkpoint.completed', act: killProcess }],
          machinery: { ...SOUND, fileSystem: (disk) => faultyDisk(disk, plan) },
          options: { topology: TOPOLOGIES[seed % TOPOLOGIES.length] ?? 'timers' },
        };
      });
      t.ok(failed >= count * 2, `${failed} operations went wrong`);
    }
  });
}
