import { MillraceError } from '../base/millrace-error.js';
import { showValue } from './type-mismatch.js';

/** Deeper keys are refused: they are nested by mistake, or hold themselves. */
export const KEY_DEPTH_MAX = 32;

/**
 * The names of a key object's fields in the order in which they are hashed and encoded: ascending by UTF-16
 * code unit, whatever order they were set in. Fields that are undefined are no part of the key, because a
 * record that has travelled holds undefined where a fresh one has no field.
 *
 * @throws MillraceError MR2004 if the value is no plain object
 */
export function keyFieldNames(key: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(key);
  if (prototype !== null && prototype !== Object.prototype && !isForeignPlain(prototype)) refuseKey(key);
  const names = Object.keys(key);
  for (let i = 1; i < names.length; i++) {
    if ((names[i - 1] ?? '') > (names[i] ?? '')) return names.sort();
  }
  return names;
}

/** The prototype of plain objects of another realm (a vm context): it has no prototype and is no class's. */
function isForeignPlain(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'hasOwnProperty')
  );
}

/** @throws MillraceError MR2004 with a hint for the kind of value */
export function refuseKey(key: unknown): never {
  const tag = Object.prototype.toString.call(key).slice(8, -1);
  let hint = 'A key is a number, text, boolean, bigint, Uint8Array, or an array or plain object of these.';
  if (tag === 'Date') hint = 'Key by its milliseconds: keyBy(v => v.time.getTime()).';
  else if (tag === 'Map' || tag === 'Set') hint = 'Key by an array of its entries in a fixed order.';
  else if (typeof key === 'object') hint = `Key by its fields: keyBy(v => [v.a, v.b]). ${hint}`;
  const what =
    typeof key === 'object' && key !== null ? `an object of class ${className(key, tag)}` : showValue(key);
  throw new MillraceError('MR2004', `A key is ${what}, which has no canonical form.`, { hint });
}

/** @throws MillraceError MR2004 for what a selector returns that finds no key */
export function refuseNoKey(key: undefined | null): never {
  throw new MillraceError('MR2004', `A record has no key: the key selector returned ${String(key)}.`, {
    why: 'all records without a key would share one state',
    hint: "Name a field in keyBy that each record has, filter the others out before, or give them a key: v.name ?? ''.",
  });
}

export function refuseDepth(): never {
  throw new MillraceError('MR2004', `A key nests deeper than ${KEY_DEPTH_MAX} levels.`, {
    hint: 'Key by the few values that tell records apart.',
  });
}

function className(key: object, tag: string): string {
  const maker: unknown = key.constructor;
  return tag === 'Object' && typeof maker === 'function' && maker.name !== '' ? maker.name : tag;
}
