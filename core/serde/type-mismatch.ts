import { MillraceError } from '../base/millrace-error.js';
import type { TypeNode } from './type-descriptor.js';

/** The error for a value that does not have its declared type. `place` is a subject: `Field 'a.b'`. */
export function mismatch(place: string, type: TypeNode, value: unknown): MillraceError {
  return new MillraceError('MR2002', `${place} is ${showValue(value)}, where ${wantedBy(type)} is expected.`);
}

/** What a refused value is, for a message: short, and never the whole of it. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  switch (typeof value) {
    case 'string':
      return value.length > 40
        ? `the text ${JSON.stringify(`${value.slice(0, 40)}…`)}`
        : `the text ${JSON.stringify(value)}`;
    case 'bigint':
      return `the bigint ${value}n`;
    case 'object':
      return 'an object';
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      return `the ${typeof value} ${String(value)}`;
  }
}

const WANTED: Readonly<Record<TypeNode['kind'], string>> = {
  int32: 'a 32-bit integer',
  float64: 'a number',
  string: 'a text',
  boolean: 'true or false',
  timestamp: 'a time in ms or ISO 8601',
  bigint: 'an integer of any size',
  bytes: 'bytes',
  void: 'nothing',
  dynamic: 'any value',
  optional: 'a value or nothing',
  array: 'an array',
  map: 'a map',
  object: 'an object',
  union: 'an object with a known variant',
};

/** What a type takes, for a message. */
export function wantedBy(type: TypeNode): string {
  return WANTED[type.kind];
}
