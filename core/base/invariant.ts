import { MillraceError } from './millrace-error.js';

/**
 * Asserts what must hold if the engine is right. Stays on in production; a broken invariant fails the
 * task, which restarts from its checkpoint. `values` go into the message, so name the numbers.
 */
export function invariant(
  condition: boolean,
  rule: string,
  values?: Readonly<Record<string, unknown>>,
): asserts condition {
  if (condition) return;
  throw new MillraceError(
    'MR9001',
    `Invariant broken: ${rule}${values === undefined ? '' : ` (${show(values)})`}`,
  );
}

/** For the default branch of a switch over a union: does not compile until every member is handled. */
export function unreachable(value: never): never {
  throw new MillraceError('MR9001', `Invariant broken: unhandled case ${JSON.stringify(value)}`);
}

function show(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ');
}
