import { drawnWorkload } from './drawn-workload.js';
import { SOUND } from './machinery.js';
import { runWorldOf, type WorldReport, type WorldSettings } from './world.js';
import type { WorldOptions } from './world-options.js';

/** Runs one world to its end, with the job that its options name. The same options give the same world. */
export function runWorld(options: WorldOptions, settings: WorldSettings = {}): Promise<WorldReport> {
  return runWorldOf(drawnWorkload(options, settings.machinery ?? SOUND), options, settings);
}
