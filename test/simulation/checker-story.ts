import type { Test } from 'tap';
import { DiskPicture } from './checkers/disk-picture.js';
import { SimulatedDisk } from './simulated-disk.js';
import { WorldVerdict } from './world-failure.js';
import { type WorldListener, WorldListeners } from './world-listener.js';

/** What is told to one checker. */
export interface Story {
  readonly listeners: WorldListeners;
  readonly disk: SimulatedDisk;
  readonly verdict: WorldVerdict;
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
