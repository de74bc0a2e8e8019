import { MillraceError } from '../../core/internal.js';
import type { FieldReader } from './field-reader.js';
import type { FieldWriter } from './field-writer.js';

/** A name that plain objects treat specially; refused on both ways instead of being renamed. */
const FORBIDDEN_NAME = '__proto__';

/** A count before that many elements. */
export function writeEach<T>(
  out: FieldWriter,
  items: readonly T[],
  write: (out: FieldWriter, item: T) => void,
): void {
  out.natural(items.length);
  for (const item of items) write(out, item);
}

export function readEach<T>(input: FieldReader, read: (input: FieldReader) => T): T[] {
  const items: T[] = [];
  for (let left = input.count(); left > 0; left--) items.push(read(input));
  return items;
}

/**
 * Pairs of name and value in ascending order of names.
 *
 * @throws MillraceError MR3007 for a name that cannot be stored
 */
export function writeRecord<T>(
  out: FieldWriter,
  record: Readonly<Record<string, T>>,
  write: (out: FieldWriter, value: T) => void,
): void {
  const entries = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  out.natural(entries.length);
  for (const [name, value] of entries) {
    if (name === FORBIDDEN_NAME) {
      throw new MillraceError('MR3007', `'${name}' cannot be the name of a state or an operator`, {
        hint: 'choose another name or uid',
      });
    }
    out.text(name);
    write(out, value);
  }
}

export function readRecord<T>(input: FieldReader, read: (input: FieldReader) => T): Record<string, T> {
  const record: Record<string, T> = {};
  let last: string | undefined;
  for (let left = input.count(2); left > 0; left--) {
    const name = input.text();
    if (name === FORBIDDEN_NAME) throw input.corrupt(`the name ${name} is not allowed`);
    if (last !== undefined && name <= last) throw input.corrupt('names are out of order');
    last = name;
    record[name] = read(input);
  }
  return record;
}
