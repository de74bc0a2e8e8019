import { MillraceError } from '../base/millrace-error.js';
import { presenceBytes } from './record-layout.js';
import { type ObjectNode, PRIMITIVE_KINDS, type TypeNode, typeId } from './type-descriptor.js';

/** Deeper declarations are refused: codecs recurse. */
const DEPTH_MAX = 64;

/** Equal by value in a Map, so that what is decoded finds what was encoded. */
const MAP_KEYS: ReadonlySet<string> = new Set([
  'int32',
  'float64',
  'string',
  'boolean',
  'timestamp',
  'bigint',
]);

/** @throws MillraceError MR2001 unless a value of the one type can be told from one of the other */
export function checkMigration(type: TypeNode, from: TypeNode, migrate: unknown): void {
  checkNode(type);
  checkNode(from);
  if (typeof migrate !== 'function') {
    throw new MillraceError('MR2001', 'types.withMigration takes a function as its third argument.', {
      hint: 'types.withMigration(present, former, (value) => ...)',
    });
  }
  if (typeId(type) !== typeId(from)) return;
  throw new MillraceError(
    'MR2001',
    `types.withMigration is given two types that are the same: ${typeId(type)}.`,
    {
      why: 'Which of them a stored value has cannot be told.',
      hint: 'Give a field whose meaning has changed another name.',
    },
  );
}

/**
 * Checks a whole descriptor, wherever it came from. Code is generated only from what has passed here: every
 * name is a string, none can reach a prototype, and nothing nests without end.
 *
 * @throws MillraceError MR2001 naming the field
 */
export function validateType(type: unknown, path = 'the type', depth = 0): asserts type is TypeNode {
  if (depth > DEPTH_MAX) refuse(path, `nests deeper than ${DEPTH_MAX} levels`);
  checkNode(type, path);
  switch (type.kind) {
    case 'optional':
    case 'array':
      return validateType(type.element, `${path}, its element`, depth + 1);
    case 'map':
      return validateType(type.value, `${path}, its values`, depth + 1);
    case 'object':
      for (const field of type.fields) {
        checkField(field.name, field.type);
        validateType(field.type, `field '${field.name}'`, depth + 1);
      }
      checkRenamed(type);
      return checkUnique(
        path,
        type.fields.map((field) => field.name),
      );
    case 'union':
      for (const variant of type.variants) {
        checkVariant(type.tag, variant.name, variant.type);
        validateType(variant.type, `variant '${variant.name}'`, depth + 1);
      }
      return checkUnique(
        path,
        type.variants.map((variant) => variant.name),
      );
    default:
      return;
  }
}

/** Checks one node and the kinds of its direct parts. @throws MillraceError MR2001 */
export function checkNode(type: unknown, path = 'the type'): asserts type is TypeNode {
  checkKind(type, path);
  switch (type.kind) {
    case 'optional':
      checkKind(type.element, path);
      if (type.element.kind === 'optional') refuse(path, 'is optional twice');
      if (type.element.kind === 'void') refuse(path, 'is an optional void, which says nothing');
      return;
    case 'array':
      checkKind(type.element, path);
      if (leastBytes(type.element) === 0) refuse(path, 'is an array of elements that take no bytes');
      return;
    case 'map':
      checkKind(type.key, path);
      checkKind(type.value, path);
      if (!MAP_KEYS.has(type.key.kind)) {
        refuse(
          path,
          `is a map with keys of kind ${type.key.kind}`,
          `Keys may be ${[...MAP_KEYS].join(', ')}.`,
        );
      }
      return;
    case 'object':
      if (!Array.isArray(type.fields)) refuse(path, 'is an object without a list of fields');
      return;
    case 'union':
      checkName('The tag of a union', type.tag);
      if (!Array.isArray(type.variants) || type.variants.length === 0) {
        refuse(path, 'is a union without variants');
      }
      return;
    default:
      return;
  }
}

export function checkField(name: unknown, type: unknown): asserts type is TypeNode {
  checkName('A field name', name);
  checkKind(type, `field '${name}'`);
}

/** @throws MillraceError MR2001 if it could not be told which stored field is meant */
export function checkRenamed({ fields, renamed = {} }: ObjectNode): void {
  const declared = new Set(fields.map(({ name }) => name));
  const taken = new Set<string>();
  for (const [name, formers] of Object.entries(renamed)) {
    if (!declared.has(name)) refuse(`field '${name}'`, 'has former names, and is no field of its object');
    if (!Array.isArray(formers)) refuse(`field '${name}'`, 'has former names that are no list');
    for (const former of formers) {
      checkName(`A former name of field '${name}'`, former);
      if (declared.has(former)) {
        refuse(
          `field '${name}'`,
          `was called '${former}', which is a field of the same object`,
          'Take the name out of `renamed` once no state is restored that has it.',
        );
      }
      if (taken.has(former)) refuse(`field '${name}'`, `was called '${former}', as another field was`);
      taken.add(former);
    }
  }
}

export function checkVariant(tag: unknown, name: unknown, type: unknown): asserts type is ObjectNode {
  checkName('The name of a variant', name);
  checkKind(type, `variant '${name}'`);
  if (type.kind !== 'object') {
    refuse(`variant '${name}'`, `is of kind ${type.kind}`, 'Variants are made by types.object({ ... }).');
  }
  if (type.fields.some((field) => field.name === tag)) {
    refuse(
      `variant '${name}'`,
      `declares the tag '${String(tag)}' as a field`,
      'The union adds the tag itself.',
    );
  }
}

/** Fewest bytes that a value of the type can take; bounds the count of an array before it is believed. */
export function leastBytes(type: TypeNode): number {
  switch (type.kind) {
    case 'void':
      return 0;
    case 'object': {
      let optional = 0;
      let required = 0;
      for (const field of type.fields) {
        if (field.type.kind === 'optional') optional++;
        else required += leastBytes(field.type);
      }
      return presenceBytes(optional) + required;
    }
    default:
      return 1;
  }
}

function checkKind(type: unknown, path: string): asserts type is TypeNode {
  if (typeof type !== 'object' || type === null || !('kind' in type)) {
    const seen =
      typeof type === 'function' ? 'a function' : type === null ? 'null' : `a value of type ${typeof type}`;
    refuse(path, `is no type but ${seen}`, 'Types are made by types.string, types.array(...) and so on.');
  }
  const kind = type.kind;
  if (typeof kind === 'string' && (PRIMITIVE_KINDS.has(kind) || COMPOSITES.has(kind))) return;
  refuse(path, `is of the unknown kind ${String(kind)}`);
}

const COMPOSITES: ReadonlySet<string> = new Set(['optional', 'array', 'map', 'object', 'union']);

function checkName(what: string, name: unknown): asserts name is string {
  if (typeof name !== 'string') throw new MillraceError('MR2001', `${what} is no text but ${typeof name}.`);
  if (name === '__proto__') {
    throw new MillraceError('MR2001', `${what} is '__proto__', which would replace the prototype.`, {
      hint: 'Give it another name, and rename it where the data comes in.',
    });
  }
}

function checkUnique(path: string, names: readonly string[]): void {
  if (new Set(names).size !== names.length) refuse(path, 'names something twice');
}

function refuse(path: string, why: string, hint?: string): never {
  throw new MillraceError('MR2001', `Invalid type: ${path} ${why}.`, hint === undefined ? {} : { hint });
}
