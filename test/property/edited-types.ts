import fc from 'fast-check';
import type { FieldNode, ObjectNode, TypeDescriptor, TypeNode } from '../../core/serde/type-descriptor.js';
import { validateType } from '../../core/serde/type-validation.js';
import { types } from '../../core/serde/types.js';

/** A type as somebody has changed it, and what its values are then. */
export interface EditedType {
  readonly declared: TypeNode;
  expected(value: unknown): unknown;
}

/** Which edits of objects are drawn. */
export interface Edits {
  /** Fields may go; what comes back under the name of one that went is not the same field. */
  readonly removes: boolean;
}

/** Draws an edit of each part of the type, none as often as some. What is declared then is a type. */
export function editedType(type: TypeNode, edits: Edits): fc.Arbitrary<EditedType> {
  return edited(type, edits).filter(({ declared }) => {
    try {
      validateType(declared);
      return true;
    } catch {
      // An array of objects that have lost all that takes bytes, for example.
      return false;
    }
  });
}

function edited(type: TypeNode, edits: Edits): fc.Arbitrary<EditedType> {
  const within = inside(type, edits).map((edit) => withDefaultOf(type, edit));
  // Who makes a field optional takes back what it was where there was none.
  if (type.kind === 'optional' || type.kind === 'void' || type.default !== undefined) return within;
  return fc.oneof({ weight: 5, arbitrary: within }, { weight: 1, arbitrary: within.map(optional) });
}

function inside(type: TypeNode, edits: Edits): fc.Arbitrary<EditedType> {
  switch (type.kind) {
    case 'int32':
      return fc.constantFrom(
        kept(type),
        { declared: types.float64, expected: same },
        { declared: types.bigint, expected: (value: unknown) => BigInt(value as number) },
      );
    case 'timestamp':
      return fc.constantFrom(kept(type), { declared: types.float64, expected: same });
    case 'optional':
      return inside(type.element, edits).map(optional);
    case 'array':
      return edited(type.element, edits).map(({ declared, expected }) => ({
        declared: { kind: 'array', element: declared },
        expected: (value) => (value as unknown[]).map(expected),
      }));
    case 'map':
      return fc.tuple(inside(type.key, edits), edited(type.value, edits)).map(([key, value]) => ({
        declared: { kind: 'map', key: key.declared, value: value.declared },
        expected: (map) =>
          new Map([...(map as Map<unknown, unknown>)].map(([k, v]) => [key.expected(k), value.expected(v)])),
      }));
    case 'object':
      return editedObject(type, edits);
    case 'union':
      return editedUnion(type, edits);
    default:
      return fc.constant(kept(type));
  }
}

/** Who changes the type of a field goes on saying what it was where there was none. */
function withDefaultOf(type: TypeNode, { declared, expected }: EditedType): EditedType {
  if (type.default === undefined) return { declared, expected };
  return { declared: { ...declared, default: { value: expected(type.default.value) } }, expected };
}

function kept(declared: TypeNode): EditedType {
  return { declared, expected: same };
}

function same(value: unknown): unknown {
  return value;
}

function optional({ declared: { default: _, ...declared }, expected }: EditedType): EditedType {
  return {
    declared: { kind: 'optional', element: declared as TypeNode },
    expected: (value) => (value === undefined ? undefined : expected(value)),
  };
}

type Fields = Readonly<Record<string, unknown>>;

interface EditedField {
  readonly field: FieldNode;
  /** The names that it had, the newest first; none for a new field. */
  readonly formers: readonly string[];
  expected(stored: Fields): unknown;
}

function editedObject(type: ObjectNode, edits: Edits): fc.Arbitrary<EditedType> {
  const known = new Set([
    ...type.fields.map(({ name }) => name),
    ...Object.values(type.renamed ?? {}).flat(),
  ]);
  let number = 0;
  const freshName = (): string => {
    for (;;) {
      const name = `field ${number++}`;
      if (!known.has(name)) return name;
    }
  };
  const fields = type.fields.map((field) => {
    const newName = freshName();
    const formers = Object.hasOwn(type.renamed ?? {}, field.name) ? (type.renamed?.[field.name] ?? []) : [];
    return fc
      .tuple(edited(field.type, edits), fc.constantFrom('stays', 'stays', 'stays', 'renamed', 'goes'))
      .map(([edit, fate]): readonly EditedField[] => {
        const expected = (stored: Fields) => edit.expected(stored[field.name]);
        if (fate === 'goes' && edits.removes) return [];
        if (fate === 'renamed')
          return [
            { field: { name: newName, type: edit.declared }, formers: [field.name, ...formers], expected },
          ];
        return [{ field: { name: field.name, type: edit.declared }, formers, expected }];
      });
  });
  const added = fc.constantFrom(
    ...[
      types.optional(types.string) as TypeNode,
      types.void as TypeNode,
      types.withDefault(types.int32, 7) as TypeNode,
      types.withDefault(types.array(types.string), ['a']) as TypeNode,
    ].map((declared): readonly EditedField[] => [
      {
        field: { name: freshName(), type: declared },
        formers: [],
        expected: () => declared.default?.value,
      },
    ]),
    [],
    [],
  );
  return fc
    .tuple(fc.tuple(...fields, added), fc.boolean(), fc.nat())
    .map(([parts, moves, seed]) => objectOf(type, moves ? moved(parts.flat(), seed) : parts.flat()));
}

/** In another order. */
function moved(fields: readonly EditedField[], seed: number): readonly EditedField[] {
  const at = fields.length === 0 ? 0 : seed % fields.length;
  return [...fields.slice(at), ...fields.slice(0, at)];
}

function objectOf(type: ObjectNode, fields: readonly EditedField[]): EditedType {
  const renamed = fields.filter(({ formers }) => formers.length > 0);
  const declared: ObjectNode = {
    ...type,
    fields: fields.map(({ field }) => field),
    renamed: Object.fromEntries(renamed.map(({ field, formers }) => [field.name, formers])),
  };
  return {
    declared,
    expected: (value) =>
      Object.fromEntries(fields.map(({ field, expected }) => [field.name, expected(value as Fields)])),
  };
}

function editedUnion(type: TypeNode & { kind: 'union' }, edits: Edits): fc.Arbitrary<EditedType> {
  const { tag } = type;
  const variants = type.variants.map((variant) =>
    editedObject(variant.type, edits).map((edit) => ({ name: variant.name, edit })),
  );
  const names = new Set(type.variants.map(({ name }) => name));
  const newName = names.has('new') ? [...names].join('+') : 'new';
  return fc.tuple(fc.tuple(...variants), fc.constantFrom('first', 'last', 'none')).map(([edited, where]) => {
    const own = edited.map(({ name, edit }) => ({ name, type: edit.declared as ObjectNode }));
    const fresh = names.has(newName) ? [] : [{ name: newName, type: types.object({}) as ObjectNode }];
    return {
      declared: {
        ...type,
        variants: where === 'none' ? own : where === 'first' ? [...fresh, ...own] : [...own, ...fresh],
      },
      expected: (value) => {
        const fields = value as Fields;
        const variant = edited.find(({ name }) => name === fields[tag]);
        return { ...(variant?.edit.expected(fields) as object), [tag]: fields[tag] };
      },
    };
  });
}

export function asDescriptor(type: TypeNode): TypeDescriptor<unknown> {
  return type as TypeDescriptor<unknown>;
}
