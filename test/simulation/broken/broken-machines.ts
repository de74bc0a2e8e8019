import type { AttemptRestore, InFlightRestore } from '../../../core/internal.js';
import { type Machinery, SOUND } from '../machinery.js';
import { forgetChannel } from './broken-aligner.js';
import { staleHearing, timerLosingBackend } from './broken-restores.js';
import { eagerSink, forgetfulSink, newestOnlySink } from './broken-sinks.js';
import {
  greedyDisk,
  hastyStorage,
  sharingBackend,
  takingDisk,
  unfencedStorage,
  unsyncedDisk,
} from './broken-storage.js';
import { heedNoIdleness } from './broken-valve.js';

/** A machine that is wrong in one place, and within how many worlds that must have been found. */
export interface BrokenMachine {
  readonly machinery: Machinery;
  readonly worldsMax: number;
  /** How it shows first; undefined: the job does something wrong. */
  readonly kind?: 'stuck';
  /** What is wrong inside of the engine, where no other make can be given; gives what undoes it. */
  readonly breaks?: () => () => void;
}

/** They show that the checkers can fail. Each stands for a mistake that was made somewhere once. */
export const BROKEN_MACHINES: readonly BrokenMachine[] = [
  {
    worldsMax: 100,
    machinery: { ...SOUND, name: 'a barrier that does not block its channel', exactlyOnce: false },
  },
  { worldsMax: 20, machinery: { ...SOUND, name: 'a sink that commits before completion', sink: eagerSink } },
  {
    worldsMax: 100,
    machinery: { ...SOUND, name: 'a commit that takes the newest only', sink: newestOnlySink },
  },
  {
    worldsMax: 50,
    machinery: { ...SOUND, name: 'a sink that tidies away what is to be committed', sink: forgetfulSink },
  },
  {
    worldsMax: 50,
    machinery: {
      ...SOUND,
      name: 'a snapshot that shares mutable state',
      stateBackend: sharingBackend,
    },
  },
  {
    worldsMax: 100,
    machinery: {
      ...SOUND,
      name: 'completion before the manifest is durable',
      checkpointStorage: hastyStorage,
    },
  },
  {
    worldsMax: 100,
    machinery: { ...SOUND, name: 'a leader that does not step back', checkpointStorage: unfencedStorage },
  },
  {
    worldsMax: 100,
    machinery: { ...SOUND, name: 'a job that takes its savepoint with it', fileSystem: takingDisk },
  },
  { worldsMax: 50, machinery: { ...SOUND, name: 'a disk that does not sync', fileSystem: unsyncedDisk } },
  {
    worldsMax: 100,
    machinery: {
      ...SOUND,
      name: 'a recording that forgets what its reader has begun',
      recordsBegun: false,
    },
  },
  {
    worldsMax: 200,
    machinery: {
      ...SOUND,
      name: 'a rescale that keeps the in-flight records of others',
      restore: (restore) => ({ ...restore, inFlight: unfiltered(restore) }),
    },
  },
  {
    worldsMax: 100,
    machinery: {
      ...SOUND,
      name: 'an abort that is told as a completion',
      post: (mailbox, message) => {
        const lie = message.type === 'checkpoint-aborted';
        mailbox.push(lie ? { type: 'checkpoint-completed', checkpointId: message.checkpointId } : message);
      },
    },
  },
  {
    worldsMax: 100,
    machinery: {
      ...SOUND,
      name: 'a retention that takes what is referred to',
      fileSystem: greedyDisk,
    },
  },
  {
    worldsMax: 200,
    machinery: { ...SOUND, name: 'timers that are lost by a restore', stateBackend: timerLosingBackend },
  },
  {
    worldsMax: 200,
    machinery: { ...SOUND, name: 'an old acknowledgement that is accepted', hearing: staleHearing },
  },
  {
    worldsMax: 400,
    machinery: {
      ...SOUND,
      name: 'splits that overtake the trigger',
      post: (mailbox, message) => {
        const trigger = mailbox.findIndex(({ type }) => type === 'trigger-checkpoint');
        if (message.type === 'splits-assigned' && trigger >= 0) mailbox.splice(trigger, 0, message);
        else mailbox.push(message);
      },
    },
  },
  {
    worldsMax: 100,
    machinery: { ...SOUND, name: 'an aligner that forgets a channel' },
    breaks: forgetChannel,
  },
  {
    worldsMax: 100,
    machinery: { ...SOUND, name: 'idle channels that hold event time back' },
    breaks: heedNoIdleness,
  },
];

function unfiltered({ inFlight }: AttemptRestore): AttemptRestore['inFlight'] {
  const withAll = (restore: InFlightRestore): InFlightRestore => ({
    ...restore,
    parts: restore.parts.map((part) => ({ ...part, filtered: false })),
  });
  return inFlight.map((subtasks) => subtasks.map((restore) => restore && withAll(restore)));
}
