/**
 * Worlds that once found something wrong, and what it was; all of them run with every `npm test`. A seed
 * means another world once anything about the drawing changes, so what was small enough also has a test of
 * its own where it went wrong.
 */
export const SEEDS: readonly { readonly seed: number; readonly reason: string }[] = [
  { seed: 4, reason: 'one subtask of a source had finished, and every later checkpoint was given up' },
];
