import type { Test } from 'tap';
import { FileObjectStore, openJob } from '../../storage/index.js';
import { type Led, led } from '../unit/storage/led-job.js';
import { DiskPicture } from './checkers/disk-picture.js';
import type { Flow } from './observed-channels.js';
import { SimulatedDisk } from './simulated-disk.js';
import { SimulatedFileSystem } from './simulated-file-system.js';
import { WorldVerdict } from './world-failure.js';
import { type WorldListener, WorldListeners } from './world-listener.js';

/** Of the job of a story. */
export const FOLDER = '/c/delays';

/** What is told to one checker. */
export interface Story {
  readonly listeners: WorldListeners;
  readonly disk: SimulatedDisk;
  readonly verdict: WorldVerdict;
}

export type MutableFlow = { -readonly [K in keyof Flow]: Flow[K] };

export function flowOf(channel: number): MutableFlow {
  return { channel, place: { edgeId: 0, producer: 0, consumer: 0 }, written: 0, read: 0 };
}

export type MakeChecker = (
  verdict: WorldVerdict,
  picture: DiskPicture,
  listeners: WorldListeners,
) => WorldListener;

function story(make: MakeChecker): Story {
  const verdict = new WorldVerdict();
  const listeners = new WorldListeners();
  const picture = new DiskPicture();
  listeners.add(picture);
  listeners.add(make(verdict, picture, listeners));
  return { listeners, disk: new SimulatedDisk(listeners), verdict };
}

/** Tells the story to the checker. `expected`: what it says is wrong; undefined: nothing is. */
export async function says(
  t: Test,
  make: MakeChecker,
  tell: (story: Story) => Promise<void> | void,
  expected: RegExp | undefined,
): Promise<void> {
  const told = story(make);
  await tell(told);
  if (expected === undefined) t.equal(told.verdict.failure, undefined);
  else t.match(told.verdict.failure?.message, expected);
}

/** A job that leads, on the disk of a story. */
export async function jobOn({ disk }: Story, mode: 'new' | 'resume' = 'new'): Promise<Led> {
  const store = new FileObjectStore(new SimulatedFileSystem(disk), FOLDER, 'w1');
  const opened = await openJob({
    store,
    jobName: 'delays',
    mode,
    origin: undefined,
    holder: { host: 'h', bootId: 'b', pid: 1, processStartTime: '9' },
    holderState: () => 'dead',
    nowMs: 1_700_000_000_000,
    onUnreadable: () => {},
    onWarning: () => {},
  });
  return led(opened);
}

export function filesIn(disk: SimulatedDisk, folder: string): string[] {
  return [...disk.files().keys()].filter((path) => path.startsWith(`${FOLDER}/${folder}/`));
}
