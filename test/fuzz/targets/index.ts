import type { FuzzTarget } from '../fuzz-target.js';
import { CHECKPOINT_TARGETS } from './checkpoint-targets.js';
import { RECORD_TARGETS } from './record-targets.js';

export const TARGETS: readonly FuzzTarget[] = [...CHECKPOINT_TARGETS, ...RECORD_TARGETS];

export function targetNamed(name: string): FuzzTarget {
  const target = TARGETS.find((each) => each.name === name);
  if (target !== undefined) return target;
  throw new Error(`There is no target ${name}; there are ${TARGETS.map((each) => each.name).join(', ')}.`);
}
