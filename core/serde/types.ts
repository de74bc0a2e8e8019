import { MillraceError } from '../base/millrace-error.js';
import { checkDefault } from './type-default.js';
import type {
  FieldNode,
  FormerType,
  Infer,
  ObjectNode,
  OptionalNode,
  PrimitiveKind,
  TypeDescriptor,
  TypeNode,
  ValuesOf,
  VariantNode,
} from './type-descriptor.js';
import { checkField, checkMigration, checkNode, checkRenamed, checkVariant } from './type-validation.js';

type Fields = Readonly<Record<string, TypeNode>>;
type Variants = Readonly<Record<string, ObjectNode>>;

type OptionalNames<F> = { [K in keyof F]: F[K] extends OptionalNode ? K : never }[keyof F];

/** One flat object type, for readable tooltips. */
type Flat<T> = { [K in keyof T]: T[K] };

type ObjectOf<F> = Flat<
  { -readonly [K in Exclude<keyof F, OptionalNames<F>>]: Infer<F[K]> } & {
    -readonly [K in OptionalNames<F>]?: Infer<F[K]>;
  }
>;

type UnionOf<Tag extends string, V> = {
  [K in keyof V]: Flat<{ [T in Tag]: K } & Infer<V[K]>>;
}[keyof V];

export type OptionalDescriptor<T> = OptionalNode & ValuesOf<T | undefined>;
export type ObjectDescriptor<T> = ObjectNode & ValuesOf<T>;

export interface ObjectTypeOptions {
  /** Input with a field that is not declared is refused with MR2002 instead of ignored. Default false. */
  readonly strict?: boolean;
  /**
   * By field: the name, or the names, that it had before. State that was stored under one of them is found by it
   * when a job is restored; input is not.
   */
  readonly renamed?: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * Declares the types of records and state. A declared type is checked at the door, travels by a compiled
 * codec (some times faster than an undeclared one), and is compared when state is restored.
 *
 * @throws MillraceError MR2001 where a declaration makes no sense, naming the field
 * @example
 * ```ts
 * const flight = types.object({
 *   time: types.timestamp,
 *   delay: types.int32,
 *   origin: types.string,
 *   gate: types.optional(types.string),
 * });
 * type Flight = Infer<typeof flight>; // { time: number; delay: number; origin: string; gate?: string }
 * ```
 */
export const types = {
  /** An integer in [-2^31, 2^31). */
  int32: primitive<number>('int32'),
  /** Any JavaScript number. */
  float64: primitive<number>('float64'),
  /** The same as `float64`. */
  number: primitive<number>('float64'),
  /** Any JavaScript string, lone surrogates included. */
  string: primitive<string>('string'),
  boolean: primitive<boolean>('boolean'),
  /** Milliseconds since the epoch; JSON may hold a number or an ISO 8601 text (UTC if no zone is given). */
  timestamp: primitive<number>('timestamp'),
  /** An integer of any size; in JSON a text of digits or a safe integer. */
  bigint: primitive<bigint>('bigint'),
  /** A Uint8Array; in JSON base64. */
  bytes: primitive<Uint8Array>('bytes'),
  /** Always undefined. */
  void: primitive<undefined>('void'),

  /** Undeclared: whatever structured clone carries, without functions and errors. */
  dynamic<T = unknown>(): TypeDescriptor<T> {
    return primitive<T>('dynamic');
  },

  /** A value or undefined. As a field of an object it may be absent; null in JSON is undefined. */
  optional<T>(element: TypeDescriptor<T>): OptionalDescriptor<T> {
    const node: OptionalNode = { kind: 'optional', element };
    checkNode(node);
    return Object.freeze(node);
  },

  /** An object with these fields, in this order. Other fields of a value do not travel. */
  object<const F extends Fields>(fields: F, options: ObjectTypeOptions = {}): ObjectDescriptor<ObjectOf<F>> {
    if (typeof fields !== 'object' || fields === null) {
      throw new MillraceError('MR2001', 'types.object takes an object of field names and types.', {
        hint: 'types.object({ id: types.int32, name: types.string })',
      });
    }
    const nodes: FieldNode[] = [];
    for (const [name, type] of Object.entries(fields)) {
      checkField(name, type);
      nodes.push(Object.freeze({ name, type }));
    }
    const node: ObjectNode = {
      kind: 'object',
      fields: Object.freeze(nodes),
      strict: options.strict === true,
    };
    if (options.renamed === undefined) return Object.freeze(node);
    const renamed = Object.entries(options.renamed).map(([name, former]) => [
      name,
      Object.freeze(typeof former === 'string' ? [former] : [...former]),
    ]);
    const evolving: ObjectNode = { ...node, renamed: Object.freeze(Object.fromEntries(renamed)) };
    checkRenamed(evolving);
    return Object.freeze(evolving);
  },

  /**
   * The same type, for a field that older state does not have: when a job is restored, the field has this value
   * there. Also where the stored field was optional, and absent. Input is not filled in.
   *
   * @throws MillraceError MR2001 if the value is not of the type, or the type is optional
   * @example
   * ```ts
   * const visit = types.object({
   *   count: types.int32,
   *   country: types.withDefault(types.string, 'unknown'),
   * });
   * ```
   */
  withDefault<T>(type: TypeDescriptor<T>, value: NoInfer<T>): TypeDescriptor<T> {
    checkDefault(type, value);
    return Object.freeze({ ...type, default: Object.freeze({ value }) });
  },

  /**
   * The same type, of which older state has values of the type `from`: when a job is restored, `migrate` makes values
   * of the present type of them. For what no default and no new name can say; what Flink's serializer snapshots are
   * for. The type `from` may have migrations of its own, so a state goes through all its versions in turn.
   *
   * @throws MillraceError MR2001 if `migrate` is no function, or the types have the same fields of the same types
   * @example
   * ```ts
   * const named = types.object({ name: types.string });
   * const person = types.withMigration(
   *   types.object({ first: types.string, last: types.string }),
   *   named,
   *   ({ name }) => ({ first: name.split(' ')[0] ?? '', last: name.split(' ')[1] ?? '' }),
   * );
   * ```
   */
  withMigration<T, F>(
    type: TypeDescriptor<T>,
    from: TypeDescriptor<F>,
    migrate: (value: F) => NoInfer<T>,
  ): TypeDescriptor<T> {
    checkMigration(type, from, migrate);
    const former: FormerType = Object.freeze({ type: from, migrate });
    return Object.freeze({ ...type, formers: Object.freeze([...(type.formers ?? []), former]) });
  },

  array<T>(element: TypeDescriptor<T>): TypeDescriptor<T[]> {
    const node: TypeNode = { kind: 'array', element };
    checkNode(node);
    return Object.freeze(node);
  },

  /** A Map. In JSON an object where the keys are strings, else an array of pairs. */
  map<K, V>(key: TypeDescriptor<K>, value: TypeDescriptor<V>): TypeDescriptor<Map<K, V>> {
    const node: TypeNode = { kind: 'map', key, value };
    checkNode(node);
    return Object.freeze(node);
  },

  /**
   * One of several objects, told apart by the text in the field `tag`.
   *
   * @example
   * ```ts
   * const shape = types.union('kind', {
   *   circle: types.object({ radius: types.float64 }),
   *   square: types.object({ side: types.float64 }),
   * });
   * // { kind: 'circle'; radius: number } | { kind: 'square'; side: number }
   * ```
   */
  union<const Tag extends string, const V extends Variants>(
    tag: Tag,
    variants: V,
  ): TypeDescriptor<UnionOf<Tag, V>> {
    const nodes: VariantNode[] = [];
    for (const [name, type] of Object.entries(variants)) {
      checkVariant(tag, name, type);
      nodes.push(Object.freeze({ name, type }));
    }
    const node: TypeNode = { kind: 'union', tag, variants: Object.freeze(nodes) };
    checkNode(node);
    return Object.freeze(node);
  },
} as const;

function primitive<T>(kind: PrimitiveKind): TypeDescriptor<T> {
  return Object.freeze({ kind });
}
