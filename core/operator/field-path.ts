import { MillraceError } from '../base/millrace-error.js';
import { type FieldNode, type TypeDescriptor, type TypeNode, typeId } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';

/** Values that are taken whole: a path leads to them, and not into them. */
type Leaf =
  | string
  | number
  | boolean
  | bigint
  | symbol
  | null
  | undefined
  | Date
  | Uint8Array
  | readonly unknown[];

/** Depth to which the compiler looks. */
type Deeper = [never, 0, 1, 2, 3, 4];

type Fields<T> = Extract<keyof T, string>;

/**
 * Paths to the fields of T, with dots between the names, up to four names deep: for
 * `{ user: { id: number }; at: number }` they are `'user' | 'user.id' | 'at'`.
 */
export type FieldPath<T, Depth extends number = 4> = [Depth] extends [never]
  ? never
  : [T] extends [Leaf | ReadonlyMap<unknown, unknown>]
    ? never
    : { [F in Fields<T>]: F | `${F}.${FieldPath<NonNullable<T[F]>, Deeper[Depth]>}` }[Fields<T>];

/** The type of the field at a path; undefined is in it where some part of the path may be absent. */
export type FieldAt<T, P extends string> = P extends `${infer F}.${infer Rest}`
  ? F extends keyof NonNullable<T>
    ? FieldAt<NonNullable<T>[F], Rest> | AbsentIn<T>
    : never
  : P extends keyof NonNullable<T>
    ? NonNullable<T>[P] | AbsentIn<T>
    : never;

type AbsentIn<T> = undefined extends T ? undefined : null extends T ? undefined : never;

/** Paths to the fields whose values are of V. */
export type FieldPathTo<T, V> = {
  [P in FieldPath<T>]: FieldAt<T, P> extends V ? P : never;
}[FieldPath<T>];

/**
 * The names of a path, where records of the type have a field there or nothing is declared of it.
 *
 * @throws MillraceError MR1001 if it is no path, or the type has no such field
 */
export function parsePath(path: unknown, type: TypeNode, method: string): readonly string[] {
  const names = typeof path === 'string' ? path.split('.') : [];
  if (names.length === 0 || names.some((name) => name === '')) {
    throw new MillraceError('MR1001', `${method} was given the field ${JSON.stringify(path)}.`, {
      hint: "Give the names of fields with dots between them: 'user.id'.",
    });
  }
  let at: TypeNode | undefined = type;
  for (const name of names) {
    if (at.kind === 'optional') at = at.element;
    if (at.kind === 'dynamic' || at.kind === 'union') return names;
    const field: FieldNode | undefined =
      at.kind === 'object' ? at.fields.find((each) => each.name === name) : undefined;
    if (field === undefined) {
      throw new MillraceError('MR1001', `${method} was given the field '${path}', which the records lack.`, {
        why: `They are declared as ${typeId(type)}.`,
      });
    }
    at = field.type;
  }
  return names;
}

/** The value at the path; undefined where some part of it is absent. */
export function fieldAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (let i = 0; i < path.length; i++) {
    if (at === undefined || at === null) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[path[i] ?? ''];
  }
  return at;
}

/** Selects the field at a path. hot path: a field of the record itself is read without a loop. */
export function fieldSelector<T, K>(path: readonly string[]): (value: T) => K {
  const [name = '', ...deeper] = path;
  if (deeper.length === 0) return (value) => (value as Readonly<Record<string, K>>)[name] as K;
  return (value) => fieldAt(value, path) as K;
}

/** Copies the fields; those that a record lacks stay away. */
export function projection<T, F extends Extract<keyof T, string>>(
  fields: readonly F[],
): (value: T) => Pick<T, F> {
  return (value) => {
    const projected: Partial<Pick<T, F>> = {};
    for (const field of fields) if (value[field] !== undefined) projected[field] = value[field];
    return projected as Pick<T, F>;
  };
}

/**
 * The type of records with these fields only; undefined where nothing is declared of some.
 *
 * @throws MillraceError MR1001 for a field that declared records lack
 */
export function projectedType(
  type: TypeNode,
  fields: readonly string[],
): TypeDescriptor<unknown> | undefined {
  const declared: Record<string, TypeDescriptor<unknown>> = {};
  for (const field of fields) {
    const fieldType = typeAt(type, parsePath(field, type, 'project'));
    if (fieldType !== undefined) declared[field] = fieldType;
  }
  const isDeclared = fields.length > 0 && Object.keys(declared).length === new Set(fields).size;
  return isDeclared ? types.object(declared) : undefined;
}

/** A copy of the value with another field at the path; all else is shared. */
export function withFieldAt(value: unknown, path: readonly string[], field: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return field;
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  return { ...fields, [name]: withFieldAt(fields[name], rest, field) };
}

/** The declared type of a field, or undefined where nothing is declared of it. */
export function typeAt(type: TypeNode, path: readonly string[]): TypeDescriptor<unknown> | undefined {
  let at: TypeNode | undefined = type;
  let isOptional = false;
  for (const name of path) {
    if (at?.kind === 'optional') {
      isOptional = true;
      at = at.element;
    }
    if (at?.kind !== 'object') return undefined;
    at = at.fields.find((field) => field.name === name)?.type;
  }
  if (at === undefined) return undefined;
  return isOptional && at.kind !== 'optional' ? types.optional(at) : at;
}
