import fc from 'fast-check';
import type { TypeDescriptor, TypeNode } from '../../core/serde/type-descriptor.js';
import { types } from '../../core/serde/types.js';

/** A type, and values of it. */
export interface TypedValues {
  readonly type: TypeDescriptor<unknown>;
  readonly value: fc.Arbitrary<unknown>;
}

const texts = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ minLength: 20, maxLength: 70 }),
  fc.string({ unit: fc.constantFrom('a', '\u007f', '\u0080', 'é', '€', '😀'), maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('x', '\ud83d', '\ude00', 'ÿ'), maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('x', 'y'), minLength: 8_000, maxLength: 9_000 }),
);
const bigints = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }),
  fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
);
/** Names that trip up code which is careless with them. */
const names = fc
  .oneof(
    fc.constantFrom(
      'a',
      'b',
      'value',
      'constructor',
      'toString',
      'a b',
      '"',
      "'",
      '\\',
      '`$`',
      '\n',
      '\u2028',
      '0',
      '',
      'é',
      'this',
      'out',
      'p',
    ),
    fc.string({ maxLength: 5 }),
  )
  .filter((name) => name !== '__proto__' && name !== 'kind');

const primitives: readonly TypedValues[] = [
  { type: types.int32, value: fc.integer() },
  { type: types.float64, value: fc.double() },
  { type: types.timestamp, value: fc.integer({ min: -8e12, max: 8e12 }) },
  { type: types.string, value: texts },
  { type: types.boolean, value: fc.boolean() },
  { type: types.bigint, value: bigints },
  { type: types.bytes, value: fc.uint8Array({ maxLength: 300 }) },
] as readonly TypedValues[];

const keyable = primitives.slice(0, 6);

const primitive: fc.Arbitrary<TypedValues> = fc.constantFrom(...primitives);
const ofVoid: TypedValues = { type: types.void as TypeDescriptor<unknown>, value: fc.constant(undefined) };

export const typedValues: fc.Arbitrary<TypedValues> = fc.letrec<{ type: TypedValues; object: TypedValues }>(
  (tie) => ({
    type: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      primitive,
      tie('object'),
      tie('type').filter(takesBytes).map(arrayOf),
      fc.tuple(fc.constantFrom(...keyable), tie('type')).map(([key, value]) => mapOf(key, value)),
      tie('type').filter(isRequired).map(optionalOf),
      fc.array(fc.tuple(names, tie('object')), { minLength: 1, maxLength: 3 }).map(unionOf),
    ),
    object: fc
      .array(fc.tuple(names, fc.oneof(tie('type'), fc.constant(ofVoid))), { maxLength: 11 })
      .map(objectOf),
  }),
).type;

function isRequired(typed: TypedValues): boolean {
  return typed.type.kind !== 'optional' && typed.type.kind !== 'void';
}

function takesBytes(typed: TypedValues): boolean {
  return (
    typed.type.kind !== 'object' ||
    typed.type.fields.some((field) => field.type.kind !== 'void' && field.type.kind !== 'object')
  );
}

function arrayOf(element: TypedValues): TypedValues {
  return {
    type: types.array(element.type) as TypeDescriptor<unknown>,
    value: fc.array(element.value, { maxLength: 5 }),
  };
}

function mapOf(key: TypedValues, value: TypedValues): TypedValues {
  return {
    type: types.map(key.type, value.type) as TypeDescriptor<unknown>,
    value: fc.array(fc.tuple(key.value, value.value), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  };
}

function optionalOf(element: TypedValues): TypedValues {
  return {
    type: types.optional(element.type) as TypeDescriptor<unknown>,
    value: fc.option(element.value, { nil: undefined }),
  };
}

function objectOf(fields: readonly (readonly [string, TypedValues])[]): TypedValues {
  const declared: [string, TypeNode][] = [];
  const values: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, typed] of fields) {
    if (Object.hasOwn(values, name)) continue;
    declared.push([name, typed.type]);
    values[name] = typed.value;
  }
  return {
    type: types.object(Object.fromEntries(declared)) as unknown as TypeDescriptor<unknown>,
    value: fc.record(values, { noNullPrototype: true }) as fc.Arbitrary<unknown>,
  };
}

function unionOf(variants: readonly (readonly [string, TypedValues])[]): TypedValues {
  const declared = new Map(variants);
  return {
    type: types.union(
      'kind',
      Object.fromEntries([...declared].map(([name, typed]) => [name, typed.type])) as never,
    ) as unknown as TypeDescriptor<unknown>,
    value: fc.oneof(
      ...[...declared].map(([name, typed]) =>
        typed.value.map((fields) => ({ kind: name, ...(fields as object) })),
      ),
    ),
  };
}

/** A type together with one value of it. */
export const typedValue: fc.Arbitrary<readonly [TypeDescriptor<unknown>, unknown]> = typedValues.chain(
  (typed) => typed.value.map((value) => [typed.type, value] as const),
);

/** A type together with several values of it. */
export const typedValueList: fc.Arbitrary<readonly [TypeDescriptor<unknown>, unknown[]]> = typedValues.chain(
  (typed) => fc.array(typed.value, { maxLength: 8 }).map((values) => [typed.type, values] as const),
);
