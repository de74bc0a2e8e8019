import { MillraceError } from '../base/millrace-error.js';
import { pathTo } from './interpreted-codec.js';
import { checkValue } from './type-default.js';
import {
  type ArrayNode,
  type FieldNode,
  type FormerType,
  type MapNode,
  type ObjectNode,
  type TypeNode,
  typeId,
  type UnionNode,
  type VariantNode,
} from './type-descriptor.js';

/** Makes a value of the declared type of one of the stored type. */
export type Conversion = (value: unknown) => unknown;

/** What becomes of stored values when their type is declared in another way. */
export type TypeEvolution =
  /** The same bytes mean the same values. */
  | { readonly kind: 'as-is' }
  /** Each is decoded by the stored type, converted, and encoded by the declared one. */
  | { readonly kind: 'migrate'; readonly convert: Conversion }
  | ({ readonly kind: 'refuse' } & TypeRefusal);

/** Where two types differ in a way that nothing can be made of. */
export interface TypeRefusal {
  /** Of the field, for example `order.lines[].price`; empty: the value itself. */
  readonly path: string;
  /** The texts of the types there; of a field that one of them does not have, `nothing`. */
  readonly stored: string;
  readonly declared: string;
  readonly hint: string;
}

/**
 * Decides what becomes of stored values. The whole table; it applies at each place of a type, the first row that
 * fits:
 *
 * ```
 *   stored            declared                  values
 *   T                 T                         as they are
 *   T                 U with a migration of T   what that makes of them, and of what can become a T
 *   dynamic           anything                  have to be of the declared type, each for itself
 *   anything          dynamic                   as they are
 *   T?                U?                        as T and U; what is absent stays so
 *   T?                U with a default          as T and U; what is absent becomes the default
 *   void              U?, U with a default      absent; the default
 *   T                 U?                        as T and U
 *   int32             float64, bigint           the same number
 *   timestamp         float64                   the same number
 *   [T]               [U]                       each as T and U
 *   map<K,V>          map<L,W>                  keys as K and L, which gives no two the same; values as V and W
 *   {...}             {...}                     by name, or the name that a field had before, in any order
 *   union(t)<...>     union(t)<...>             variants by name; all that were stored have to be declared
 *   anything          anything else             refused
 *
 *   stored object     declared object
 *   field             -                         goes
 *   -                 optional, void            absent
 *   -                 with a default            the default
 *   -                 any other field           refused
 * ```
 *
 * Where the rows above change no byte (names, new variants after all others, a timestamp that becomes a number),
 * the values are left as they are.
 */
export function typeEvolution(stored: TypeNode, declared: TypeNode): TypeEvolution {
  const change = changeOf(stored, declared, '');
  if ('path' in change) return { kind: 'refuse', ...change };
  if (change.sameBytes) return { kind: 'as-is' };
  return { kind: 'migrate', convert: change.convert ?? ((value) => value) };
}

/** Values pass through without `convert`. `sameBytes`: and so do their bytes. */
interface Change {
  readonly sameBytes: boolean;
  readonly convert: Conversion | undefined;
}

const UNCHANGED: Change = { sameBytes: true, convert: undefined };
const SAME_VALUES: Change = { sameBytes: false, convert: undefined };

function changeOf(stored: TypeNode, declared: TypeNode, path: string): Change | TypeRefusal {
  if (typeId(stored) === typeId(declared)) return UNCHANGED;
  const migrated = exactFormer(stored, declared, path);
  if (migrated !== undefined) return { sameBytes: false, convert: migrated };
  const change = tableChange(stored, declared, path);
  if (!('path' in change)) return change;
  for (const { type, migrate } of declared.formers ?? []) {
    const before = changeOf(stored, type, path);
    if ('path' in before) continue;
    return { sameBytes: false, convert: inTurn(before.convert ?? same, migration(migrate, declared, path)) };
  }
  return change;
}

/** The way from a type that the declared one, or one of those before it, names as its former one. */
function exactFormer(stored: TypeNode, declared: TypeNode, path: string): Conversion | undefined {
  for (const { type, migrate } of declared.formers ?? []) {
    const last = migration(migrate, declared, path);
    if (typeId(stored) === typeId(type)) return last;
    const before = exactFormer(stored, type, path);
    if (before !== undefined) return inTurn(before, last);
  }
  return undefined;
}

function inTurn(first: Conversion, then: Conversion): Conversion {
  return (value) => then(first(value));
}

/** User code, which says where it was when it throws or gives what is not of the type. */
function migration(migrate: FormerType['migrate'], declared: TypeNode, path: string): Conversion {
  return (value) => {
    try {
      const migrated = migrate(value as never);
      checkValue(declared, migrated);
      return migrated;
    } catch (error) {
      const at = path === '' ? 'a stored value' : `the field '${path}' of a stored value`;
      throw new MillraceError('MR2103', `The migration of ${at} to ${typeId(declared)} failed.`, {
        why: error instanceof Error ? error.message : String(error),
        hint: 'Correct the function given to types.withMigration: it is called with each value of the former type.',
        cause: error,
      });
    }
  };
}

/** By the table of {@link typeEvolution}. */
function tableChange(stored: TypeNode, declared: TypeNode, path: string): Change | TypeRefusal {
  if (stored.kind === 'dynamic' || declared.kind === 'dynamic') return SAME_VALUES;
  if (stored.kind === 'optional' || stored.kind === 'void') return presenceChange(stored, declared, path);
  if (declared.kind === 'optional') return inOtherBytes(changeOf(stored, declared.element, path));
  if (stored.kind === 'array' && declared.kind === 'array') return arrayChange(stored, declared, path);
  if (stored.kind === 'map' && declared.kind === 'map') return mapChange(stored, declared, path);
  if (stored.kind === 'object' && declared.kind === 'object') return objectChange(stored, declared, path);
  if (stored.kind === 'union' && declared.kind === 'union') return unionChange(stored, declared, path);
  return WIDENED.get(`${stored.kind} to ${declared.kind}`) ?? refusal(stored, declared, path);
}

const WIDENED: ReadonlyMap<string, Change> = new Map([
  ['int32 to float64', SAME_VALUES],
  ['int32 to bigint', { sameBytes: false, convert: (value: unknown) => BigInt(value as number) }],
  ['timestamp to float64', UNCHANGED],
]);

function inOtherBytes(change: Change | TypeRefusal): Change | TypeRefusal {
  return 'path' in change ? change : { sameBytes: false, convert: change.convert };
}

/** Of values that may be undefined. */
function presenceChange(stored: TypeNode, declared: TypeNode, path: string): Change | TypeRefusal {
  const absent = absentValue(declared);
  if (absent === undefined) {
    return refusal(
      stored,
      declared,
      path,
      'Where it is absent there has to be a default: types.withDefault.',
    );
  }
  if (stored.kind !== 'optional') return { sameBytes: false, convert: () => absent.value };
  const bothOptional = declared.kind === 'optional';
  const change = changeOf(stored.element, bothOptional ? declared.element : declared, path);
  if ('path' in change) return change;
  const { convert, sameBytes } = change;
  if (bothOptional && convert === undefined) return { sameBytes, convert };
  return {
    sameBytes: false,
    convert: (value) => (value === undefined ? absent.value : convert === undefined ? value : convert(value)),
  };
}

/** What stands for a value that is not stored; undefined if nothing does. */
function absentValue(declared: TypeNode): { readonly value: unknown } | undefined {
  if (declared.kind === 'optional' || declared.kind === 'void') return { value: undefined };
  return declared.default;
}

function arrayChange(stored: ArrayNode, declared: ArrayNode, path: string): Change | TypeRefusal {
  const change = changeOf(stored.element, declared.element, `${path}[]`);
  if ('path' in change) return change;
  const { convert, sameBytes } = change;
  return { sameBytes, convert: convert && ((value) => (value as unknown[]).map((each) => convert(each))) };
}

/** A migration may make one key of two; {@link WIDENED} never does. */
function mapChange(stored: MapNode, declared: MapNode, path: string): Change | TypeRefusal {
  const keys = changeOf(stored.key, declared.key, `${path}[key]`);
  if ('path' in keys) return keys;
  const values = changeOf(stored.value, declared.value, `${path}[]`);
  if ('path' in values) return values;
  const sameBytes = keys.sameBytes && values.sameBytes;
  if (keys.convert === undefined && values.convert === undefined) return { sameBytes, convert: undefined };
  const convertKey = keys.convert ?? same;
  const convertValue = values.convert ?? same;
  return {
    sameBytes,
    convert: (value) => {
      const before = value as Map<unknown, unknown>;
      const after = new Map([...before].map(([k, v]) => [convertKey(k), convertValue(v)]));
      if (after.size === before.size) return after;
      throw new MillraceError(
        'MR2103',
        `The migration of the keys of a map makes two the same, at ${path}.`,
        {
          hint: 'Keep keys apart, or migrate the map as a whole and say what becomes of their values.',
        },
      );
    },
  };
}

function same(value: unknown): unknown {
  return value;
}

/** How a field of the declared object is made. */
interface FieldChange {
  readonly name: string;
  /** The stored field; undefined: it is absent. */
  readonly from: string | undefined;
  readonly convert: Conversion;
}

function objectChange(stored: ObjectNode, declared: ObjectNode, path: string): Change | TypeRefusal {
  const changes: FieldChange[] = [];
  let sameBytes = stored.fields.length === declared.fields.length;
  let sameValues = true;
  for (const [place, field] of declared.fields.entries()) {
    const fieldPath = pathTo(path, field.name);
    const found = storedField(stored, declared, field.name);
    if (found === 'ambiguous') return ambiguous(declared, field, fieldPath);
    const absent = absentValue(field.type);
    if (found === undefined) {
      if (absent === undefined) return missing(field, fieldPath);
      changes.push({ name: field.name, from: undefined, convert: () => absent.value });
      sameBytes = false;
      sameValues = false;
      continue;
    }
    const change = changeOf(found.type, field.type, fieldPath);
    if ('path' in change) return change;
    sameBytes &&= change.sameBytes && stored.fields[place] === found;
    sameValues &&= change.convert === undefined && found.name === field.name;
    changes.push({ name: field.name, from: found.name, convert: change.convert ?? same });
  }
  // What the declared object does not name is not encoded.
  if (sameValues) return { sameBytes, convert: undefined };
  return { sameBytes, convert: (value) => objectOf(changes, value as Readonly<Record<string, unknown>>) };
}

function objectOf(
  changes: readonly FieldChange[],
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const { name, from, convert } of changes) {
    made[name] = convert(from === undefined ? undefined : value[from]);
  }
  return made;
}

/** That of its name; otherwise that of the newest of its former names. Both, and nobody knows which is meant. */
function storedField(
  stored: ObjectNode,
  declared: ObjectNode,
  name: string,
): FieldNode | 'ambiguous' | undefined {
  const named = (wanted: string) => stored.fields.find((field) => field.name === wanted);
  const formers = Object.hasOwn(declared.renamed ?? {}, name) ? (declared.renamed?.[name] ?? []) : [];
  const found = [name, ...formers].map(named).filter((field) => field !== undefined);
  return found.length > 1 ? 'ambiguous' : found[0];
}

function unionChange(stored: UnionNode, declared: UnionNode, path: string): Change | TypeRefusal {
  if (stored.tag !== declared.tag) return refusal(stored, declared, path, 'Keep the name of the tag.');
  const converts = new Map<string, Conversion>();
  let sameBytes = true;
  let sameValues = true;
  for (const [place, variant] of stored.variants.entries()) {
    const found = declared.variants.findIndex(({ name }) => name === variant.name);
    const into = declared.variants[found];
    if (into === undefined) return goneVariant(variant, path);
    const change = changeOf(variant.type, into.type, pathTo(path, variant.name));
    if ('path' in change) return change;
    sameBytes &&= change.sameBytes && found === place;
    sameValues &&= change.convert === undefined;
    converts.set(variant.name, change.convert ?? same);
  }
  if (sameValues) return { sameBytes, convert: undefined };
  const { tag } = declared;
  return {
    sameBytes,
    convert: (value) => {
      const fields = value as Readonly<Record<string, unknown>>;
      const convert = converts.get(String(fields[tag])) ?? same;
      return { ...(convert(fields) as object), [tag]: fields[tag] };
    },
  };
}

function refusal(stored: TypeNode, declared: TypeNode, path: string, hint?: string): TypeRefusal {
  return {
    path,
    stored: typeId(stored),
    declared: typeId(declared),
    hint: hint ?? 'Nothing that is known makes the one of the other: declare the stored type.',
  };
}

function missing({ type }: FieldNode, path: string): TypeRefusal {
  return {
    path,
    stored: 'nothing',
    declared: typeId(type),
    hint: "Say what it was until now: types.withDefault(type, value) or types.optional(type), or, if it had another name, renamed: { newName: 'oldName' }.",
  };
}

function ambiguous(declared: ObjectNode, { name, type }: FieldNode, path: string): TypeRefusal {
  const formers = [name, ...(declared.renamed?.[name] ?? [])];
  return {
    path,
    stored: `one of ${formers.map((former) => `'${former}'`).join(', ')}`,
    declared: typeId(type),
    hint: 'More than one of them is stored: leave in `renamed` what is meant, or give the field a new name.',
  };
}

function goneVariant({ name, type }: VariantNode, path: string): TypeRefusal {
  return {
    path: pathTo(path, name),
    stored: typeId(type),
    declared: 'nothing',
    hint: 'Values of that variant may be stored: keep it declared.',
  };
}
