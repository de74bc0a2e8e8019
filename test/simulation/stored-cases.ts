import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../tidy/source-tree.js';
import { parseCase, type WorldCase } from './world-case.js';

const FOLDER = join(packageRoot(), 'test', 'simulation', 'cases');

/** A case that once showed something wrong. */
export interface StoredCase extends WorldCase {
  readonly name: string;
  /** What was wrong. */
  readonly reason: string;
}

/**
 * The files of `cases/`: what `npm run sim -- shrink` prints, with a `reason` beside it. Unlike a seed a case means the
 * same world however worlds are drawn; when tasks and processes take other turns, its faults come at other moments.
 */
export function storedCases(): StoredCase[] {
  return readdirSync(FOLDER)
    .sort()
    .map((name) => {
      const text = readFileSync(join(FOLDER, name), 'utf8');
      const { reason } = JSON.parse(text) as { readonly reason: string };
      return { name, reason, ...parseCase(text) };
    });
}
