import type { Census } from './world-census.js';
import { FAULTS, FEATURES } from './world-census.js';

/** Why a fault never comes to worlds with a feature. */
export const NEVER: readonly { readonly fault: string; readonly feature: string; readonly why: string }[] =
  [];

/** Pairs of a fault and a feature that were not met, and that nobody has explained; and explained ones that were. */
export function gapsOf({ hits }: Census): string[] {
  const gaps: string[] = [];
  for (const fault of Object.keys(FAULTS)) {
    for (const feature of Object.keys(FEATURES)) {
      const count = hits[fault]?.[feature] ?? 0;
      const isExplained = NEVER.some((cell) => cell.fault === fault && cell.feature === feature);
      if (count === 0 && !isExplained) gaps.push(`${fault} never came to a world with ${feature}`);
      if (count > 0 && isExplained)
        gaps.push(`${fault} came to a world with ${feature}, which is explained away`);
    }
  }
  return gaps;
}
