import { pathTo } from './interpreted-codec.js';
import { type ObjectNode, type TypeNode, typeId } from './type-descriptor.js';
import type { TypeRefusal } from './type-evolution.js';

/** What becomes of stored keys when their type is declared in another way: their bytes stay in any case. */
export type KeyTypeEvolution =
  | { readonly kind: 'as-is' }
  /** Each is to be looked at, since nothing is known of it. */
  | { readonly kind: 'check' }
  | ({ readonly kind: 'refuse' } & TypeRefusal);

/**
 * Decides whether keys that were stored under one declaration are found under another. The bytes of a key
 * (key-layout.ts) depend on its value alone, and are its address: nothing can be made of another key. What may change
 * is what says less or more of the same values:
 *
 * ```
 *   stored            declared                  keys
 *   T                 T                         as they are
 *   dynamic           anything                  have to be of the declared type, each for itself
 *   anything          dynamic                   as they are
 *   int32, timestamp  float64                   as they are: numbers have one form
 *   T, T?             U?                        as T and U
 *   [T]               [U]                       as T and U
 *   {...}             {...}                     in any order; new fields have to be optional, none may go
 *   anything          anything else             refused
 * ```
 */
export function keyTypeEvolution(stored: TypeNode, declared: TypeNode, path = '[key]'): KeyTypeEvolution {
  if (typeId(stored) === typeId(declared) || declared.kind === 'dynamic') return AS_IS;
  if (stored.kind === 'dynamic') return { kind: 'check' };
  if (declared.kind === 'optional') {
    const present = stored.kind === 'optional' ? stored.element : stored;
    return keyTypeEvolution(present, declared.element, path);
  }
  if (declared.kind === 'float64' && (stored.kind === 'int32' || stored.kind === 'timestamp')) return AS_IS;
  if (stored.kind === 'array' && declared.kind === 'array')
    return keyTypeEvolution(stored.element, declared.element, `${path}[]`);
  if (stored.kind === 'object' && declared.kind === 'object') return fieldEvolution(stored, declared, path);
  return refused(path, typeId(stored), typeId(declared));
}

const AS_IS: KeyTypeEvolution = { kind: 'as-is' };

function fieldEvolution(stored: ObjectNode, declared: ObjectNode, path: string): KeyTypeEvolution {
  let evolution = AS_IS;
  for (const { name, type } of stored.fields) {
    const into = declared.fields.find((field) => field.name === name);
    if (into === undefined) return refused(pathTo(path, name), typeId(type), 'nothing');
    const ofField = keyTypeEvolution(type, into.type, pathTo(path, name));
    if (ofField.kind === 'refuse') return ofField;
    if (ofField.kind === 'check') evolution = ofField;
  }
  const added = declared.fields.find(
    ({ name, type }) => type.kind !== 'optional' && !stored.fields.some((field) => field.name === name),
  );
  return added === undefined ? evolution : refused(pathTo(path, added.name), 'nothing', typeId(added.type));
}

function refused(path: string, stored: string, declared: string): KeyTypeEvolution {
  return {
    kind: 'refuse',
    path,
    stored,
    declared,
    hint: 'Keys are found by their bytes, so they stay what they were: keep the type of the key.',
  };
}
