import { encodeBase64 } from '../base/base64.js';

/**
 * JSON of a value whose type is not declared, on one line. Beyond what JSON has: a bigint is a text of
 * digits, a Map is an object where all keys are strings and else an array of pairs, a Set is an array, bytes
 * are base64, a Date is its ISO 8601 text; numbers that are not finite, and undefined, are null.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(isPlain(value) ? value : plain(value)) ?? 'null';
}

/** Whether JSON.stringify loses nothing of it, so that no copy is needed. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'bigint') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  if (value instanceof Map || value instanceof Set || value instanceof Uint8Array) return false;
  if ('toJSON' in value) return true;
  for (const key in value) {
    if (!isPlain((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return encodeBase64(value);
  if (value instanceof Set) return Array.from(value, plain);
  if (value instanceof Map) return plainMap(value);
  if ('toJSON' in value) return value;
  // fromEntries defines properties and never assigns them, so a key '__proto__' is a key like any other.
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, plain(element)]));
}

function plainMap(map: ReadonlyMap<unknown, unknown>): unknown {
  const pairs = Array.from(map, ([key, element]): [unknown, unknown] => [key, plain(element)]);
  if (pairs.every(([key]) => typeof key === 'string')) return Object.fromEntries(pairs);
  return pairs.map(([key, element]) => [plain(key), element]);
}
