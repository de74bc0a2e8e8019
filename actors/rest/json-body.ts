import { MillraceError } from '../../core/internal.js';

/** Deeper than any request of ours. */
const DEPTH_MAX = 32;
/** As own keys they would come to mean something the moment an object is copied. */
const REFUSED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The value of a body; undefined for an empty one.
 *
 * @throws MillraceError MR7003 for what is no JSON, too deep, or holds a key that names a prototype
 */
export function parseJsonBody(text: string): unknown {
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // V8's message repeats the text.
    throw new MillraceError('MR7003', 'The body of the request is no JSON.', { cause: error });
  }
  checkKeys(value, 0);
  return value;
}

function checkKeys(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth === DEPTH_MAX) throw new MillraceError('MR7003', 'The body of the request is nested too deeply.');
  for (const [key, inner] of Object.entries(value)) {
    if (REFUSED_KEYS.has(key) && !Array.isArray(value)) {
      throw new MillraceError('MR7003', `The body of the request has a key '${key}', which is refused.`);
    }
    checkKeys(inner, depth + 1);
  }
}
