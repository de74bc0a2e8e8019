import type { Census } from './world-census.js';
import { FAULTS, FEATURES } from './world-census.js';

/** Pairs of a fault and a feature that were not met. There is none that could not be. */
export function gapsOf({ hits }: Census): string[] {
  const gaps: string[] = [];
  for (const fault of Object.keys(FAULTS)) {
    for (const feature of Object.keys(FEATURES)) {
      const count = hits[fault]?.[feature] ?? 0;
      if (count === 0) gaps.push(`${fault} never came to a world with ${feature}`);
    }
  }
  return gaps;
}
