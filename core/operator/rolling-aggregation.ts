import { MillraceError } from '../base/millrace-error.js';
import type { ReduceFunction } from '../state/aggregate-function.js';
import { fieldAt, withFieldAt } from './field-path.js';

/** Values that have an order among themselves. */
export type Comparable = number | bigint | string;

/** The first record with the sum of the field in all records. An empty path is the record itself. */
export function sumOf<T>(path: readonly string[]): ReduceFunction<T> {
  return (a, b) => {
    const [left, right] = [fieldAt(a, path), fieldAt(b, path)];
    if (typeof left === 'number' && typeof right === 'number') return withFieldAt(a, path, left + right) as T;
    if (typeof left === 'bigint' && typeof right === 'bigint') return withFieldAt(a, path, left + right) as T;
    return refuse('sum', 'numbers', path, left, right);
  };
}

/** The first record with the least (-1) or greatest (1) value of the field in all records. */
export function extremeOf<T>(path: readonly string[], sign: -1 | 1): ReduceFunction<T> {
  return (a, b) => (compare(a, b, path) * sign < 0 ? (withFieldAt(a, path, fieldAt(b, path)) as T) : a);
}

/** The whole record with the least (-1) or greatest (1) value of the field; of equal ones the first or last. */
export function extremeBy<T>(path: readonly string[], sign: -1 | 1, first: boolean): ReduceFunction<T> {
  return (a, b) => {
    const order = compare(a, b, path) * sign;
    return order < 0 || (order === 0 && !first) ? b : a;
  };
}

function compare(a: unknown, b: unknown, path: readonly string[]): number {
  const [left, right] = [fieldAt(a, path), fieldAt(b, path)];
  if (!isComparable(left) || typeof left !== typeof right)
    return refuse('min or max', 'numbers or texts', path, left, right);
  const other = right as typeof left;
  return left < other ? -1 : left > other ? 1 : 0;
}

function isComparable(value: unknown): value is Comparable {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string';
}

function refuse(what: string, wanted: string, path: readonly string[], left: unknown, right: unknown): never {
  const place = path.length === 0 ? 'The record' : `The field '${path.join('.')}'`;
  throw new MillraceError(
    'MR2002',
    `${place} is ${typeof left} in one record and ${typeof right} in another.`,
    {
      why: `${what} was asked of it, which takes ${wanted} of one kind.`,
    },
  );
}
