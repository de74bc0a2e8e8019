/**
 * What a declared type is: plain frozen data, from which codecs are compiled, JSON is checked, and the
 * canonical text of a type (its `typeId`) is made. Two descriptors with the same text have the same bytes.
 *
 * The builder `types` is in types.ts; only it makes descriptors, and it validates them.
 */
export type TypeNode = PrimitiveNode | OptionalNode | ArrayNode | MapNode | ObjectNode | UnionNode;

/** What every type may say of state that was stored before it was declared so. It says nothing of the bytes. */
interface Evolving {
  /** Stands for a value that stored state does not have. */
  readonly default?: { readonly value: unknown };
  /** What it was before, in a way that takes code to change. */
  readonly formers?: readonly FormerType[];
}

/** A type that stored values may have, and what makes a value of the present type of one of them. */
export interface FormerType {
  readonly type: TypeNode;
  readonly migrate: (value: never) => unknown;
}

export interface PrimitiveNode extends Evolving {
  readonly kind: PrimitiveKind;
}

/** undefined or a value. In an object the field may be absent. */
export interface OptionalNode extends Evolving {
  readonly kind: 'optional';
  readonly element: TypeNode;
}

export interface ArrayNode extends Evolving {
  readonly kind: 'array';
  readonly element: TypeNode;
}

/** A Map. */
export interface MapNode extends Evolving {
  readonly kind: 'map';
  readonly key: TypeNode;
  readonly value: TypeNode;
}

/** Fields in declared order. `strict`: input with a field that is not named is refused, not ignored. */
export interface ObjectNode extends Evolving {
  readonly kind: 'object';
  readonly fields: readonly FieldNode[];
  readonly strict: boolean;
  /** By field: the names that it had in stored state, the newest first. */
  readonly renamed?: Readonly<Record<string, readonly string[]>>;
}

/** An object whose string field `tag` names its variant. */
export interface UnionNode extends Evolving {
  readonly kind: 'union';
  readonly tag: string;
  readonly variants: readonly VariantNode[];
}

export type PrimitiveKind =
  | 'int32'
  | 'float64'
  | 'string'
  | 'boolean'
  /** Milliseconds since the epoch; read from JSON as a number or ISO 8601 text. */
  | 'timestamp'
  | 'bigint'
  /** A Uint8Array. */
  | 'bytes'
  /** Always undefined; zero bytes. */
  | 'void'
  /** Undeclared: anything msgpackr can carry (structured clone values without functions). */
  | 'dynamic';

export const PRIMITIVE_KINDS: ReadonlySet<string> = new Set<PrimitiveKind>([
  'int32',
  'float64',
  'string',
  'boolean',
  'timestamp',
  'bigint',
  'bytes',
  'void',
  'dynamic',
]);

export interface FieldNode {
  readonly name: string;
  readonly type: TypeNode;
}

export interface VariantNode {
  readonly name: string;
  /** The tag field is not among its fields. */
  readonly type: ObjectNode;
}

declare const valueType: unique symbol;

/** Knows, at compile time only, the TypeScript type of the values. */
export interface ValuesOf<T> {
  readonly [valueType]?: () => T;
}

/** A {@link TypeNode} that knows, at compile time, the TypeScript type of its values. */
export type TypeDescriptor<T> = TypeNode & ValuesOf<T>;

/** The TypeScript type of the values of a descriptor: `type Flight = Infer<typeof flight>`. */
export type Infer<D> = D extends ValuesOf<infer T> ? T : never;

/** The canonical text of a type, for example `{time:timestamp,delay:int32,origin:string}`. */
export function typeId(type: TypeNode): string {
  switch (type.kind) {
    case 'optional':
      return `${typeId(type.element)}?`;
    case 'array':
      return `[${typeId(type.element)}]`;
    case 'map':
      return `map<${typeId(type.key)},${typeId(type.value)}>`;
    case 'object':
      return `{${type.fields.map((field) => `${quoteName(field.name)}:${typeId(field.type)}`).join(',')}}`;
    case 'union':
      return `union(${quoteName(type.tag)})<${type.variants
        .map((variant) => `${quoteName(variant.name)}:${typeId(variant.type)}`)
        .join('|')}>`;
    default:
      return type.kind;
  }
}

function quoteName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
